#!/bin/bash
# Verifiers of others accept what a release is made of, and refuse each part of it with one byte changed: Sigstore's in
# two versions, a browser's, securesystemslib, Go's sumdb library (checkpoints, proofs, tiles).  As often as README.md
# says.
# Needs node, `npm ci` in tests/interop, go, Debian's golang-golang-x-mod-dev and python3-securesystemslib; fails, never
# skips, where they are missing.
# usage: interop_test.sh MAKE_RELEASE MAKE_LOG [SCRIPT]
set -euo pipefail
make_release=$1
make_log=$2
# Beside the source file: that is where node_modules is.
script=$(readlink -f "${3:-tests/interop/judge_lines.mjs}")
here=$(dirname "$script")
. "$here/readme.sh"
modules=$here/node_modules/@sigstore/verify
[ -d "$modules" ] || fail "missing: $modules; run: npm ci --prefix tests/interop"
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/interop.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$make_release" "$work"
"$make_log" "$work"
lines=$(wc -l <"$work/release.sigstore.jsonl")
certified=$(grep -c '"certificate":' "$work/release.sigstore.jsonl")

judge() { # JUDGE BUNDLE [PATTERN]: sets said, accepted, refused
  said=$(node "$script" "$1" "$work/$2" "$work/trusted_root.json" "$work/keyring.json" "${@:3}") || exit 1
  [[ $said =~ ^"$1: accepted "([0-9]+)", refused "([0-9]+) ]] || fail "$1 says: $said"
  accepted=${BASH_REMATCH[1]} refused=${BASH_REMATCH[2]}
  echo "$said of $2"
}
want() { [ "$accepted" = "$1" ] || fail "$said, want $1 accepted"; } # ACCEPTED
# Every line, and none of them with one thing changed.
judge verify-4 release.sigstore.jsonl
want "$lines"
row_says 'npm `@sigstore/verify` 4.1.3' "all $accepted lines of a release" "each with one thing changed: $refused"
# Both are older than Sigstore's only kind of entry for envelopes, hashedrekord over the PAE, and say so; the same
# lines under an entry of the kind that they know, and all that the farm makes but the entry, they accept.
older='npm `@sigstore/verify` 3.1.1'
judge verify-3 release.sigstore.jsonl '^TLOG_BODY_ERROR: digest mismatch$'
want 0
row_says "$older" "our own log entries, $refused of $lines: \`digest mismatch\`"
judge verify-3 dsse.sigstore.jsonl
want "$lines"
row_says "$older" "the same lines logged as \`dsse\` 0.0.2 ($accepted)" "those changed: $refused"
browser='npm `@freedomofpress/sigstore-browser` 0.1.14'
judge browser release.sigstore.jsonl '^Error: (Expected entry type dsse, got hashedrekord|No certificate found in bundle)$'
want 0
has "$said" "$certified: Error: Expected entry type dsse" && has "$said" "$((lines - certified)): Error: No certificate found" || fail "$said"
row_says "$browser" "our own, $certified of $certified: \`Expected entry type dsse\`" \
  "bare keys, $((lines - certified)) of $((lines - certified)): \`No certificate found\`"
judge browser dsse.sigstore.jsonl
want "$certified"
row_says "$browser" "the $accepted with a certificate, logged as \`dsse\`" "those changed: $refused"

said=$(/usr/bin/python3 "$here/check_dsse.py" "$work/release.sigstore.jsonl") # Debian's, which has the package
echo "$said"
[[ $said =~ ^"securesystemslib: accepted "([0-9]+)", refused "([0-9]+)$ ]] || fail "check_dsse.py says: $said"
row_says 'python3-securesystemslib 0.26 (Debian)' "${BASH_REMATCH[1]} envelopes" "${BASH_REMATCH[2]} changed ones"

export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$work/go" HOME="$work"
go='Go `x/mod` `sumdb/note` and `tlog` (Debian)'
said=$(go run "$here/check_log.go" "$work/log.json")
echo "$said"
[[ $said =~ ^"go sumdb: "(.*)"; refused "([0-9]+)" changed ones"$ ]] || fail "check_log.go says: $said"
row_says "$go" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]} changed ones"
said=$(go run "$here/check_tiles.go" "$work/log" "$work/log.vkey")
echo "$said"
[[ $said =~ ([0-9]+)" entries; refused "([0-9]+)" changed ones"$ ]] || fail "check_tiles.go says: $said"
row_says "$go" "a log of ${BASH_REMATCH[1]} entries" "${BASH_REMATCH[2]} changed checkpoints, tiles and entries"
