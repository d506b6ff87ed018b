#!/bin/bash
# Each test that a document names in backticks is in the tree: a target, a file, a suite's case. So is what stands
# behind a test's name: its cases (`world_test` NewerIsNewer, ASecondTakes..), its rows (`walls_test` cwd_is_build),
# and behind `report` its hostile behaviours (identity/become_*).
set -euo pipefail
cd "$(dirname "$(readlink -f WORKSPACE)")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# ---- what there is ----------------------------------------------------------------------------------
tree=(find . \( -path './.*' -o -name node_modules \) -prune -o -type f)
"${tree[@]}" -printf '%P\n' >"$scratch/files"
# "//folder:name" of each name in a BUILD, also of those that a macro or a list makes targets of.
grep -E '(^|/)BUILD$' "$scratch/files" | xargs grep -HoE '"[A-Za-z0-9_.-]+"' |
  sed -E 's#^(.*/)?BUILD:"(.*)"$#//\1:\2#; s#/:#:#' >"$scratch/targets"
# "file-without-suffix Suite Case" of each case, and "file-without-suffix row_name" of each word with an underscore.
list_cases() { # FILE NAME
  tr '\n' ' ' <"$1" | grep -oE '\bTEST(_F|_P)?\( *\w+, *\w+' |
    sed -E "s#TEST(_F|_P)?\( *(\w+), *(\w+)#$2 \2 \3#" || true
  grep -oE '\b[a-z0-9]+(_[a-z0-9]+)+\b' "$1" | sort -u | sed "s#^#$2 #" || true
}
{
  grep -E '_test\.(cc|sh)$' "$scratch/files" |
    while read -r file; do list_cases "$file" "$(basename "${file%.*}")"; done
  list_cases sandbox/holes.h layers_test # whose rows are the layers
} >"$scratch/cases"
# "group/name" of each row of the table of attacks.
sed -nE 's#.*\.name = "([a-z]+/[a-z0-9_]+)".*#\1#p' tests/attacks/catalogue.cc >"$scratch/behaviours"

# ---- what a document names ------------------------------------------------------------------------
# Lines "what name [test]" of the document $1: each kind of name that check() knows.
list_names() {
  awk '
    /^ *```/ { fenced = !fenced; next }
    fenced { next }
    # A row of a table, a bullet and an empty line end what stood before.
    { text = text ($0 ~ /^\||^ *- |^$|^#/ ? " ¶ " : " ") $0 }
    function names_of_span(span,   words, count, i, word) {
      count = split(span, words, / +/)
      for (i = 1; i <= count; ++i) {
        word = words[i]
        if (word ~ /^\/\/[a-z]/) print "label", word
        else if (word ~ /^[A-Za-z0-9_\/]*[a-z0-9_]+_test\.(cc|sh)$/) print "file", word
        else if (word ~ /^[a-z][a-z0-9_]*_test(_[a-z]+)*$/) print "target", word
        else if (word ~ /^[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+$/) print "case", word
      }
    }
    function names_behind(test, behind,   words, count, i, word, group) {
      gsub(/\.\./, "~", behind)  # which ends no sentence
      sub(/(\.( |$|[]`)])|;|\||\]|:|¶).*/, "", behind)
      gsub(/~/, "..", behind)
      count = split(behind, words, /[ ,()]+/)
      for (i = 1; i <= count; ++i) {
        word = words[i]
        if (test == "report") {
          if (word ~ /^[a-z]+\/[a-z_*]+$/) { group = word; sub(/\/.*/, "", group); print "behaviour", word }
          else if (group != "" && word ~ /^[a-z]*[_*][a-z_*]*$/) print "behaviour", group "/" word
        } else if (word ~ /^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*|\.\*)?(\.\.)?$/ &&
                   (word ~ /\./ || word ~ /[a-z][A-Z]/ || word ~ /^A[A-Z][a-z]/)) {
          print "case_of", word, test
        } else if (word ~ /^[a-z0-9]+(_[a-z0-9]+)+$/) {
          print "row_of", word, test
        }
      }
    }
    END {
      count = split(text, parts, "`")
      for (i = 2; i <= count; i += 2) {
        names_of_span(parts[i])
        if (parts[i] ~ /^([a-z0-9_]+_test|report)( --.*)?$/) {
          sub(/ .*/, "", parts[i])
          names_behind(parts[i], parts[i + 1])
        }
      }
    }' "$1"
}

