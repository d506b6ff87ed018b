#!/bin/bash
# From the published kit back to the same bytes: by farm-replay, and by the kit's own replay.sh, which
# needs no program of ours, as an ordinary user; and what neither takes for a MATCH.
set -uo pipefail
source tests/end_to_end/farm.sh
set_up
approve "$manifest" || die "no approvals"
requester farm release "$manifest" --wait >"$state/out" 2>&1 || { cat "$state/out"; die "no release"; }
keep_roots
published=$state/published/greeting/1.0

# ---- farm-replay ---------------------------------------------------------------------------------------
kit=$(ls "$published"/*.farmkit)
replay() { farm-replay run "$1" --root "$state/public/root.json" --policy "$state/public/policy.json" --allow-development-root --out "$2"; }
mkdir -p "$state/replay"
cp -a "$state/toolchain" "$state/replay/toolchain"
check "the kit gives MATCH" 0 replay "$kit" "$state/replay"
says "of both artifacts" 'MATCH  2 of 2'
cp "$kit" "$state/flipped.farmkit"
offset=$(grep -aobF 'greeting.h"' "$kit" | cut -d: -f1 | while read -r at; do
  # In a source file, not in the manifest or a statement: C has the include in quotes.
  [ "$(dd if="$kit" bs=1 skip=$((at - 10)) count=10 status=none)" = '#include "' ] && echo "$at" && break
done)
[ -n "$offset" ] || die "no source file in the kit that includes greeting.h"
printf 'G' | dd of="$state/flipped.farmkit" bs=1 seek="$offset" conv=notrunc status=none
check "a flipped source byte in the kit" 22 replay "$state/flipped.farmkit" "$state/replay-flipped"

# ---- replay.sh, without any program of ours ----------------------------------------------------------
mkdir -p "$state/kit"
tar -xf "$kit" -C "$state/kit"
chmod -R a+rX "$state/kit"
user() {
  if [ "$(id -u)" = 0 ]; then "$root/tests/support/as_user.sh" "$state/user" "$@"; else "$@"; fi
}
check "replay.sh gives MATCH" 0 user "$state/kit/replay.sh" --work "$state/user/work"
says "of both artifacts" '^MATCH: 2 of 2'
says "of this manifest" "^manifest $(farm plan "$manifest" --digest)"
bent_kit() { # DESCRIPTION FILE SED-EXPRESSION: refused before anything runs
  cp -p "$state/kit/$2" "$state/honest"
  sed -i -E "$3" "$state/kit/$2"
  if cmp -s "$state/kit/$2" "$state/honest"; then
    echo "FAIL  $1: $3 changes nothing" && failures=$((failures + 1))
  fi
  check "replay.sh, $1" 22 user "$state/kit/replay.sh" --work "$state/user/bent"
  cp -p "$state/honest" "$state/kit/$2"
}
bent_kit "a step's name that leads out" manifest.json 's#"name":"program"#"name":"../program"#'
bent_kit "an artifact from elsewhere" manifest.json 's#"path":"greet"#"path":"../../../kit/evidence"#'
bent_kit "another lock" manifest.json 's#"lock":"sha256:[0-9a-f]{4}#"lock":"sha256:0000#'
bent_kit "a source that the kit does not have" manifest.json 's#"sha256":"[0-9a-f]{4}#"sha256":"0000#'
bent_kit "an artifact less" artifacts.txt '1d'
bent_kit "an artifact more" artifacts.txt '1{p;s#[^ ]+$#evidence#}'
bent_kit "another package" packages/packages.list '1s#[0-9a-f]{64}#0000000000000000000000000000000000000000000000000000000000000000#'
source_file=$(basename "$(ls "$state"/kit/sources/* | head -n 1)")
bent_kit "a flipped source byte" "sources/$source_file" 's#greeting.h"#Greeting.h"#'

finish_test
