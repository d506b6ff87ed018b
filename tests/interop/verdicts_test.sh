#!/bin/bash
# tests/interop/verify.sh, which shares no line with farm-verify, gives the same verdict: on the release of
# tests/vectors/v1/evidence, on hundreds of copies of it with one thing changed (mutate.py), and on every good and bad
# release of farm/verify's own tests.  Where both refuse, the code is the same, but that farm-verify may find what
# cannot be read (2) where the other one finds that it is not signed.
# usage: verdicts_test.sh FARM_VERIFY VERIFY_TEST VECTORS [EVERY]     EVERY: only every so manieth, which proves less
set -euo pipefail
verify=$(readlink -f "$1")
verdicts=$(readlink -f "$2")
vectors=$(readlink -f "$3")
every=${4:-1}
here=$(dirname "$(readlink -f "$0")")
second=$here/verify.sh
[ "$(wc -l <"$second")" -le 300 ] || { echo "verify.sh has more than 300 lines" >&2; exit 1; }
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/verdicts.XXXXXX")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 "$here/mutate.py" "$vectors" "$work/changed" >/dev/null
copies=$(find "$work/changed" -mindepth 1 -maxdepth 1 | wc -l)
grep -q "on $copies copies of the release" "$here/README.md" || { echo "README.md does not say that there are $copies copies" >&2; exit 1; }
(cd "$work" && FARM_VERDICT_CASES="$work/rows" "$verdicts" --gtest_filter='Verdict/*' >"$work/out" 2>&1) || { tail "$work/out"; exit 1; } >&2

compare() { # FOLDER: "same", "form" or "DIFFERENT", both codes, its name
  local folder=$1 allow='' file first=0 second_code=0
  [ ! -e "$folder/allow" ] || allow=--allow-development-root
  file=$(echo "$folder"/FILE/*)
  # shellcheck disable=SC2086
  "$verify" "$file" --bundle "$folder/bundle" --root "$folder/root.json" --policy "$folder/policy.json" $allow >/dev/null 2>&1 || first=$?
  # shellcheck disable=SC2086
  bash "$second" "$file" "$folder/bundle" "$folder/root.json" "$folder/policy.json" $allow >/dev/null 2>&1 || second_code=$?
  local word=DIFFERENT
  if [ $first = $second_code ]; then word=same; elif [ $first = 2 ] && [ $second_code != 0 ]; then word=form; fi
  echo "$word $first $second_code ${folder##*/}"
}
export -f compare
export verify second TMPDIR="$work"
printf '%s\n' "$work"/changed/* "$work"/rows/* | awk -v every="$every" 'NR % every == 0' | xargs -P 2 -I{} bash -c 'compare {}' >"$work/compared"
count() { awk -v word="$1" '$1 == word' "$work/compared" | wc -l; }
accepted=$(awk '$1 == "same" && $2 == 0' "$work/compared" | wc -l)
echo "$(count same) verdicts the same with the same code ($accepted accepted), $(count form) refused for their form by one, $(count DIFFERENT) different"
grep '^DIFFERENT' "$work/compared" >&2 && exit 1
[ "$(wc -l <"$work/compared")" -ge $((350 / every)) ] && [ "$accepted" -gt 0 ] || { echo "too few were compared" >&2; exit 1; }
[ "$every" = 1 ] || exit 0
[ "$copies" -ge 200 ] && [ "$(find "$work/rows" -mindepth 1 -maxdepth 1 | wc -l)" -ge 140 ] && [ "$accepted" -ge 40 ] && [ "$(count form)" -le 30 ] || { echo "too few were compared" >&2; exit 1; }
# A good bundle with any rule of the second one taken out would show here: each code is found somewhere.
for code in 0 2 10 11 12 13 14 15 16 17 18 22 23; do
  grep -q "^same $code " "$work/compared" || { echo "nothing with code $code" >&2; exit 1; }
done
