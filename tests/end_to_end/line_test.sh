#!/bin/bash
# The whole line on the small product of ours, and what must not get through it: a site that lies,
# a site that is down, a farmd that is killed, approvals that are missing, files that were changed.
# Under two minutes where its root file systems are there (farm.sh).
set -uo pipefail
source tests/end_to_end/farm.sh
set_up

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
finish_test
