#!/bin/bash
# Package builds in the farm's sandbox against the same builds bare: see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
build_packages.sh: wall time of products' builds in the farm's sandbox against the same builds bare.

usage: tests/bench/build_packages.sh [OPTION...] STATE:PRODUCT...
  STATE    what farm/quickstart --product PRODUCT left behind as root: programs, inputs, image
  PRODUCT  a folder of manifests/products whose manifest has one step
  --runs N             how often each (default 3); they take turns
  --determinism LEVEL  the sandbox's level, fixed or full; the manifest's own otherwise
  --sandbox PROGRAM    this farm-sandbox instead of that of STATE
  --json               one line of JSON for each product
Both build in memory, from the same image, as the same user, with the same environment and commands.
Bare is a chroot: no namespace, filter or limit, no check of the source tree, nothing collected.
Prints the machine, each run in seconds, the medians and their ratio.  Needs root.
exit codes: 0 measured, 2 usage, 20 the two did not make the same bytes (with a level: two runs in the sandbox did
  not), 22 STATE is not that of PRODUCT, 30 not root, 40 a build failed
example: farm/quickstart --state /var/tmp/q && tests/bench/build_packages.sh /var/tmp/q:dropbear
EOF
}

fail() { # CODE WORDS...
  local code=$1
  shift
  echo "build_packages.sh: $*" >&2
  exit "$code"
}

runs=3 level='' sandbox='' json=0 products=() words=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --json) json=1 ;;
    --runs | --determinism | --sandbox)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in --runs) runs=$2 ;; --determinism) level=$2 ;; *) sandbox=$(realpath "$2") ;; esac
      shift ;;
    ?*:?*) products+=("$(realpath "${1%:*}"):${1##*:}") ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
