#!/bin/bash
# tuf-js follows a published tree over HTTP, roots and targets, and refuses rollback, freeze, missing thresholds and
# changed files.  As many trees as README.md says.  Needs node and `npm ci` in tests/interop; fails, never skips, where they are missing.
# usage: tuf_test.sh MAKE_TREES CLIENT
set -euo pipefail
make_trees=$1
client=$(readlink -f "$2") # beside the source file: that is where node_modules is
here=$(dirname "$client")
. "$here/readme.sh"
[ -d "$here/node_modules/tuf-js" ] || fail "missing: tuf-js; run: npm ci --prefix tests/interop"
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/tuf.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$make_trees" "$work/trees"

targets=(hello/newest.sigstore.jsonl trusted_root.json keyring.json)
follow() { node "$client" "$work/state" "$1" "${targets[@]}"; }
# What the client says of a tree is what lies in it.
check_accepted() { # TREE ROOT-VERSION
  follow "$1" >"$work/out" || { echo "refuses $1:"; cat "$work/out"; exit 1; } >&2
  { echo "root $2"; (cd "$1" && for target in "${targets[@]}"; do echo "$target $(sha256sum <"$target" | cut -d' ' -f1)"; done); } >"$work/want"
  diff "$work/want" "$work/out" >&2
}

accepted=0
refused=0
for folder in "$work"/trees/*; do
  name=${folder##*/}
  rm -rf "$work/state"
  check_accepted "$folder/before" 1
  if [ "$(<"$folder/expected")" = accepted ]; then
    check_accepted "$folder/after" 2
    accepted=$((accepted + 1))
    continue
  fi
  if follow "$folder/after" >"$work/out"; then
    echo "tuf-js accepts $name:" >&2
    cat "$work/out" >&2
    exit 1
  fi
  # Refused for the right reason.
  grep -qE "$(<"$folder/expected")" "$work/out" || { echo "$name: want /$(<"$folder/expected")/, found:"; cat "$work/out"; exit 1; } >&2
  refused=$((refused + 1))
done
echo "tuf-js follows $accepted trees and refuses $refused"
row_says 'npm `tuf-js` 3.1.0' "$accepted published trees" "$refused trees, each for its own reason"
