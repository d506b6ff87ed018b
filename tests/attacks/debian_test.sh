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
fetch_packages "$state" --source "$source" build-essential fakeroot debhelper

as_root() { "$launcher" run --subids $debian_subids "$@"; }
as_user() { "$launcher" monitor --uid $user --gid $user --subids $debian_subids -- "$launcher" run "$@"; }
for who in as_root as_user; do
  echo "== assembling: $who"
  assemble_root "$state/repo" "$state/$who" $who
done
cmp "$state/as_root/root.tar" "$state/as_user/root.tar"

echo "== image"
unpack_root "$state/as_root/root.tar" "$state/roots" "$state/image"

build() { # NAME WHO ROOT-WORDS...
  echo "== building: $1"
  local name=build-$1
  shift
  mkdir "$state/$name"
  chown $user "$state/$name"
  local words=()
  local dsc
  dsc=$(cd "$state/source" && echo *.dsc)
  for word in dpkg-source -x --no-check "$dsc" tree; do words+=(--prepare-word "$word"); done
  for package in $(sed -n '/^Package-List:/,/^Files:/s/^ \([^ ]*\) deb .*/\1/p' "$state/source/$dsc"); do
    local version=${dsc#*_}
    words+=(--output "/build/${package}_${version%.dsc}_amd64.deb")
  done
  input_words "$state/source" '' >"$state/words"
  exec 9<"$state/words"
  "$@" --args-fd 9 "${words[@]}" --cwd /build/tree --output-dir "$state/$name" \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env LC_ALL=C.UTF-8 --env TZ=UTC \
    --env HOME=/nonexistent --env DEB_BUILD_OPTIONS=parallel=1 -- \
    dpkg-buildpackage -us -uc -b >"$state/$name.log" 2>"$state/$name.result" ||
    { tail -n 20 "$state/$name.log" "$state/$name.result"; exit 1; }
  exec 9<&-
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
