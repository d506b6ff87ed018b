#!/bin/bash
# The whole line on the small product of ours, and what must not get through it: a site that lies,
# a site that is down, a farmd that is killed, approvals that are missing, files that were changed.
# Runs as root (own uid a party) or as an ordinary user with subordinate ids.
# FARM_TEST_INPUTS: a folder that keeps fetched packages and, as root, assembled root file systems between
# runs.  The first run assembles, as each site does, once per lock; later ones need under two minutes.
set -uo pipefail
root=$(dirname "$(readlink -f WORKSPACE)")
inputs=${FARM_TEST_INPUTS:-/var/tmp/farm-test-inputs}
state=$(mktemp -d /var/tmp/farm-line.XXXXXX)
chmod 755 "$state"
supervisor=''
finish() {
  [ -z "$supervisor" ] || "$state/bin/farm" development stop --state "$state"
  if [ "${KEEP:-}" ]; then echo "kept $state"; else rm -rf --one-file-system "$state"; fi
}
trap finish EXIT

failures=0 checks=0 not_run=0
not_here() { echo "NOT RUN  $*"; not_run=$((not_run + 1)); }
check() { # DESCRIPTION WANTED-EXIT COMMAND...
  local description=$1 want=$2 got=0
  shift 2
  checks=$((checks + 1))
  "$@" >"$state/out" 2>"$state/err" || got=$?
  if [ $got = "$want" ]; then
    echo "ok    $description"
  else
    echo "FAIL  $description: exit $got, want $want"
    sed 's/^/      | /' "$state/out" "$state/err" | tail -30
    failures=$((failures + 1))
  fi
}
says() { # DESCRIPTION PATTERN: what the last check printed
  checks=$((checks + 1))
  if grep -qE -- "$2" "$state/out" "$state/err"; then
    echo "ok    $1"
  else
    echo "FAIL  $1: nothing matches $2"
    sed 's/^/      | /' "$state/out" "$state/err" | tail -30
    failures=$((failures + 1))
  fi
}
die() { echo "FAIL  $*"; tail -5 "$state"/run/*.log 2>/dev/null; exit 1; }

mkdir -p "$state/bin" "$inputs"
for program in cli/farm service/farmd site/farm-site gate/farm-signer log/farm-log witness/farm-witness timestamp/farm-tsa verify/farm-verify replay/farm-replay; do
  install -m 0755 "farm/$program" "$state/bin/"
done
install -m 0755 sandbox/farm-sandbox "$state/bin/"
PATH=$state/bin:/usr/sbin:/usr/bin:/sbin:/bin
cp -r "$root/manifests" "$state/manifests"
manifest=$state/manifests/products/greeting/manifest.textproto

start() { # OPTIONS of `farm development run`
  rm -f "$state/ready"
  farm development run --state "$state" "$@" >"$state/ready" 2>"$state/supervisor.log" &
  supervisor=$!
  for _ in $(seq 300); do
    grep -q ready "$state/ready" && return 0
    kill -0 $supervisor 2>/dev/null || break
    sleep 0.1
  done
  cat "$state/supervisor.log"
  die "the farm does not start"
}
stop() { farm development stop --state "$state"; wait $supervisor 2>/dev/null; supervisor=''; }
as() { # PARTY COMMAND...
  local party=$1 uid ids
  shift
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  read -r uid ids < <(farm development party "$party" --state "$state")
  farm-sandbox monitor --uid "$uid" --gid "$uid" --subids "$ids:65536" -- "$@"
}
requester() { as requester-1 "$@" --config "$state/parties/requester-1/config.json"; }
approve() { # MANIFEST
  local auditor
  for auditor in auditor-1 auditor-2; do
    as $auditor farm audit approve "$1" --config "$state/parties/$auditor/config.json" --toolchain "$state/toolchain" >"$state/out" 2>&1 || { cat "$state/out"; return 1; }
  done
}
verify() { farm-verify --root "$state/public/root.json" --policy "$state/public/policy.json" "$@"; }
# How many statements of a kind the log holds.
logged() { grep -lE "\"predicateType\":\"[^\"]*/$1/v1\"" "$state"/parties/log/data/payload/* | wc -l; }
equals() { # DESCRIPTION WANT GOT
  checks=$((checks + 1))
  if [ "$2" = "$3" ]; then echo "ok    $1"; else echo "FAIL  $1: $3, want $2"; failures=$((failures + 1)); fi
}
release_id() { requester farm list greeting 2>/dev/null | grep -F "/$1/" | awk '{print $NF; exit}'; }
variant() { # NAME SED-EXPRESSION: a manifest of the same product, changed
  sed -E "$2" "$manifest" >"$state/manifests/products/greeting/$1.textproto"
  echo "$state/manifests/products/greeting/$1.textproto"
}

# ---- set-up -----------------------------------------------------------------------------------------
farm init --development --state "$state" --programs "$state/bin" >/dev/null || die "farm init"
mkdir -p "$inputs/store"
farm fetch "$manifest" --store "$inputs/store" >/dev/null || die "farm fetch"
cp -rl "$inputs/store" "$state/inputs" 2>/dev/null || cp -r "$inputs/store" "$state/inputs"
chmod -R a+rX "$state/inputs"
roots=$inputs/roots
[ "$(id -u)" = 0 ] || roots=/nonexistent
[ ! -d "$roots/toolchain" ] || cp -a "$roots/toolchain" "$state/toolchain"
farm toolchain build "$manifest" --out "$state/toolchain" --store "$state/inputs" >/dev/null || die "farm toolchain build"
start --restart
if [ -d "$roots/sites" ]; then
  for site in "$state"/parties/site-*; do
    cp -r "$roots/sites/." "$site/store/roots/" && chown -R --reference="$site" "$site/store/roots" || die "roots of $site"
  done
fi
keep_roots() { # what was assembled and found good serves the next run
  [ "$(id -u)" = 0 ] && [ ! -d "$roots/sites" ] || return 0
  mkdir -p "$roots"
  cp -a "$state/toolchain" "$roots/toolchain" && cp -a "$state/parties/site-xa/store/roots" "$roots/.sites" && mv "$roots/.sites" "$roots/sites"
}

# ---- one release ------------------------------------------------------------------------------------
check "a release without approvals waits" 14 requester farm release "$manifest" --wait --timeout 3
says "and says for what" '^why: .*0 of 2 approvals'
check "two auditors approve" 0 approve "$manifest"
check "the release goes through" 0 requester farm release "$manifest" --wait
says "with sequence 1" 'sequence 1 '
published=$state/published/greeting/1.0
keep_roots
for file in greet libgreeting.so.1; do
  check "farm-verify $file" 0 verify --allow-development-root "$published/$file"
  says "says what it proved" "^VERIFIED \(development: 1 machine, 1 operator\)  greeting 1\.0  $file\$"
done
check "a development root needs to be allowed" 13 verify "$published/greet"
check "Sigstore's own verifier accepts every line" 0 node "$root/tests/interop/verify_lines.cjs" "$published/greet.sigstore.jsonl" "$state/public/trusted_root.json" "$state/public/keyring.json"
equals "of all $(wc -l <"$published/greet.sigstore.jsonl")" "$(wc -l <"$published/greet.sigstore.jsonl")" "$(grep -c '"accepted":true' "$state/out")"
expected=0
while read -r name sha256; do
  expected=$((expected + 1))
  check "$name is what expected.json says" 0 sh -c "echo '$sha256  $published/$name' | sha256sum --check --quiet"
done < <(tr -d '\n' <"$root/manifests/products/greeting/expected.json" | grep -oE '\{[^{}]*"name"[^{}]*\}' | sed -nE 's/.*"name": *"([^"]+)".*"sha256": *"([0-9a-f]{64})".*/\1 \2/p')
equals "expected.json has both artifacts" 2 $expected
check "the same manifest again is the same release" 0 requester farm release "$manifest" --wait
says "still sequence 1" 'sequence 1 '
equals "and one release in the log" 1 "$(logged release)"

# ---- files that were changed --------------------------------------------------------------------------
cp "$published/greet" "$state/changed"; printf x >>"$state/changed"
check "a changed artifact" 10 verify --allow-development-root --bundle "$published/greet.sigstore.jsonl" "$state/changed"
head -c 2000 "$published/greet.sigstore.jsonl" >"$state/truncated"
check "a truncated bundle" 2 verify --allow-development-root --bundle "$state/truncated" "$published/greet"
lines=$(wc -l <"$published/greet.sigstore.jsonl")
refused=0
for line in $(seq "$lines"); do
  sed "${line}d" "$published/greet.sigstore.jsonl" >"$state/without"
  verify --allow-development-root --bundle "$state/without" "$published/greet" >"$state/out" 2>&1 || refused=$((refused + 1))
done
equals "a bundle without any one of its lines is refused" "$lines" $refused
sed 's/"sites": *3/"sites": 4/' "$state/public/policy.json" >"$state/policy4.json"
check "a policy that wants four sites" 12 farm-verify --root "$state/public/root.json" --policy "$state/policy4.json" --allow-development-root "$published/greet"

# ---- the kit -------------------------------------------------------------------------------------------
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

# Without any program of ours, as an ordinary user.
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
bent_kit "a shell's text as a step's name" actions.txt "1s#.*#step \$(touch\$IFS$state/user/marker)#"
bent_kit "quoted shell text" actions.txt "1s#.*#step 'x'; touch $state/user/marker \##"
check "none of it was run" 1 test -e "$state/user/marker"
bent_kit "an artifact from elsewhere" actions.txt 's#^artifact program greet greet#artifact ../../../kit evidence greet#'
bent_kit "an input that is put outside" actions.txt '0,/^input [^ ]+/s##input ../../../x#'
bent_kit "another command" actions.txt '0,/^run cc/s##run true#'
bent_kit "a variable of its own" actions.txt '0,/^variable TZ=UTC/s##variable LD_PRELOAD=/build/x.so#'
bent_kit "a step less" actions.txt '/^step program/,/^end/d'
bent_kit "an output that is not declared" actions.txt 's#^output greet#output greet.c#'
bent_kit "an artifact less" artifacts.txt '1d'
bent_kit "another manifest" manifest.json 's#"-O2"#"-O0"#'
bent_kit "another package" packages/packages.list '1s#[0-9a-f]{64}#0000000000000000000000000000000000000000000000000000000000000000#'
source_file=$(basename "$(ls "$state"/kit/sources/* | head -n 1)")
bent_kit "a flipped source byte" "sources/$source_file" 's#greeting.h"#Greeting.h"#'

# ---- a farmd that is killed ------------------------------------------------------------------------------
slow=$(variant slow 's/^version: .*/version: "1.1"/; 0,/^  argv: "cc"/s//  argv: "sh"\n  argv: "-c"\n  argv: "sleep 4; exec cc \\"$@\\""\n  argv: "cc"/')
check "approvals for 1.1" 0 approve "$slow"
requester farm release "$slow" --wait >"$state/slow.out" 2>&1 &
waiting=$!
building=0
for _ in $(seq 600); do
  if grep -q 'action: ' "$state/slow.out"; then building=1; break; fi
  sleep 0.1
done
equals "a site builds" 1 $building
old_farmd=$(pgrep -f "^$state/bin/farmd --config")
check "kill -9 of farmd" 0 kill -9 "$old_farmd"
wait $waiting
equals "killed in the middle of a build, the release still goes through" 0 $?
check "once" 0 grep -q 'sequence 2 ' "$state/slow.out"
equals "with one release in the log" 2 "$(logged release)"
equals "and a farmd that is another process" 1 "$(pgrep -f "^$state/bin/farmd --config" | grep -cvx "$old_farmd")"

# ---- a site that is down ---------------------------------------------------------------------------------
stop
start --restart --without site-xb
down=$(variant down 's/^version: .*/version: "1.2"/')
check "approvals for 1.2" 0 approve "$down"
check "a site that is down leaves the release waiting" 30 requester farm release "$down" --wait --timeout 10
check "farm why" 0 requester farm why "$(release_id 1.2)"
says "names the site" '^why: .*site-xb.* does not answer'
stop
start --restart
check "when the site is back the release goes through" 0 requester farm watch "$(release_id 1.2)"
stop

# ---- a site that lies -----------------------------------------------------------------------------------
cat >"$state/bin/lying-sandbox" <<EOF
#!/bin/bash
# The launcher of a dishonest site: adds a byte to what a build gave.
words=\$(mktemp)
fd=\$(printf '%s\n' "\$@" | grep -A1 -x -- --args-fd | tail -1)
eval "cat <&\$fd" >"\$words"
eval "'$state/bin/farm-sandbox' \"\\\$@\" \$fd<'\$words'"
code=\$?
outputs=\$(tr '\0' '\n' <"\$words" | grep -A1 -x -- --output-dir | tail -1)
[ -z "\$outputs" ] || find "\$outputs" -name greet -type f -exec sh -c 'printf Z >>"\$1"' sh {} \;
rm -f "\$words"
exit \$code
EOF
chmod 755 "$state/bin/lying-sandbox"
cp -p "$state/parties/site-xc/config.json" "$state/honest.json"
sed -i "s#bin/farm-sandbox\"#bin/lying-sandbox\"#" "$state/parties/site-xc/config.json"
start --restart
liar=$(variant liar 's/^version: .*/version: "1.3"/')
check "approvals for 1.3" 0 approve "$liar"
check "one site that lies: nothing is released" 23 requester farm release "$liar" --wait
check "farm why" 0 requester farm why "$(release_id 1.3)"
says "names site and artifact" 'greet.*site-xc|site-xc.*greet'
check "nothing is published" 1 test -e "$state/published/greeting/1.3/greet"
check "the same manifest is refused for ever" 23 requester farm release "$liar" --wait
stop
cp -p "$state/honest.json" "$state/parties/site-xc/config.json"
start --restart
check "also by honest sites" 23 requester farm release "$liar" --wait
revision=$(variant revision 's/^version: .*/version: "1.3"/; s/^revision: 1/revision: 2/')
check "approvals for revision 2" 0 approve "$revision"
check "a new revision goes through" 0 requester farm release "$revision" --wait

# ---- who may what -----------------------------------------------------------------------------------------
check "an auditor may not submit" 25 as auditor-1 farm release "$manifest" --config "$state/parties/auditor-1/config.json"
if [ "$(id -u)" = 0 ]; then
  read -r uid _ < <(farm development party site-xa --state "$state")
  check "a site cannot read another's key" 1 setpriv --reuid "$uid" --regid "$uid" --clear-groups cat "$state/parties/site-xb/key.pem"
  check "but its own" 0 setpriv --reuid "$uid" --regid "$uid" --clear-groups cat "$state/parties/site-xa/key.pem"
else
  not_here "a site cannot read another's key: all parties of a rootless farm share one uid"
fi

# ---- the README's pages, as they are written ----------------------------------------------------------------
mkdir -p "$state/replay/readme"
cp -a "$state/toolchain" "$state/replay/readme/toolchain"
cp -a "$state/toolchain" "$state/toolchain-cc"
check "the README's five pages" 0 "$root/tests/end_to_end/readme" "$state"
says "are five" '^ok    README page for operator'
stop

echo "$checks checks, $failures failed, $not_run not run"
[ $failures = 0 ]
