#!/bin/bash
# tests/interop/verify.sh, which shares no line with farm-verify, gives the same verdict: on the release of
# tests/vectors/v1/evidence, on hundreds of copies of it with one thing changed (mutate.py), and on every good and bad
# release of farm/verify's own tests.  The same code, and the same rules with their codes; what it does not judge it
# refuses, by name, and that is listed here.
# usage: verdicts_test.sh FARM_VERIFY VERIFY_TEST VECTORS [EVERY [START]]
#   EVERY  only so many of each group of releases that farm-verify refuses alike: one in EVERY, but one at least
#   START  which of them; without it another one each time
set -euo pipefail
export LC_ALL=C
verify=$(readlink -f "$1")
verdicts=$(readlink -f "$2")
vectors=$(readlink -f "$3")
every=${4:-1}
start=${5:-$((RANDOM % every))}
here=$(dirname "$(readlink -f "$0")")
second=$here/verify.sh
# What verify.sh does not judge: rules of what is remembered, asked for, or comes after a release; those of the copies
# that ask for them; and vectors that no verdict reads (mutate.py).  README.md says it to people, and no more.
unjudged_rules='certifiers replays root-version sequence status withdrawn'
unjudged_copies='policy-2-certifiers policy-2-replays policy-2-status status-beside-the-root'

. "$here/readme.sh"
named_under() { # WORD: the names in README.md's list item of that word
  awk -v item="- $1: " '/^- / || /^$/ { on = index($0, item) == 1 } on' "$here/README.md" | grep -o '`[^`]*`' | tr -d '`' | sort
}
[ "$(wc -l <"$second")" -le 300 ] || fail "verify.sh has more than 300 lines"
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/verdicts.XXXXXX")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 "$here/mutate.py" "$vectors" "$work/changed" >"$work/unjudged_vectors"
(cd "$work" && FARM_VERDICT_CASES="$work/rows" "$verdicts" --gtest_filter='Verdict/*:Order.*' >"$work/out" 2>&1) || { tail "$work/out"; exit 1; } >&2
copies=$(find "$work/changed" -mindepth 1 -maxdepth 1 | wc -l)
rows=$(find "$work/rows" -mindepth 1 -maxdepth 1 | wc -l)
readme_says "on $copies copies of the release"
readme_says "on $rows releases of the tests"
diff <(named_under 'rules') <(tr ' ' '\n' <<<"$unjudged_rules") >&2 || fail "README.md names other rules that are not judged"
diff <(named_under 'vectors') "$work/unjudged_vectors" >&2 || fail "README.md names other vectors that are not judged"

judge() { # FOLDER: it, farm-verify's code, and the rules that are broken; "ok", or "-" where it could not even read that
  local folder=$1 allow='' code=0 said rules
  [ ! -e "$folder/allow" ] || allow=--allow-development-root
  # shellcheck disable=SC2086
  said=$("$verify" "$folder"/FILE/* --bundle "$folder/bundle" --root "$folder/root.json" --policy "$folder/policy.json" $allow --json 2>/dev/null) || code=$?
  rules=$(jq -r '.rules | values | [.[] | select((.held | not) and .exit > 0) | "\(.exit) \(.rule)"] | sort
    | join(",") | if . == "" then "ok" else . end' <<<"$said")
  printf '%s\t%s\t%s\n' "$folder" $code "${rules:--}"
}
compare() { # FOLDER CODE RULES: "same", "unjudged" or "DIFFERENT", either's code, its name; what either found
  local folder=$1 allow='' code=0 said word=DIFFERENT
  [ ! -e "$folder/allow" ] || allow=--allow-development-root
  # shellcheck disable=SC2086
  said=$(bash "$second" "$folder"/FILE/* "$folder/bundle" "$folder/root.json" "$folder/policy.json" $allow 2>/dev/null) || code=$?
  if [ "$code $said" = '0 0 every rule holds' ]; then said=ok; else said=$(sort <<<"$said" | paste -sd,); fi
  if [ $code = "$2" ] && { [ "$3" = - ] || [ "$said" = "$3" ]; }; then word=same; fi
  if [ $code = 2 ] && [[ $said == *'not judged here: '* ]]; then word=unjudged; fi
  # A changed root is refused by both; how deep either reads before it asks who signed it is its own.
  case ${folder##*/}:$2:$code in root-byte-*:2:11 | root-byte-*:11:2) word=same ;; esac
  printf '%s %s %s %s\t%s\t%s\n' $word "$2" $code "${folder##*/}" "$3" "$said"
}
export -f judge compare
export verify second TMPDIR="$work"
printf '%s\n' "$work"/changed/* "$work"/rows/* | xargs -P 2 -I{} bash -c 'judge {}' | sort >"$work/judged"

# Those that farm-verify refuses alike are a group; where it can read nothing, those whose names begin alike.
awk -F'\t' -v every="$every" -v start="$start" '
  { name = $1; sub(/.*\//, "", name); sub(/[-_.].*/, "", name); group = $3 == "-" ? "- " name : $3 }
  NR == FNR { size[group]++; next }
  seen[group]++ % every == start % (size[group] < every ? size[group] : every)' "$work/judged" "$work/judged" >"$work/sample"
xargs -P 2 -d '\n' -I{} bash -c 'IFS=$'"'\t'"' read -r folder code rules <<<"$1"; compare "$folder" "$code" "$rules"' _ {} <"$work/sample" >"$work/compared"
count() { awk -v word="$1" '$1 == word' "$work/compared" | wc -l; }
accepted=$(awk '$1 == "same" && $2 == 0' "$work/compared" | wc -l)
echo "$(count same) of $((copies + rows)) verdicts the same, by code and rules ($accepted accepted), $(count unjudged) not judged, $(count DIFFERENT) different (one in $every, from $start)"
! grep '^DIFFERENT' "$work/compared" >&2 || exit 1
[ "$(wc -l <"$work/compared")" = "$(wc -l <"$work/sample")" ] && [ "$(count same)" -ge $((400 / every)) ] || fail "too few were compared"
diff <(awk '$1 == "unjudged" { print $4 }' "$work/compared" | sort) <(tr ' ' '\n' <<<"$unjudged_copies") >&2 || fail "verify.sh refuses other things as not judged"
# A rule of either that is taken out would show here: both have found each of them broken, with each of its codes, and a
# release that is good.  Of the rule `release` 10 is for --product and --version.
"$verify" --explain all --json | jq -r --arg unjudged "$unjudged_rules" '.rules[] | select(.rule | IN($unjudged / " " | .[]) | not)
  | .rule as $rule | .exits[] | "\(.) \($rule)" | select(. != "10 release")' >"$work/rules"
[ "$(wc -l <"$work/rules")" -ge 20 ] && [ "$accepted" -gt 0 ] || fail "no rules"
while IFS= read -r rule; do
  awk -F'\t' -v rule="$rule" '$1 ~ /^same / && index("," $2 ",", "," rule ",") { found = 1 } END { exit !found }' "$work/compared" || fail "no release breaks $rule"
done <"$work/rules"
for code in 0 $(cut -d' ' -f1 "$work/rules" | sort -u); do
  grep -q "^same $code " "$work/compared" || fail "no verdict with code $code"
done
