#!/bin/bash
# The sandbox's real work: a Debian root, assembled twice to the same bytes (by root, and by an ordinary
# user under the monitor), and one Debian package built in it three ways to the same bytes.
set -euo pipefail

launcher=$(readlink -f "$1")
[ "$(id -u)" = 0 ] || { echo "this test needs root" >&2; exit 1; }
range=1234560000:65536
user=54321
source=mxml
state=$(mktemp -d /tmp/debian_test_XXXXXX)
chmod 755 "$state"
trap 'rm -rf --one-file-system "$state"' EXIT
install -m 0755 "$launcher" "$state/farm-sandbox"
launcher=$state/farm-sandbox

echo "== packages"
mkdir -p "$state"/{parts,lists/partial,cache/archives/partial,repo,source}
: >"$state/status"
# The machine's own Debian entries, sources included.
sed -E 's/^Types:.*/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources >"$state/parts/debian.sources"
cat >"$state/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$state/parts";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
APT::Sandbox::User "root";
EOF
export APT_CONFIG=$state/apt.conf
apt-get update -qq
apt-get install -y -qq --no-install-recommends --download-only \
  '?essential' build-essential fakeroot debhelper apt >/dev/null
(cd "$state/source" && apt-get source -qq --download-only "$source")
unset APT_CONFIG
mv "$state"/cache/archives/*.deb "$state/repo/"
(cd "$state/repo" && dpkg-scanpackages . >Packages 2>/dev/null)
printf 'Suite: bookworm\nCodename: bookworm\n' >"$state/repo/Release"

# The words of a run that puts the files of $1 into /build/$2, each ended by a NUL.
inputs() {
  local file
  for file in "$1"/*; do
    printf '%s\0' --input "$file" "/build$2/${file##*/}" 644 1700000000
  done
}

names=$(sed -n 's/^Package: //p' "$state/repo/Packages" | paste -sd,)
as_root() { "$launcher" run --subids $range "$@"; }
as_user() { "$launcher" monitor --uid $user --gid $user --subids $range -- "$launcher" run "$@"; }
tools=(--profile assembly --uid 0 --gid 0 --env PATH=/usr/sbin:/usr/bin:/sbin:/bin
  --env SOURCE_DATE_EPOCH=1700000000 --env LC_ALL=C.UTF-8 --memory-bytes 8000000000)

assemble() { # WHO FOLDER
  echo "== assembling: $1"
  mkdir -m 0777 "$2"
  chmod 0777 "$2"
  inputs "$state/repo" /repo >"$state/words"
  exec 9<"$state/words"
  "$1" --args-fd 9 "${tools[@]}" --work "$2" -- mmdebstrap --mode=root --variant=custom \
    --include="$names" bookworm root.tar 'deb [trusted=yes] copy:///build/repo ./' \
    >"$2.log" 2>"$2.result" || { tail -n 20 "$2.log" "$2.result"; exit 1; }
  exec 9<&-
}
assemble as_root "$state/first"
assemble as_user "$state/second"
cmp "$state/first/root.tar" "$state/second/root.tar"

echo "== image"
mkdir -m 0777 "$state/roots" "$state/image"
chmod 0777 "$state/roots"
as_root "${tools[@]}" --work "$state/roots" --bind-ro "$state/first/root.tar" /build/root.tar \
  --output /build/root.erofs --output-dir "$state/image" -- /bin/sh -c \
  'set -e; mkdir root; tar -C root --numeric-owner --exclude="./dev/*" -xf root.tar
   mkdir -p root/build; mkfs.erofs -d0 -T1700000000 root.erofs root >/dev/null' >"$state/image.log" 2>&1 ||
  { tail -c 2000 "$state/image.log"; exit 1; }

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
  inputs "$state/source" '' >"$state/words"
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
