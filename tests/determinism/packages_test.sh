#!/bin/bash
# Debian packages that are irreproducible by nature, with `--determinism full`: the same bytes whatever the day, the
# machine's load, its user ids and the number of jobs; of dns-root-data those that Debian itself published.
#   packages_test.sh LAUNCHER DEBIAN_ROOT_SH [--other-day DAYS]
# hello stores the year of its build, lsof the path (which every level fixes); dns-root-data looks at a certificate that
# has ended since.  The clock shown is that of the source's last change, years ago; so without a level hello has
# other bytes and dns-root-data has, or is not built.  That is asked for: a level that did nothing would be seen.
# The second build has another name, kind and user id of the host, load and two jobs.  With --other-day it is DAYS later:
# the machine's own clock is set, and set back.
# Their own tests do not run: lsof's compare a file's number with that which /proc shows (sandbox/README.md).
# Needs root and a Debian mirror.
set -euo pipefail

launcher=$(readlink -f "$1")
# shellcheck source=tests/support/debian_root.sh
. "$(readlink -f "$2")"
# shellcheck source=tests/determinism/other_day.sh
. "$(dirname "$(readlink -f "$0")")/other_day.sh"
other_day=0
[ "${3:-}" != --other-day ] || other_day=$4
[ "$(id -u)" = 0 ] || { echo "this test needs root" >&2; exit 1; }
chmod 666 /dev/fuse # as udev does on every Debian
state=$(mktemp -d "${TMPDIR:-/var/tmp}/packages_test_XXXXXX")
chmod 755 "$state"
load=''
finish() {
  back_to_today
  [ -z "$load" ] || kill "$load"
  rm -rf --one-file-system "$state"
}
trap finish EXIT
install -m 0755 "$launcher" "$state/farm-sandbox"
launcher=$state/farm-sandbox
sources=(dns-root-data hello lsof)

echo "== packages"
# The build dependencies of the three.
fetch_packages "$state" "${sources[@]/#/--source=}" --published=dns-root-data build-essential fakeroot debhelper \
  help2man texinfo libselinux1-dev gpgv libdatetime-format-rfc3339-perl libdatetime-perl libnet-dns-perl \
  libpath-tiny-perl libxml-libxml-perl openssl
assemble_root "$state/repo" "$state/assembled" "$launcher" run --subids $debian_subids
unpack_root "$state/assembled/root.tar" "$state/roots" "$state/image"

changed() { # SOURCE-FOLDER: the time of its changelog's newest entry
  local tree
  tree=$(mktemp -d "$state/tree.XXXXXX")
  dpkg-source -x --no-check "$1"/*.dsc "$tree/tree" >/dev/null
  dpkg-parsechangelog -l "$tree/tree/debian/changelog" -STimestamp
}

failed=0
for source in "${sources[@]}"; do
  clock=$(changed "$state/source/$source")
  build() { # NAME USER-ID LEVEL-WORDS...
    local name=$1 base=$2 host=()
    shift 2
    [ "$name" != again ] || host=("${elsewhere[@]}")
    mkdir "$state/$source-$name"
    build_package "$state/source/$source" "$state/$source-$name" "${host[@]}" "$launcher" run --subids "$base:65536" \
      --root-image "$state/image/root.erofs" --memory-bytes 8000000000 "$@"
  }
  build_options='nocheck parallel=1' build today 1234560000 --determinism full --clock "$clock"
  (while :; do :; done) &
  load=$!
  go_to_day "$other_day"
  build_options='nocheck parallel=2' build again 1244560000 --determinism full --clock "$clock"
  without=none
  if build_options='nocheck parallel=1' build without 1234560000 --determinism off >/dev/null 2>&1; then
    without=differs
    ! diff -r "$state/$source-today" "$state/$source-without" >/dev/null || without=equal
  fi
  back_to_today
  kill "$load"
  wait "$load" 2>/dev/null || true
  load=''
  if [ -n "$(ls "$state/$source-today")" ] && diff -r "$state/$source-today" "$state/$source-again"; then
    result=equal
  else
    result=DIFFERS failed=1
  fi
  if [ "$source" = lsof ]; then [ $without = equal ] || failed=1; else [ $without != equal ] || failed=1; fi
  published=''
  if ls "$state/published/${source}_"*.deb >/dev/null 2>&1; then
    published="Debian's own: equal"
    cmp "$state/published/${source}_"*.deb "$state/$source-today/${source}_"*.deb || published="Debian's own: DIFFERS" failed=1
  fi
  printf '%-16s full: %-8s off: %-8s %s\n' "$source" $result $without "$published"
done
exit $failed
