#!/bin/bash
# Rebuilds a release from an unpacked kit, with Debian's own tools and no network, as an ordinary
# user with subordinate ids (or as root).
#   kit/replay.sh [--work DIR]     DIR: a new folder for everything that is made (2 GB or more)
# needs: mmdebstrap uidmap tar bubblewrap coreutils util-linux
# exit:  0 MATCH   20 MISMATCH   22 an input is missing or has another digest   21 cannot be tried here
set -euo pipefail
umask 022
kit=$(cd "$(dirname "$0")" && pwd)
work=''
case ${1:-} in
  --work) work=${2:?--work needs a folder} ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') ;;
  *) echo "replay.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
esac

inconclusive() { echo "INCONCLUSIVE: $*"; exit 21; }
bad_input() { echo "BAD INPUT: $*"; exit 22; }
say() { echo "replay.sh: $*" >&2; }

for tool in mmdebstrap newuidmap tar bwrap sha256sum unshare; do
  command -v $tool >/dev/null || PATH=$PATH:/usr/sbin command -v $tool >/dev/null ||
    inconclusive "$tool is not installed: apt-get install mmdebstrap uidmap tar bubblewrap coreutils util-linux"
done
[ -n "$work" ] || work=$(mktemp -d "${TMPDIR:-/var/tmp}/replay.XXXXXX")
mkdir -p "$work/out" "$work/build"
# The assembler's folders must be open to the subordinate ids.
chmod 0755 "$work"

# ---- inputs -----------------------------------------------------------------------------------------
say "checking packages and sources"
while read -r name version architecture sha256 size file; do
  [ -r "$kit/packages/$file" ] || bad_input "packages/$file ($name $version) is missing"
  echo "$sha256  $kit/packages/$file"
