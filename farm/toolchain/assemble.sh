#!/bin/bash
# assembler 1: pinned Debian packages -> one root file system, the same bytes everywhere.
#
#   assemble.sh REPOSITORY_DIR OUT_DIR SUITE ARCHITECTURE SOURCE_DATE_EPOCH STEP...
#
# REPOSITORY_DIR  read only: packages.list and the .deb files it names. packages.list is sorted (LC_ALL=C)
#                 and has one line a package: name version architecture sha256 size file-name
# OUT_DIR         an existing writable directory; gets the results, and OUT_DIR/work while it runs
# SUITE           for example bookworm
# ARCHITECTURE    for example amd64
# STEP            tar    OUT_DIR/root.tar, by mmdebstrap; its maintainer scripts run here
#                 image  OUT_DIR/root.erofs, from root.tar (needs erofs-utils)
#                 tree   OUT_DIR/root, the unpacked root.tar, for a site that cannot mount
#                 Steps run in the order given; image and tree need OUT_DIR/root.tar.
#
# Must run as uid 0 of a user namespace that maps a range of uids (or as real root) inside a network
# namespace of its own: maintainer scripts are strangers' code. It calls mmdebstrap, apt, dpkg, tar and
# coreutils, and reads nothing of the host's configuration.
#
# Exit: 0 done; 2 wrong call or unreadable list; 22 a package is missing or is another one than the list
# says; 70 a tool failed (its own words stand above).
#
# The bytes of root.tar and root.erofs are part of every release. A change here that moves one of them is
# assembler 2, in a new file; locks that say assembler 1 keep this one.

# One environment for everybody: nothing of the caller's gets past this line.
if [ "${FARM_ASSEMBLE_ENVIRONMENT:-}" != fixed ]; then
  exec /usr/bin/env -i FARM_ASSEMBLE_ENVIRONMENT=fixed PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    LC_ALL=C.UTF-8 TZ=UTC HOME=/nonexistent DEBIAN_FRONTEND=noninteractive \
    /bin/bash "$0" "$@"
fi
set -euo pipefail
umask 022

# sha256("farm-assembler/1"), its first 16 bytes, with version and variant of a UUID (8).
readonly IMAGE_UUID=dc713512-ec3b-8a46-866a-87a1025925ea

fail() {
  local code=$1
  shift
  echo "assemble: $*" >&2
  exit "$code"
}

say() { echo "assemble: $*" >&2; }

[ $# -ge 6 ] || fail 2 "usage: assemble.sh REPOSITORY_DIR OUT_DIR SUITE ARCHITECTURE SOURCE_DATE_EPOCH STEP..."
readonly repository=$1 out=$2 suite=$3 architecture=$4
export SOURCE_DATE_EPOCH=$5
shift 5

for path in "$repository" "$out"; do
  [[ $path =~ ^/[A-Za-z0-9/._~+-]*$ ]] ||
    fail 2 "path $path: want an absolute path of letters, digits and / . _ ~ + - (apt reads it as a URL)"
done
[[ $suite =~ ^[a-z0-9-]+$ ]] || fail 2 "suite $suite: want lower-case letters, digits and -"
[[ $architecture =~ ^[a-z0-9-]+$ ]] || fail 2 "architecture $architecture: want lower-case letters, digits and -"
[[ $SOURCE_DATE_EPOCH =~ ^[0-9]{1,10}$ ]] || fail 2 "SOURCE_DATE_EPOCH $SOURCE_DATE_EPOCH: want seconds since 1970"
for step in "$@"; do
  case $step in
    tar | image | tree) ;;
    *) fail 2 "step $step: want tar, image or tree" ;;
  esac
done
[ -r "$repository/packages.list" ] || fail 2 "$repository/packages.list: cannot be read"
[ -d "$out" ] || fail 2 "$out: not a directory"

# Where chroots and unpacked trees lie while they are made. Cleared at every end.
readonly work=$out/work
rm -rf --one-file-system "$work"
trap 'rm -rf --one-file-system "$work"' EXIT