is_there() { # KIND NAME [TEST]
  local kind=$1 name=$2 test=${3:-} pattern folder target
  case $kind in
    label)
      folder=${name#//} target=
      if [[ $name = *:* ]]; then target=${folder#*:} folder=${folder%%:*}; fi
      [[ $folder != *... ]] || { [ -d "${folder%...}" ]; return; }
      [ -f "$folder/BUILD" ] || return 1
      [ -z "$target" ] || [ "$target" = all ] || [ -f "$folder/$target" ] ||
        grep -qxF "//$folder:$target" "$scratch/targets"
      ;;
    file) # with its folder from the top, or of some folder
      if [[ $name = */* ]]; then [ -f "$name" ]; else grep -qE "/$name\$" "$scratch/files"; fi
      ;;
    target) # BUILD may add the "_test", and sandbox_test adds the mode
      target=$name
      if [[ $name =~ _test_(root|rootless|monitor)$ ]]; then target=${name%_*}; fi
      grep -qE ":($name|$target)\$" "$scratch/targets" && return
      grep -qE "/$name\.(cc|sh)\$" "$scratch/files" && grep -qE ":${name%_test}\$" "$scratch/targets"
      ;;
    case) grep -qE "^[a-z0-9_]+ ${name/./ }\$" "$scratch/cases" ;;
    case_of) # Suite.Case, Suite.*, Suite or Case; ".." stands for the rest of the name
      pattern=${name%..}
      [ "$pattern" = "$name" ] || pattern+='\w*'
      case $pattern in
        *.\*) pattern="${pattern%.\*} \w+" ;;
        *.*) pattern=${pattern/./ } ;;
        *) pattern="($pattern \w+|\w+ $pattern)" ;;
      esac
      grep -qE "^$test $pattern\$" "$scratch/cases"
      ;;
    row_of) grep -qxF "$test $name" "$scratch/cases" ;;
    behaviour) grep -qxE "${name//\*/.*}" "$scratch/behaviours" ;;
    *) return 1 ;;
  esac
}

check() { # DOCUMENT [NAME-IN-MESSAGES]
  local kind name test bad=0
  while read -r kind name test; do
    is_there "$kind" "$name" "$test" && continue
    echo "${2:-$1}: names \"${test:+$test }$name\", and there is none"
    bad=1
  done < <(list_names "$1" | sort -u)
  return $bad
}

bad=0
mapfile -t documents < <(grep -E '\.md$' "$scratch/files" | sort)
[ ${#documents[@]} -gt 10 ] || { echo "found only ${#documents[@]} documents"; bad=1; }
for document in "${documents[@]}"; do check "$document" || bad=1; done
for kind in label target case_of row_of behaviour; do
  count=$(list_names sandbox/README.md | grep -c "^$kind " || true)
  want=3
  if [ "$kind" = case_of ]; then want=60; fi
  [ "$count" -ge "$want" ] || { echo "sandbox/README.md: found only $count names of the kind $kind"; bad=1; }
done

# The rule is alive: a name of each kind that is not there.
while IFS='>' read -r what line; do
  echo "$line" >"$scratch/mutant.md"
  if check "$scratch/mutant.md" >/dev/null; then echo "the check let $what pass"; bad=1; fi
done <<'END'
a target of no folder>`//sandbox:farm-sandbox-for-nobody`
a folder that is not there>`bazel test //tests/nowhere/...`
a file that is not there>`nothing_test.cc`
a file in another folder>`farm/verify/values_test.cc`
a target that is not there>`nothing_test`, `values_test`
a mode that is not there>`walls_test_alone`
a target with less than its name>`report_test_priv`
a case that is not there>`World.NewerIsOlder`
a case of another test>| x | `walls_test` NewerIsNewer |
a case before a bracket>- x. [`walls_test` AKilledCommandHasSaidWhatConfinedHer.]
a beginning of no case>| x | `world_test` NewerIsNewer, ASecondTakesAMinute.. |
a suite that is not there>- `stages_test` Outputs.*, Chek.*
a row that is not there>- `walls_test` cwd_is_build, cwd_is_home
a behaviour that is not there>- `report` identity/become_*, become_nobody
a behaviour of another group>- `report` files/capabilities
END
cat >"$scratch/right.md" <<'END'
`//sandbox:monitor`, `values_test.cc`, `tests/tidy/tree_test.sh`, `walls_test_root`, `report_test_privileged`,
`fields_test`, `bed_test --runs 3`, `bazel test //tests/fuzz/...`, `World.NewerIsNewer`;
`world_test` NewerIsNewer, ASecondTakes.., SameEveryTime; `stages_test` Outputs.*; `walls_test` cwd_is_build;
`report` resources/*, files/read_*, write_root; `report`. NoNameOfATest and no_row
END
check "$scratch/right.md" "what is there" || bad=1
exit $bad
