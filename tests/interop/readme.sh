# What README.md says, for the tests of this folder, which source this file.  $here: the folder.

fail() { echo "$*" >&2; exit 1; }
has() { [[ $1 =~ (^|[^0-9])"$2"($|[^0-9]) ]]; } # STRING PART: and no number of the part goes on
readme_says() { has "$(tr '\n' ' ' <"$here/README.md")" "$1" || fail "README.md does not say: $1"; } # TEXT
row_says() { # JUDGE TEXT...: the one row of the table that begins with JUDGE
  local row text
  row=$(grep -F "| $1 |" "$here/README.md") && [ "$(wc -l <<<"$row")" = 1 ] || fail "README.md has not one row of $1"
  for text in "${@:2}"; do has "$row" "$text" || fail "README.md does not say of $1: $text"; done
}