# A flat repository in $work/repository: links named by digest, so that no file name of the caller's can
# reach the result, and an index made here from the packages themselves.
make_repository() {
  mkdir -p "$work/repository" "$work/control"
  LC_ALL=C sort --check=quiet "$repository/packages.list" || fail 2 "packages.list: not sorted"
  local name version arch sha256 size file
  while read -r name version arch sha256 size file; do
    [[ $sha256 =~ ^[0-9a-f]{64}$ && $file != */* && -n $file ]] ||
      fail 2 "packages.list: bad line for $name"
    [ -r "$repository/$file" ] || fail 22 "$name $version: $file is missing"
    [ "$(stat --dereference --format=%s "$repository/$file")" = "$size" ] ||
      fail 22 "$name $version: $file has another size than $size"
    echo "$sha256  $repository/$file" >>"$work/sha256sums"
    ln -s "$repository/$file" "$work/repository/$sha256.deb"
  done <"$repository/packages.list"
  sha256sum --check --strict --quiet "$work/sha256sums" >&2 ||
    fail 22 "packages with another digest than packages.list says (named above)"
  while read -r name version arch sha256 size file; do
    dpkg-deb --field "$work/repository/$sha256.deb" >"$work/control/one"
    [ "$(grep -E '^(Package|Version|Architecture):' "$work/control/one" | LC_ALL=C sort)" = \
      "Architecture: $arch"$'\n'"Package: $name"$'\n'"Version: $version" ] ||
      fail 22 "$file: its control file is not that of $name $version $arch"
    cat "$work/control/one"
    printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$sha256" "$size" "$sha256"
  done <"$repository/packages.list" >"$work/repository/Packages"
}

# The hook runs last, on the configured root in $1. It removes what mmdebstrap copies from the host
# (hostname, resolv.conf), what tells where the packages lay, apt's and dpkg's leavings, and adds the
# mount point of the build. apt's directories are emptied because their owner is the HOST's uid of _apt.
readonly tidy_root='set -eu
cd "$1"
rm -f etc/hostname etc/resolv.conf etc/apt/sources.list
rm -f etc/apt/apt.conf.d/99mmdebstrap etc/dpkg/dpkg.cfg.d/99mmdebstrap
rm -rf var/lib/apt/lists var/cache/apt/archives
mkdir -p var/lib/apt/lists var/cache/apt/archives
rm -f var/cache/apt/pkgcache.bin var/cache/apt/srcpkgcache.bin
rm -f var/lib/dpkg/status-old var/lib/dpkg/available-old var/lib/dpkg/diversions-old
rm -f var/lib/dpkg/statoverride-old var/cache/debconf/config.dat-old var/cache/debconf/templates.dat-old
rm -f etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
mkdir -p -m 0755 build dev proc sys run
mkdir -p tmp var/tmp
chmod 1777 tmp var/tmp'

# /sys is mounted nowhere: an ordinary user could not, and scripts must see the same everywhere.
make_tar() {
  say "tar: $(wc -l <"$repository/packages.list") packages"
  make_repository
  mkdir -p "$work/tmp"
  local names
  names=$(cut -d ' ' -f 1 "$repository/packages.list" | paste -s -d ,)
  TMPDIR=$work/tmp mmdebstrap --quiet --mode=root --variant=custom --format=tar \
    --architectures="$architecture" --include="$names" \
    --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io --skip=cleanup/apt --skip=chroot/mount/sys \
    --customize-hook="$tidy_root" \
    "$suite" "$work/root.tar" "deb [trusted=yes] copy://$work/repository ./" >&2 ||
    fail 70 "mmdebstrap failed"
  rm -rf --one-file-system "$work/repository" "$work/control" "$work/tmp"
  mv "$work/root.tar" "$out/root.tar"
}

# root.tar unpacked in $work/root, every time set to the epoch as the image has them.
unpack() {
  [ -d "$work/root" ] && return
  [ -r "$out/root.tar" ] || fail 2 "$out/root.tar: missing; step tar makes it"
  mkdir -p "$work/root"
  tar --extract --file="$out/root.tar" --directory="$work/root" --numeric-owner --same-owner \
    --same-permissions --exclude='./dev/*' || fail 70 "tar failed"
  find "$work/root" -depth -print0 | xargs -0 touch --no-dereference --date="@$SOURCE_DATE_EPOCH" --
}

make_image() {
  say "image"
  unpack
  mkfs.erofs --quiet -x -1 -T "$SOURCE_DATE_EPOCH" -U "$IMAGE_UUID" "$work/root.erofs" "$work/root" >&2 ||
    fail 70 "mkfs.erofs failed"
  mv "$work/root.erofs" "$out/root.erofs"
}

make_tree() {
  say "tree"
  unpack
  rm -rf --one-file-system "$out/root"
  mv "$work/root" "$out/root"
}

mkdir -p "$work"
for step in "$@"; do
  "make_$step"
done
say "done"
