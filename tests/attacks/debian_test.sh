#!/bin/bash
# The sandbox's real work: a Debian root, assembled twice to the same bytes (by root, and by an ordinary
# user under the monitor), and one Debian package built in it three ways to the same bytes.
set -euo pipefail

launcher=$(readlink -f "$1")
[ "$(id -u)" = 0 ] || { echo "this test needs root" >&2; exit 1; }
user=54321
source=mxml
state=$(mktemp -d /tmp/debian_test_XXXXXX)
chmod 755 "$state"
trap 'rm -rf --one-file-system "$state"' EXIT
install -m 0755 "$launcher" "$state/farm-sandbox"
launcher=$state/farm-sandbox

# shellcheck source=tests/support/debian_root.sh
. "$(readlink -f "$2")"

echo "== packages"
fetch_packages "$state" --source="$source" build-essential fakeroot debhelper

as_root() { "$launcher" run --subids $debian_subids "$@"; }
as_user() { "$launcher" monitor --uid $user --gid $user --subids $debian_subids -- "$launcher" run "$@"; }
for who in as_root as_user; do
  echo "== assembling: $who"
  assemble_root "$state/repo" "$state/$who" $who
done
cmp "$state/as_root/root.tar" "$state/as_user/root.tar"

echo "== image"
unpack_root "$state/as_root/root.tar" "$state/roots" "$state/image"

build() { # NAME LAUNCHER-WORDS...
  echo "== building: $1"
  local folder=$state/build-$1
  shift
  mkdir "$folder"
  chown $user "$folder"
  build_package "$state/source/$source" "$folder" "$@"
}
build directory as_root --root-dir "$state/roots/root"
build image as_user --root-image "$state/image/root.erofs" --require-kernel-limits
chown -R $user:$user "$state/roots/root"
chmod 0755 "$state/roots"
rootless() { setpriv --reuid $user --regid $user --clear-groups "$launcher" run "$@"; }
build rootless rootless --root-dir "$state/roots/root"

echo "== the same bytes"
ls -l "$state/build-directory"
[ -n "$(ls "$state/build-directory")" ]
diff -r "$state/build-directory" "$state/build-image"
diff -r "$state/build-directory" "$state/build-rootless"
echo ok
