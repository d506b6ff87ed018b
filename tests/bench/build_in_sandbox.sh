#!/bin/bash
# A product's build in the farm's sandbox against the same build bare: see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
build_in_sandbox.sh: wall time of a product's build in the farm's sandbox against the same build bare.

usage: tests/bench/build_in_sandbox.sh STATE PRODUCT [RUNS]
  STATE    what farm/quickstart --product PRODUCT left behind as root: programs, inputs, image
  PRODUCT  a folder of manifests/products whose manifest has one step
  RUNS     how often each (default 3); they take turns
Bare: chroot into the same image, the same user id, environment and commands; no namespace, filter, limit or
check of the source tree.  Needs root.  Prints each run, the medians and their ratio; fails if the two do not
make the same bytes.
example: farm/quickstart --state /var/tmp/q && tests/bench/build_in_sandbox.sh /var/tmp/q dropbear
EOF
}

case ${1:-} in -h | --help) usage; exit 0 ;; esac
[ $# -ge 2 ] && [ $# -le 3 ] || { usage >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "build_in_sandbox.sh: needs root (it mounts an image)" >&2; exit 30; }
cd "$(dirname "$0")/../.."
state=$(realpath "$1") product=$2 runs=${3:-3}
image=$state/toolchain/root.erofs
for file in "$image" "$state/bin/farm" "manifests/products/$product/manifest.textproto"; do
  [ -e "$file" ] || { echo "build_in_sandbox.sh: $file is not there; run farm/quickstart --state $state --product $product" >&2; exit 22; }
done
readonly id=1000 subids=1200000000:65536

work=$(mktemp -d "${TMPDIR:-/var/tmp}/farm-bench.XXXXXX")
finish() {
  mountpoint -q "$work/root" && umount -R -l "$work/root"
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

"$state/bin/farm" plan "manifests/products/$product/manifest.textproto" --json >"$work/plan.json"
action() { jq -r ".plan.actions[0] | $1" "$work/plan.json"; }
[ "$(jq '.plan.actions | length' "$work/plan.json")" = 1 ] ||
  { echo "build_in_sandbox.sh: $product has more than one step" >&2; exit 2; }
mapfile -t environment < <(action '.environment | to_entries[] | "\(.key)=\(.value)"')
mapfile -t command < <(action '.argv[]')
mapfile -t inputs < <(action '.inputs[] | "\(.digest | sub("sha256:"; "")) \(.at)"')
mapfile -t trees < <(action '.trees[] | "\(.at) \(.tree)"')
mapfile -t outputs < <(action '.outputs[]')
prepare=$(action '.prepare[3]')
directory=$(action .directory)
input_time=$(action .inputTime)
lock=$(action .lock)
[ "sha256:$(sha256sum <"$state/toolchain/lock.json" | cut -d ' ' -f 1)" = "$lock" ] ||
  { echo "build_in_sandbox.sh: $state/toolchain is of another lock than the manifest's, $lock" >&2; exit 22; }

blob() { echo "$state/inputs/blobs/${1:0:2}/$1"; }

in_sandbox() { # OUTPUT_DIR
  local words=() word input
  for input in "${inputs[@]}"; do
    words+=(--input "$(blob "${input%% *}")" "/build/${input#* }" 0644 "$input_time")
  done
  for word in "${environment[@]}"; do words+=(--env "$word"); done
  for word in /bin/sh -e -c "$prepare"; do words+=(--prepare-word "$word"); done
  # The source is checked as a site checks it.
  for word in "$state/bin/farm" identify-tree "${trees[@]%% *}"; do words+=(--check-word "$word"); done
  words+=(--check-dir /build --check-expect "$(printf '%s\n' "${trees[@]}")"$'\n')
  for word in "${outputs[@]}"; do words+=(--output "/build/$word"); done
  chown $id:$id "$1"
  "$state/bin/farm-sandbox" run --root-image "$image" --subids $subids "${words[@]}" --output-dir "$1" \
    --cwd "/build/$directory" --result-fd 1 -- "${command[@]}"
}

bare() { # OUTPUT_DIR
  local input at
  mkdir -p "$work/build"
  for input in "${inputs[@]}"; do
    at=$work/build/${input#* }
    mkdir -p "${at%/*}"
    cp "$(blob "${input%% *}")" "$at"
    touch --date="@$input_time" "$at"
  done
  chown -R $id:$id "$work/build"
  mount -t erofs -o loop,ro "$image" "$work/root"
  mount --bind "$work/build" "$work/root/build"
  mount -t tmpfs -o mode=1777 tmp "$work/root/tmp"
  mount --rbind /dev "$work/root/dev"
  mount -t proc proc "$work/root/proc"
  (umask 022 && chroot --userspec=$id:$id "$work/root" /usr/bin/env -i "${environment[@]}" /bin/sh -e -c \
    "cd /build; $prepare
cd '/build/$directory'; exec \"\$@\"" sh "${command[@]}")
  umount -R -l "$work/root"
  for at in "${outputs[@]}"; do cp "$work/build/$at" "$1/${at##*/}"; done
  rm -rf --one-file-system "$work/build"
}

timed() { # HOW: runs it once, adds its seconds to $work/HOW.seconds and its digests to $work/HOW.sums
  rm -rf "$work/out" && mkdir "$work/out"
  local start=$EPOCHREALTIME
  "$1" "$work/out" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; echo "build_in_sandbox.sh: $1 failed" >&2; exit 40; }
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }' | tee -a "$work/$1.seconds" | sed "s/^/$1 /"
  (cd "$work/out" && find . -type f -printf '%f\n' | LC_ALL=C sort | xargs sha256sum) >"$work/$1.sums"
}

mkdir "$work/root"
for ((run = 0; run < runs; run++)); do
  timed in_sandbox
  timed bare
  cmp "$work/in_sandbox.sums" "$work/bare.sums" ||
    { echo "build_in_sandbox.sh: the two did not make the same bytes" >&2; exit 20; }
done
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }
sandboxed=$(median "$work/in_sandbox.seconds") alone=$(median "$work/bare.seconds")
awk -v p="$product" -v s="$sandboxed" -v b="$alone" -v n="$(wc -l <"$work/bare.sums")" \
  'BEGIN { printf "%s: sandbox %.2f s, bare %.2f s, ratio %.3f; %d outputs, the same bytes\n", p, s, b, s / b, n }'
