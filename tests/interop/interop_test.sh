#!/bin/bash
# Verifiers of others accept what a release is made of, and refuse each part of it with one byte changed: Sigstore's in
# two versions, a browser's, securesystemslib, Go's sumdb library (checkpoints, proofs, tiles).
# Needs node, `npm ci` in tests/interop, go, Debian's golang-golang-x-mod-dev and python3-securesystemslib; fails, never
# skips, where they are missing.
# usage: interop_test.sh MAKE_RELEASE MAKE_LOG [SCRIPT]
set -euo pipefail
make_release=$1
make_log=$2
# Beside the source file: that is where node_modules is.
script=$(readlink -f "${3:-tests/interop/judge_lines.mjs}")
here=$(dirname "$script")
modules=$here/node_modules/@sigstore/verify
if [ ! -d "$modules" ]; then
  echo "missing: $modules; run: npm ci --prefix tests/interop" >&2
  exit 1
fi
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/interop.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$make_release" "$work"
"$make_log" "$work"

judge() { # JUDGE BUNDLE WANTED [PATTERN]: what it prints must be WANTED, how much it accepts and refuses
  local said
  said=$(node "$script" "$1" "$work/$2" "$work/trusted_root.json" "$work/keyring.json" "${@:4}") || exit 1
  grep -qxE "$1: $3" <<<"$said" || { echo "$said, want $3" >&2; exit 1; }
  echo "$said of $2"
}
# Every line, and none of them with one thing changed.
judge verify-4 release.sigstore.jsonl 'accepted 8, refused [0-9]{3,}'
# Both are older than Sigstore's only kind of entry for envelopes, hashedrekord over the PAE, and say so; the same
# lines under an entry of the kind that they know, and all that the farm makes but the entry, they accept.
judge verify-3 release.sigstore.jsonl 'accepted 0, refused 8' '^TLOG_BODY_ERROR: digest mismatch$'
judge browser release.sigstore.jsonl 'accepted 0, refused 8' '^Error: (Expected entry type dsse, got hashedrekord|No certificate found in bundle)$'
judge verify-3 dsse.sigstore.jsonl 'accepted 8, refused [0-9]{3,}'
judge browser dsse.sigstore.jsonl 'accepted 5, refused [0-9]{3,}'

/usr/bin/python3 "$here/check_dsse.py" "$work/release.sigstore.jsonl" # Debian's, which has the package

export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$work/go" HOME="$work"
go run "$here/check_log.go" "$work/log.json"
go run "$here/check_tiles.go" "$work/log" "$work/log.vkey"
