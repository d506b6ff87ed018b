#!/bin/bash
# A program's page has the options of its --help, command by command, and no other; and is well-formed for mandoc,
# groff and man.  man_page_test.sh PROGRAM PAGE
set -euo pipefail
program=$1
page=$2
name=$(basename "$program")
bad=0

# Those that the program's own completion has, which is made of them: "" is the program itself.  Not those that take no
# option, nor those that consist of other commands and have --help alone.
commands_of_program() {
  "$program" completion bash | sed -nE "s/^    '( ?[^']*)'\) options='([^']*)'.*/\1|\2/p" | awk -F'|' '
    { options[$1] = $2; command[NR] = $1 }
    END {
      for (i = 1; i <= NR; ++i) {
        own = options[command[i]]; parent = 0
        if (own == "") continue
        gsub(/--help|-h/, "", own)
        for (other in options) if (index(other, command[i] " ") == 1) parent = 1
        if (!parent || own ~ /[^ ]/) print substr(command[i], 2)
      }
    }'
}

options_of_help() { # WORDS
  # shellcheck disable=SC2086
  "$program" $1 --help | sed -nE 's/^  (-[^ ]+).*/\1/p' | tr ',' '\n' | grep -oE '^--?[a-z][a-z-]*' | sort
}

# ".It Fl h , Fl -help" of the subsection that the command is.
options_of_page() { # WORDS PAGE
  awk -v section=".Ss $name${1:+ $1}" '
    /^\.S[hs] / { inside = $0 == section }
    inside && /^\.It Fl / { for (i = 2; i < NF; ++i) if ($i == "Fl") print "-" $(i + 1) }' "$2" | sort
}

compare() { # PAGE WORDS...
  local file=$1 words wrong=0
  shift
  for words in "$@"; do
    diff <(options_of_help "$words") <(options_of_page "$words" "$file") >"$scratch/difference" && continue
    echo "$file: options of \"$name${words:+ $words}\": < of --help only, > of the page only"
    cat "$scratch/difference"
    wrong=1
  done
  return $wrong
}

# Its first word, in the synopsis.
in_synopsis() { # PAGE WORD
  sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$1" | grep -qE "^\.Cm $2( |\$)"
}

check_form() { # PAGE
  local said
  said=$({
    mandoc -T lint -W warning "$1"
    groff -ww -mdoc -T utf8 -z "$1"
    man --warnings -E UTF-8 -l "$1" >/dev/null
  } 2>&1) || true
  [ -z "$said" ] || { echo "$said"; return 1; }
}

mapfile -t commands < <(commands_of_program)
[ "${#commands[@]}" -ge 4 ] || { echo "found only ${#commands[@]} commands"; exit 1; }
set -- "${commands[@]}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for words in "$@"; do
  [ "$(options_of_help "$words" | wc -l)" -ge 2 ] || { echo "\"$words --help\" lists hardly an option"; bad=1; }
done
compare "$page" "$@" || bad=1
for words in "$@"; do
  [ -z "$words" ] || in_synopsis "$page" "${words%% *}" || { echo "$page: no \"${words%% *}\" in the synopsis"; bad=1; }
done
check_form "$page" || bad=1
# Each subsection is a command that was compared.
while read -r section; do
  words=${section#.Ss "$name"}
  printf '%s\n' "$@" | grep -qxF -- "${words# }" || { echo "$page: \"$section\" was compared with nothing"; bad=1; }
done < <(grep '^\.Ss ' "$page")

# The rules are alive: an option less, one more, one under another command, and a macro that there is not.
mutant=$scratch/$(basename "$page")
for change in '0,/^\.It Fl -json/{/^\.It Fl -json/d}' '0,/^\.It Fl -json/s//.It Fl -jsons/' \
  '0,/^\.It Fl h , Fl -help/s//.It Fl -help/' '0,/^\.Ss/s/^\.Ss.*/.Ss elsewhere/'; do
  sed "$change" "$page" >"$mutant"
  ! cmp -s "$page" "$mutant" || { echo "\"$change\" changes nothing"; bad=1; }
  ! compare "$mutant" "$@" >/dev/null || { echo "the comparison let \"$change\" pass"; bad=1; }
done
sed 's/^\.El/.Ex/' "$page" >"$mutant"
! check_form "$mutant" >/dev/null || { echo "the check of the form let lists without an end pass"; bad=1; }
exit $bad
