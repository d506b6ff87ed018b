#!/bin/bash
# The lines of code that README.md gives for each folder are those that are there, within 5 percent.
# `tests/tidy/lines_test.sh --print`, in the clone, prints the paragraph as it should be.
set -euo pipefail
cd "$(dirname "$(readlink -f WORKSPACE)")"

is_code=('(' -name '*.cc' -o -name '*.h' -o -name '*.sh' -o -name '*.proto' -o -name '*.bzl' -o -name '*.py' -o -name '*.inc' ')')
count() { # FIND-ARGUMENT...: lines of the code that it finds
  find "$@" -type f "${is_code[@]}" ! -path '*/node_modules/*' -print0 | xargs -0 cat | wc -l
}
count_product() { count "$@" ! -name '*_test.cc'; } # PATH...

audited=(farm/base farm/json farm/crypto farm/evidence farm/verify)
# What reads and judges bundles that others signed has these names.
foreign=(farm/crypto/foreign* farm/evidence/foreign_* farm/evidence/sigstore_trust.* farm/verify/sigstore*)

spaced() { # NUMBER: 12 345, but 1234
  if [ "$1" -ge 10000 ]; then echo "$(($1 / 1000)) $(printf %03d $(($1 % 1000)))"; else echo "$1"; fi
}

# "LINES FOLDER", the largest folder first.
list_folders() {
  local folder
  for folder in farm/*/; do echo "$(count_product "$folder") $(basename "$folder")"; done | sort -k1,1nr -k2
}

paragraph() {
  local lines folder prefix=farm/ tests
  {
    echo -n "Lines of code, tests and their support apart: \`sandbox\` $(spaced "$(count_product sandbox)"),"
    while read -r lines folder; do
      echo -n " \`$prefix$folder\` $(spaced "$lines"),"
      prefix=
    done < <(list_folders)
    tests=$(($(count farm sandbox -name '*_test.cc') + $(count tests)))
    echo " \`farm/quickstart\` $(wc -l <farm/quickstart); tests beside them and in \`tests/\` $(spaced $tests)." \
      "What a customer audits (\`base json crypto evidence verify\`) is $(spaced "$(count_product "${audited[@]}")") lines;" \
      "$(count_product "${foreign[@]}") of them judge what others signed (\`farm-verify sigstore\`)."
  } | sed -E 's/([`0-9]) ([0-9])/\1~\2/g' | fold -s -w 115 | sed 's/ *$//' | tr '~' ' ' # a name keeps its figure
}

# The paragraph in the file $1.
written() { sed -n '/^Lines of code, tests and their support apart:/,/^$/p' "$1" | sed '/^$/d'; }

# "WHAT LINES" of a paragraph on standard input, sorted.
figures() {
  tr '\n' ' ' | sed -E 's/([0-9]) ([0-9]{3})/\1\2/g; s/is ([0-9]+) lines; ([0-9]+) of them/`audited` \1 `foreign` \2/' |
    grep -oE '`[a-z_/]+` [0-9]+' | sed 's/`//g; s#^farm/##' | LC_ALL=C sort
}

compare() { # FILE with the paragraph of README.md: what is wrong with it
  join -a 1 -a 2 -e none -o 0,1.2,2.2 <(written "$1" | figures) <(figures <<<"$expected") | awk '
    $2 == "none" { print "README.md: no lines of code for " $1 ", want " $3; bad = 1; next }
    $3 == "none" { print "README.md: lines of code for " $1 ", of which there is nothing"; bad = 1; next }
    $2 < $3 * 0.95 || $2 > $3 * 1.05 { print "README.md: " $1 " has " $2 " lines, counted " $3; bad = 1 }
    END { exit bad || NR < 20 }'
}

expected=$(paragraph)
if [ "${1:-}" = --print ]; then
  echo "$expected"
  exit
fi
if ! LC_ALL=C compare README.md; then
  printf 'remedy: in README.md write\n\n%s\n' "$expected"
  exit 1
fi

# The rule is alive: a folder missing, one too many, too few and too many lines, no paragraph.
mutant=$(mktemp)
trap 'rm -f "$mutant"' EXIT
sandbox=$(count_product sandbox)
with_sandbox() { # LINES
  sed "s/\`sandbox\` [0-9]* *[0-9]*,/\`sandbox\` $1,/" <<<"$expected"
}
refuse() { # WHAT, the paragraph on standard input
  cat >"$mutant"
  if LC_ALL=C compare "$mutant" >/dev/null; then
    echo "the check of lines of code let $1 pass"
    exit 1
  fi
}
sed 's/`gate` [0-9]*,//' <<<"$expected" | refuse 'a folder missing'
sed 's/`gate`/`portal` 100, &/' <<<"$expected" | refuse 'a folder that is not there'
with_sandbox $((sandbox * 94 / 100)) | refuse 'too few lines'
with_sandbox $((sandbox * 106 / 100)) | refuse 'too many lines'
refuse 'no paragraph' </dev/null
with_sandbox $((sandbox * 104 / 100)) >"$mutant"
LC_ALL=C compare "$mutant" || { echo "the check of lines of code refuses 4 percent"; exit 1; }
