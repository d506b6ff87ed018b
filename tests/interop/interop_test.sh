#!/bin/bash
# Sigstore's own verifier accepts every line of a release, and refuses every bent one; tuf-js follows our roots as
# TUF's rules say; Go's sumdb library opens our checkpoints and checks our proofs.
# Needs node, `npm ci` in tests/interop, go and Debian's golang-golang-x-mod-dev; fails, never skips,
# where they are missing.
# usage: interop_test.sh MAKE_RELEASE [SCRIPT]
set -euo pipefail
make_release=$1
# Beside the source file: that is where node_modules is.
script=$(readlink -f "${2:-tests/interop/verify_lines.cjs}")
modules=$(dirname "$script")/node_modules/@sigstore/verify
if [ ! -d "$modules" ]; then
  echo "missing: $modules; run: npm ci --prefix tests/interop" >&2
  exit 1
fi
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/interop.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$make_release" "$work"

verify() { node "$script" "$1" "$work/trusted_root.json" "$work/keyring.json"; }

verify "$work/release.sigstore.jsonl" > "$work/out" || { cat "$work/out"; exit 1; }
lines=$(wc -l < "$work/release.sigstore.jsonl")
accepted=$(grep -c '"accepted":true' "$work/out")
[ "$lines" -eq 8 ] && [ "$accepted" -eq 8 ] || { cat "$work/out"; exit 1; }

bent=0
for file in "$work"/bent/*.jsonl; do
  if verify "$file" > "$work/out" 2>&1; then
    echo "accepted, but bent: $(basename "$file")" >&2
    exit 1
  fi
  grep -q '"accepted":false' "$work/out" || { echo "no verdict:"; cat "$work/out"; exit 1; } >&2
  bent=$((bent + 1))
done
[ "$bent" -eq 18 ] || { echo "only $bent bent lines" >&2; exit 1; }
echo "accepted $accepted of $lines lines, refused $bent of $bent bent ones"

for folder in "$work"/roots/*; do
  found=$(node "$(dirname "$script")/follow_roots.cjs" "$folder")
  [ "${folder##*/}" = good ] && wanted=2 || wanted=1
  [ "${found%% *}" = $wanted ] || { echo "tuf-js follows the roots ${folder##*/} to $found, want $wanted" >&2; exit 1; }
done
[ "$(find "$work/roots" -name 2.root.json | wc -l)" -eq 5 ] || { echo "chains of roots are missing" >&2; exit 1; }
echo "tuf-js follows one chain of roots, and none of four others"

export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$work/go" HOME="$work"
go run "$(dirname "$script")/check_log.go" "$work/log.json"