done <"$kit/packages/packages.list" >"$work/sums"
for file in "$kit"/sources/*; do echo "$(basename "$file")  $file"; done >>"$work/sums"
sha256sum --check --quiet --strict "$work/sums" >&2 || bad_input "files with another digest are named above"
while read -r name version architecture sha256 size file; do
  grep -qF "\"$sha256\"" "$kit/lock.json" || bad_input "package $name $version is not in lock.json"
done <"$kit/packages/packages.list"
lock_sha256=$(sha256sum "$kit/lock.json" | cut -d' ' -f1)
grep -qF "\"lock\":\"sha256:$lock_sha256\"" "$kit/manifest.json" || bad_input "manifest.json names another lock.json"
for file in "$kit"/sources/*; do
  grep -qF "\"$(basename "$file")\"" "$kit/manifest.json" || bad_input "sources/$(basename "$file") is not in manifest.json"
done

# ---- root file system -------------------------------------------------------------------------------
field() { grep -oE "\"$1\":\"?[^\",}]+" "$kit/lock.json" | head -1 | sed -E 's/^[^:]*:"?//'; }
in_namespaces() { # mapped root, no network
  unshare --user --map-root-user --map-auto --net --mount --pid --ipc --fork --kill-child -- "$@"
}
say "assembling the root file system ($(wc -l <"$kit/packages/packages.list") packages)"
# Copied, so that subordinate ids can read them wherever the kit lies.
mkdir -p "$work/repository"
cp "$kit/packages/"* "$work/repository/"
cp "$kit/assemble.sh" "$work/assemble.sh"
chmod -R a+rX "$work/repository"
path=$(dirname "$work")
while [ "$path" != / ]; do
  [ -n "$(find "$path" -maxdepth 0 -perm -o+x)" ] ||
    inconclusive "subordinate ids may not enter $path; choose another --work below /var/tmp"
  path=$(dirname "$path")
done
in_namespaces true 2>/dev/null || inconclusive "no user namespace with subordinate ids: install uidmap and give $(id -un) a range in /etc/subuid and /etc/subgid"
in_namespaces /bin/bash "$work/assemble.sh" "$work/repository" "$work/out" "$(field suite)" "$(field architecture)" "$(field sourceDateEpoch)" tar >&2 || inconclusive "the root could not be assembled (see above)"
root_tar=sha256:$(sha256sum "$work/out/root.tar" | cut -d' ' -f1)
want=$(grep -oE '"rootTar":"sha256:[0-9a-f]{64}"' "$kit/lock.json" | cut -d'"' -f4)
[ "$root_tar" = "$want" ] || inconclusive "the root came out as $root_tar, lock.json says $want: this machine's mmdebstrap, apt, dpkg or tar differs from assembler 1's"
say "root $root_tar, as lock.json says"
mkdir -p "$work/root"
in_namespaces tar --extract --file="$work/out/root.tar" --directory="$work/root" --numeric-owner --same-permissions --exclude='./dev/*'
rm -rf "$work/repository"

# ---- actions ----------------------------------------------------------------------------------------
confined() { # DIRECTORY WORD...: the command in the root, work folder at /build, no network
  local directory=$1
  shift
  bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv \
    --uid 1000 --gid 1000 --hostname sandbox \
    --ro-bind "$work/root" / --proc /proc --dev /dev --tmpfs /tmp --tmpfs /dev/shm \
    --bind "$work/build/current" /build "${variables[@]}" --chdir "/build/$directory" -- "$@"
}
place() { # FILE AT
  mkdir -p "$(dirname "$work/build/current/$2")"
  cp "$1" "$work/build/current/$2"
  chmod u+w "$work/build/current/$2"
  touch -d "@$epoch" "$work/build/current/$2"
}
step='' epoch=0 directory='' variables=() prepare=() run=() outputs=()
execute() {
  say "step $step"
  [ ${#prepare[@]} = 0 ] || confined '' "${prepare[@]}" >"$work/build/$step.log" 2>&1 || { tail -20 "$work/build/$step.log" >&2; inconclusive "step $step: the sources could not be unpacked"; }
  if ! confined "$directory" "${run[@]}" >>"$work/build/$step.log" 2>&1 </dev/null; then
    tail -20 "$work/build/$step.log" >&2
    echo "MISMATCH: step $step fails here (log: $work/build/$step.log)"
    exit 20
  fi
  local output
  for output in "${outputs[@]}"; do
    [ -f "$work/build/current/$output" ] && [ ! -L "$work/build/current/$output" ] || { echo "MISMATCH: step $step did not make $output"; exit 20; }
    mkdir -p "$(dirname "$work/build/outputs/$step/$output")"
    cp -p "$work/build/current/$output" "$work/build/outputs/$step/$output"
  done
  in_namespaces rm -rf "$work/build/current"
}
mkdir -p "$work/artifacts"
while read -r key rest; do
  eval "set -- $rest"
  case $key in
    step) step=$1 epoch=0 directory='' variables=() prepare=() run=() outputs=(); mkdir -p "$work/build/current" ;;
    epoch) epoch=$1 ;;
    input) place "$kit/sources/$2" "$1" ;;
    from) place "$work/build/outputs/$2/$3" "$1" ;;
    variable) variables+=(--setenv "${1%%=*}" "${1#*=}") ;;
    prepare) prepare=("$@") ;;
    directory) directory=$1 ;;
    run) run=("$@") ;;
    output) outputs+=("$1") ;;
    end) execute ;;
    artifact) cp "$work/build/outputs/$1/$2" "$work/artifacts/$3" ;;
    *) bad_input "actions.txt: unknown line $key" ;;
  esac
done <"$kit/actions.txt"

# ---- verdict ----------------------------------------------------------------------------------------
equal=0 total=0
while read -r sha256 name; do
  total=$((total + 1))
  got=$(sha256sum "$work/artifacts/$name" 2>/dev/null | cut -d' ' -f1)
  if [ "$got" = "$sha256" ]; then equal=$((equal + 1)); else echo "different: $name is $got, the release says $sha256"; fi
done <"$kit/artifacts.txt"
[ $total -gt 0 ] || bad_input "artifacts.txt is empty"
if [ $equal = $total ]; then
  echo "MATCH: $equal of $total artifacts rebuilt bit for bit (work: $work)"
else
  echo "MISMATCH: $equal of $total artifacts are equal (work: $work)"
  exit 20
fi
