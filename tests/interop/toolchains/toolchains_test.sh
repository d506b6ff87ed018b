#!/bin/bash
# Debian's toolchains do real work in the sandbox: each folder of projects/ is built by its build.sh, as root
# with an image and as an ordinary user with a folder, and its `result` is compared with `expected`.
#   toolchains_test.sh LAUNCHER DEBIAN_ROOT_SH PROJECTS [PROJECT...]
# Needs root and a Debian mirror.  With FARM_TEST_INPUTS the root is assembled once and kept there.
set -euo pipefail

source_launcher=$(readlink -f "$1") projects=$(readlink -f "$3")
# shellcheck source=tests/support/debian_root.sh
. "$(readlink -f "$2")"
shift 3
[ "$(id -u)" = 0 ] || { echo "this test needs root" >&2; exit 1; }
readonly user=54321
packages=(build-essential fakeroot debhelper clang golang-go rustc cargo default-jdk-headless python3 nodejs
  cmake ninja-build meson autoconf automake libtool pkg-config)

state=$(mktemp -d "${TMPDIR:-/var/tmp}/toolchains_test_XXXXXX")
chmod 755 "$state"
trap 'rm -rf --one-file-system "$state"' EXIT
install -m 0755 "$source_launcher" "$state/farm-sandbox"
launcher=$state/farm-sandbox

# ---- the root: all of the toolchains in one ----------------------------------------------------------------
kept=${FARM_TEST_INPUTS:-$state}/toolchains-$(echo "${packages[*]}" $debian_epoch | sha256sum | cut -c 1-16)
if [ ! -e "$kept/ready" ]; then
  echo "== assembling ${#packages[@]} toolchains and what they need"
  rm -rf --one-file-system "$kept"
  mkdir -p "$kept"
  chmod 755 "$kept"
  fetch_packages "$kept" "${packages[@]}"
  assemble_root "$kept/repo" "$kept/assembled" "$launcher" run --subids $debian_subids
  unpack_root "$kept/assembled/root.tar" "$kept/roots" "$kept/image"
  # An ordinary user without subordinate ids sees his own files as those of root.
  chown -R --no-dereference $user:$user "$kept/roots/root"
  chmod 755 "$kept/roots"
  rm -rf --one-file-system "$kept/repo" "$kept"/assembled{,.words} "$kept"/roots/root.{erofs,tar}
  touch "$kept/ready"
fi
[ "$(stat -c %a "${FARM_TEST_INPUTS:-$state}" | tail -c 2)" -ge 5 ] ||
  { echo "remedy: chmod 755 $FARM_TEST_INPUTS, for the ordinary user" >&2; exit 1; }

# ---- a project ---------------------------------------------------------------------------------------------
as_root() { "$launcher" run --subids $debian_subids --root-image "$kept/image/root.erofs" --require-kernel-limits "$@"; }
as_user() {
  setpriv --reuid $user --regid $user --clear-groups "$launcher" run --root-dir "$kept/roots/root" "$@"
}
build() { # WHO PROJECT WORDS...: its output in $folder
  local who=$1 project=$2 file
  shift 2
  folder=$state/$project-$who
  rm -rf "$folder"
  mkdir "$folder"
  chown $user "$folder"
  while IFS= read -r -d '' file; do
    printf '%s\0' --input "$projects/$project/$file" "/build/$project/$file" 644 $debian_epoch
  done < <(cd "$projects/$project" && find -L . -type f ! -name expected -printf '%P\0' | sort -z) >"$folder.words"
  $who --args-fd 9 "$@" --cwd "/build/$project" --output "/build/$project/result" --output-dir "$folder" \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env LC_ALL=C.UTF-8 --env TZ=UTC --env HOME=/nonexistent \
    --env SOURCE_DATE_EPOCH=$debian_epoch --wall-seconds 1200 --memory-bytes $memory -- \
    /bin/sh -e build.sh 9<"$folder.words" >"$folder.log" 2>"$folder.result"
}
failed=0
report() { # PROJECT WHO OUTCOME SECONDS
  printf '%-12s %-8s %-7s %4d s\n' "$@"
}
try() { # PROJECT WHO
  local start=$SECONDS words=() outcome=ok memory=8000000000
  [ "$1" != loopback ] || words=(--loopback)
  # It reserves 16 TB of addresses; without a cgroup the limit is one of addresses.
  [ "$1-$2" != sanitizer-as_user ] || memory=0
  if ! build "$2" "$1" "${words[@]}" || ! cmp "$projects/$1/expected" "$folder/$1/result"; then
    outcome=FAILED failed=1
    tail -n 30 "$folder.log" "$folder.result" >&2
  fi
  report "$1" "$2" $outcome $((SECONDS - start))
}

chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || mapfile -t chosen < <(ls "$projects")
for project in "${chosen[@]}"; do
  for who in as_root as_user; do try "$project" $who; done
done
# Nobody has a loopback device unasked.
memory=8000000000
if build as_root loopback; then
  echo "loopback without being asked for" >&2
  failed=1
fi
exit $failed
