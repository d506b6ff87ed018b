#!/bin/bash
# `farm bundle export` writes files that openssl alone can check: each command of its README succeeds on a sound
# release, and each file with one byte changed makes a command fail.  As often as README.md says.
# usage: openssl_test.sh MAKE_RELEASE FARM
set -euo pipefail
make_release=$(readlink -f "$1")
farm=$(readlink -f "$2")
here=$(dirname "$(readlink -f "$0")")
. "$here/readme.sh"
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/openssl.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$make_release" "$work"
"$farm" bundle export "$work/release.sigstore.jsonl" "$work/evidence" --root "$work/root.json" >"$work/out"
cd "$work/evidence"
sed -n 's/^    //p' README >"$work/commands"

run() { bash -o pipefail -c "$1" >"$work/out" 2>&1; }
sound=0
while IFS= read -r command; do
  run "$command" || { echo "fails: $command"; cat "$work/out"; exit 1; } >&2
  sound=$((sound + 1))
done <"$work/commands"
# 8 lines: statement, signature, time stamp, log, two witnesses; 5 of them with a certificate and its key.
[ "$sound" -eq $((8 * 6 + 5 * 2)) ] || fail "$sound commands, want 58"

flip() { # FILE AT: one bit of that byte; a letter of PEM stays a letter
  local byte
  byte=$(od -An -tu1 -j"$2" -N1 "$1")
  printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
refused() { # FILE AT: a command that names the file must fail
  local command failed=1
  cp "$1" "$work/kept"
  flip "$1" "$2"
  while IFS= read -r command; do
    run "$command" || { failed=0; break; }
  done < <(grep -F -- "$1" "$work/commands")
  cp "$work/kept" "$1"
  [ $failed = 0 ] || { echo "accepted with byte $2 of $1 changed" >&2; exit 1; }
}
changed=0
for file in */*; do
  size=$(stat -c %s "$file")
  case $file in
    # Not read by a command, or beside the same certificate in the time stamp itself.
    */leaf.json | */stamps.pem) continue ;;
    # The imprint, and the signature at the end: certificates in between are not part of what is signed.
    */time-stamp.tsr)
      imprint=$(openssl dgst -sha256 -r "${file%/*}/signature.der" | cut -c1-64)
      bytes=$(od -An -v -tx1 "$file" | tr -d ' \n')
      [[ $bytes == *$imprint* ]] || { echo "$file is not over signature.der" >&2; exit 1; }
      before=${bytes%%"$imprint"*} at=$((${#before} / 2))
      places="$at $((at + 31)) $((size - 40)) $((size - 1))" ;;
    *.pem) places="60 $((size / 2)) $((size - 60))" ;;
    *) places="0 $((size / 2)) $((size - 1))" ;;
  esac
  for at in $places; do
    refused "$file" "$at"
    changed=$((changed + 1))
  done
done
echo "openssl: $sound commands succeed, $changed changed files are refused"
row_says '`openssl` 3.0, on what `farm bundle export` writes' "$sound commands of its README" "$changed files with one byte changed"
