#!/bin/bash
# Small actions with ordinary tools, several times over: without a level, with `fixed`, with `full`.
#   bed_test.sh LAUNCHER DEBIAN_ROOT_SH SCRIPTS [--runs N] [--other-day DAYS] [--json FILE] [TOOL...]
# SCRIPTS/bed: tools that differ from run to run by design.  Prints how many runs agree; fails unless all with `full`
# do, but for those in `differ`, whose reason is in sandbox/README.md; those in `never_agree` must not.  Marks what
# agrees without a level too, of which this bed says nothing.
# SCRIPTS/decisions: tools that decide by time, and waits.  Fails unless the result is the same at every level.
# Runs vary: every other one has two jobs, other load on the machine, more processors, another user id, name and kind
# of the host, and finds its files made in another order.  With --other-day it also runs DAYS later: the machine's own
# clock is set, and set back, so nothing else may need it meanwhile; then nothing may agree without a level that is not
# in `same_without`.
# Needs root and a Debian mirror.  With FARM_TEST_INPUTS the root is assembled once and kept there.
set -euo pipefail

source_launcher=$(readlink -f "$1") scripts=$(readlink -f "$3")
# shellcheck source=tests/support/debian_root.sh
. "$(readlink -f "$2")"
shift 3
[ "$(id -u)" = 0 ] || { echo "this test needs root" >&2; exit 1; }
runs=3 json='' other_day=0
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --other-day) other_day=$2; shift 2 ;;
    *) break ;;
  esac
done
packages=(build-essential cmake default-jdk-headless doxygen e2fsprogs genisoimage gnupg golang-go ninja-build
  openssh-client openssl python3 rsync sqlite3 squashfs-tools texlive-latex-base uuid-runtime zip)
never_agree=parallel-sleep # the number of jobs decides
differ="go-map gpg parallel-pid processor python-tarfile race tar-posix $never_agree"
same_without=nproc # one processor at every level
last_processor=$(taskset -cp $$ | sed 's/.*[^0-9]//')
clock=1600000000

state=$(mktemp -d "${TMPDIR:-/var/tmp}/bed_test_XXXXXX")
chmod 755 "$state"
# shellcheck source=tests/determinism/other_day.sh
. "$scripts/other_day.sh"
load=''
trap 'back_to_today; [ -z "$load" ] || kill $load; rm -rf --one-file-system "$state"' EXIT
install -m 0755 "$source_launcher" "$state/farm-sandbox"
launcher=$state/farm-sandbox
# As udev does on every Debian.
chmod 666 /dev/fuse

kept=${FARM_TEST_INPUTS:-$state}/bed-$(echo "${packages[*]}" $debian_epoch | sha256sum | cut -c 1-16)
if [ ! -e "$kept/ready" ]; then
  echo "== assembling ${#packages[@]} packages and what they need"
  rm -rf --one-file-system "$kept"
  mkdir -p "$kept"
  chmod 755 "$kept"
  fetch_packages "$kept" "${packages[@]}"
  assemble_root "$kept/repo" "$kept/assembled" "$launcher" run --subids $debian_subids
  unpack_root "$kept/assembled/root.tar" "$kept/roots" "$kept/image"
  rm -rf --one-file-system "$kept/repo" "$kept"/assembled{,.words} "$kept/roots"
  touch "$kept/ready"
fi