if [ ${#products[@]} = 0 ] || [[ ! $runs =~ ^[1-9][0-9]*$ ]] || [[ ! $level =~ ^(|fixed|full)$ ]]; then
  usage >&2
  exit 2
fi
[ "$(id -u)" = 0 ] || fail 30 "needs root: it mounts an image"
# What is mounted here is nobody else's, and gone with us.
if [ -z "${FARM_BENCH_INSIDE:-}" ]; then
  FARM_BENCH_INSIDE=1 exec unshare --mount --propagation private "$(realpath "$0")" "${words[@]}"
fi
export LC_ALL=C
cd "$(dirname "$0")/../.."
readonly id=1000 subids=1200000000:65536

work=$(mktemp -d "${TMPDIR:-/var/tmp}/farm-bench.XXXXXX")
finish() {
  umount -R -l "$work/root" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
mkdir "$work/root"

# ---- the action, as every site plans it ------------------------------------------------------------------
of_action() { jq -j --arg blobs "$state/inputs/blobs" ".plan.actions[0] | $1" "$work/plan.json"; }
list() { of_action "($1) | tostring + \"\\u0000\""; } # words may have line breaks
read_action() {
  local file lock word
  image=$state/toolchain/root.erofs manifest=manifests/products/$product/manifest.textproto
  for file in "$image" "$state/toolchain/lock.json" "$state/bin/farm" "$manifest"; do
    [ -e "$file" ] || fail 22 "$file is not there; run farm/quickstart --state $state --product $product"
  done
  "$state/bin/farm" plan "$manifest" --json >"$work/plan.json" || fail $? "farm plan failed"
  [ "$(jq '.plan.actions | length' "$work/plan.json")" = 1 ] || fail 2 "$product has more than one step"
  lock=$(of_action .lock)
  [ "sha256:$(sha256sum <"$state/toolchain/lock.json" | cut -d ' ' -f 1)" = "$lock" ] ||
    fail 22 "$state/toolchain is of another lock than the manifest's, $lock"
  mapfile -d '' environment < <(list '.environment | to_entries[] | "\(.key)=\(.value)"')
  mapfile -d '' command < <(list '.argv[]')
  mapfile -d '' inputs < <(list '.inputs[] | "\($blobs)/\(.digest[7:9])/\(.digest[7:])", .at, .mode')
  mapfile -d '' outputs < <(list '.outputs[]')
  mapfile -d '' prepare < <(list '.prepare[]')
  mapfile -d '' options < <(list '
    (.inputTime | tostring) as $time |
    (.inputs[] | "--input", "\($blobs)/\(.digest[7:9])/\(.digest[7:])", "/build/\(.at)", .mode, $time),
    (.environment | to_entries[] | "--env", "\(.key)=\(.value)"),
    (.prepare[] | "--prepare-word", .),
    (.outputs[] | "--output", "/build/\(.)"),
    "--cwd", "/build/\(.directory)",
    (if .loopback then "--loopback" else empty end),
    (.limits | "--wall-seconds", .wallSeconds, "--cpu-seconds", .cpuSeconds, "--memory-bytes", .memoryBytes,
               "--pids", .processes, "--disk-bytes", .diskBytes, "--disk-inodes", .diskInodes,
               "--log-bytes", .logBytes, "--output-bytes", .outputBytes, "--silence-seconds", .silenceSeconds)')
  # The source is checked as a site checks it.
  mapfile -d '' places < <(list '.trees[].at')
  if [ ${#places[@]} != 0 ]; then
    for word in "$state/bin/farm" identify-tree "${places[@]}"; do options+=(--check-word "$word"); done
    options+=(--check-dir /build --check-expect "$(of_action '[.trees[] | "\(.at) \(.tree)\n"] | add')"$'\n')
  fi
  used=${level:-$(of_action .determinism)}
  [ "$used" = off ] || options+=(--determinism "$used")
  [ "$used" != full ] || options+=(--clock "$(of_action .inputTime)")
  input_time=$(of_action .inputTime) directory=$(of_action .directory)
}

# ---- both ways; each is a shell of its own, so that it ends at the first thing that fails -----------------
in_sandbox() {
  chown $id:$id "$work/out"
  "${sandbox:-$state/bin/farm-sandbox}" run --root-image "$image" --subids $subids "${options[@]}" \
    --output-dir "$work/out" --result-fd 1 -- "${command[@]}"
}
bare() {
  local i root=$work/root
  mount -t erofs -o loop,ro "$image" "$root"
  mount -t tmpfs -o mode=0755,uid=$id,gid=$id build "$root/build"
  mount -t tmpfs -o mode=1777 tmp "$root/tmp"
  mount --rbind --make-rslave /dev "$root/dev"
  mount -t proc proc "$root/proc"
  for ((i = 0; i < ${#inputs[@]}; i += 3)); do
    install -D -m "${inputs[i + 2]}" "${inputs[i]}" "$root/build/${inputs[i + 1]}"
    touch --date="@$input_time" "$root/build/${inputs[i + 1]}"
  done
  chown -R $id:$id "$root/build"
  inside() { (umask 022 && chroot --userspec=$id:$id "$root" /usr/bin/env -i "${environment[@]}" "$@"); }
  [ ${#prepare[@]} = 0 ] || inside "${prepare[@]}"
  # shellcheck disable=SC2016
  inside /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "/build/$directory" "${command[@]}"
}
timed() { # HOW: its seconds go to $work/HOW.seconds, the digests of its outputs to $work/HOW.sums
  local start code=0 folder=$work/out file
  rm -rf "$folder" && mkdir "$folder"
  start=$EPOCHREALTIME
  # Not part of a list: there the shell would go on after what fails.
  set +e
  (
    set -e
    "$1"
  ) >"$work/log" 2>&1
  code=$?
  set -e
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }' >"$work/seconds"
  if [ $code != 0 ]; then
    tail -20 "$work/log" >&2
    fail 40 "$1 ended with $code"
  fi
  [ "$1" = in_sandbox ] || folder=$work/root/build
  for file in "${outputs[@]}"; do sha256sum "$folder/$file" | cut -d ' ' -f 1; done >"$work/$1.sums"
  [ "$1" = in_sandbox ] || umount -R -l "$work/root"
  cat "$work/seconds" >>"$work/$1.seconds"
  [ $json = 1 ] || echo "$1 $(cat "$work/seconds")"
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }
machine() {
  echo "$(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), Linux $(uname -r), load $(cut -d ' ' -f 1 /proc/loadavg), $(date -u +%FT%TZ)"
}
compare() { # PRODUCT of STATE
  local run
  rm -f "$work"/*.seconds "$work"/*.sums "$work"/*.first
  read_action
  for ((run = 0; run < runs; run++)); do
    timed in_sandbox
    timed bare
    # Under a level the clock is another one, and its results may be; they are equal to each other.
    [ -e "$work/first" ] || cp "$work/in_sandbox.sums" "$work/first"
    cmp -s "$work/in_sandbox.sums" "$work/first" || fail 20 "$product: two runs in the sandbox did not make the same bytes"
    [ "$used" != off ] || cmp -s "$work/in_sandbox.sums" "$work/bare.sums" || fail 20 "$product: the two did not make the same bytes"
  done
  rm "$work/first"
  local inside outside ratio
  inside=$(median "$work/in_sandbox.seconds") outside=$(median "$work/bare.seconds")
  ratio=$(awk -v s="$inside" -v b="$outside" 'BEGIN { printf "%.3f", s / b }')
  if [ $json = 1 ]; then
    jq -nc --arg product "$product" --arg machine "$(machine)" --arg level "$used" --argjson runs "$runs" --argjson sandbox "$inside" \
      --argjson bare "$outside" --argjson ratio "$ratio" \
      '{benchmark: "build_packages", product: $product, machine: $machine, determinism: $level, runs: $runs,
        sandboxSeconds: $sandbox, bareSeconds: $bare, ratio: $ratio}'
    return
  fi
  printf '%s, determinism %s: sandbox %.2f s, bare %.2f s, ratio %s; %d outputs, the same bytes%s\n' "$product" "$used" "$inside" \
    "$outside" "$ratio" ${#outputs[@]} "$([ "$used" = off ] || echo ' each time in the sandbox')"
}

[ $json = 1 ] || machine
for pair in "${products[@]}"; do
  state=${pair%:*} product=${pair##*:}
  compare
done