names=(a b c d/a d/b d/c)
run_tool() { # TOOL LEVEL NUMBER: `outcome` is the digest of its result, or why there is none
  local tool=$1 level=$2 number=$3 folder=$state/out jobs=1 base=1234560000 name order=("${names[@]}") words=()
  local host=(taskset -c "$last_processor")
  if [ $((number % 2)) = 0 ]; then
    jobs=2 base=1244560000 host=("${elsewhere[@]}")
    mapfile -t order < <(printf '%s\n' "${names[@]}" | tac)
    (while :; do :; done) &
    load=$!
    taskset -cp "$last_processor" $load >/dev/null
    go_to_day "$other_day"
  fi
  [ "$level" != full ] || words=(--clock $clock)
  rm -rf "$folder"
  mkdir "$folder"
  for name in "${order[@]}"; do words+=(--input "$state/text" "/build/tree/$name" 644 $((clock - 5))); done
  if "${host[@]}" "$launcher" run --subids $base:65536 --root-image "$kept/image/root.erofs" --determinism "$level" "${words[@]}" \
    --input "$scripts/$tool.sh" /build/script.sh 644 1 --env "JOBS=$jobs" --env LC_ALL=C.UTF-8 --env HOME=/build \
    --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --output /build/result --output-dir "$folder" --memory-bytes 8000000000 \
    --wall-seconds 300 -- /bin/sh -e script.sh >"$state/log" 2>"$state/result"; then
    outcome=$(sha256sum <"$folder/result" | cut -c 1-16)
  else
    outcome="failed: $(tail -n 1 "$state/log" | cut -c 1-80)"
  fi
  back_to_today
  [ -z "$load" ] || { kill "$load"; wait "$load" 2>/dev/null || true; load=''; }
}
echo text >"$state/text"

agreeing() { # DIGEST...: how many are the commonest one; failures agree with nothing
  printf '%s\n' "$@" | { grep -v ^failed || true; } | sort | uniq -c | sort -rn | awk 'NR == 1 { n = $1 } END { print n + 0 }'
}
among() { [[ " $2 " == *" $1 "* ]]; } # NAME NAMES
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || mapfile -t chosen < <(cd "$scripts" && ls -- bed/*.sh decisions/*.sh | sed 's/\.sh$//')
failed=0 rows=''
printf '%-24s %8s %8s %8s   of %d runs\n' tool off fixed full "$runs"
declare -A seconds=([off]=0 [fixed]=0 [full]=0)
for tool in "${chosen[@]}"; do
  declare -A agree=() all=()
  for level in off fixed full; do
    digests=()
    start=$(date +%s%N)
    for number in $(seq "$runs"); do run_tool "$tool" $level "$number"; digests+=("$outcome"); done
    seconds[$level]=$((seconds[$level] + $(date +%s%N) - start))
    agree[$level]=$(agreeing "${digests[@]}")
    all[$level]=$(printf '%s\n' "${digests[@]}" | sort -u)
    ! printf '%s\n' "${digests[@]}" | grep -m 1 ^failed >&2 || failed=1
  done
  mark=''
  if [ "${agree[full]}" != "$runs" ]; then
    if among "${tool#bed/}" "$differ"; then mark='known to differ'; else mark='DIFFERS' failed=1; fi
  elif among "${tool#bed/}" "$never_agree"; then
    mark='AGREES, which sandbox/README.md denies' failed=1
  elif [ "${tool%%/*}" = bed ] && [ "${agree[off]}" = "$runs" ]; then
    mark='agrees without a level'
    if [ "$other_day" != 0 ] && ! among "${tool#bed/}" "$same_without"; then mark="SAYS NOTHING: $mark" failed=1; fi
  fi
  if [ "${tool%%/*}" = decisions ] && [ "${all[off]}" != "${all[full]}" -o "${all[off]}" != "${all[fixed]}" ]; then
    mark='DECIDES OTHERWISE' failed=1
  fi
  printf '%-24s %8d %8d %8d   %s\n' "$tool" "${agree[off]}" "${agree[fixed]}" "${agree[full]}" "$mark"
  rows+=${rows:+,}$(printf '{"tool":"%s","off":%d,"fixed":%d,"full":%d}' "$tool" "${agree[off]}" "${agree[fixed]}" "${agree[full]}")
done
printf 'seconds                  %8.1f %8.1f %8.1f\n' "${seconds[off]}e-9" "${seconds[fixed]}e-9" "${seconds[full]}e-9"
[ -z "$json" ] || printf '{"format":"farm-determinism-bed/1","runs":%d,"tools":[%s]}\n' "$runs" "$rows" >"$json"
exit $failed
