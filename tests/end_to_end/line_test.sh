#!/bin/bash
# The whole line on the small product of ours, and what must not get through it: a site that lies,
# a site that is down or hangs, a farmd that is killed, approvals that are missing, files that were changed.
# Under two minutes where its root file systems are there (farm.sh).
set -uo pipefail
source tests/end_to_end/farm.sh
set_up

# ---- who runs as whom --------------------------------------------------------------------------------
uids=()
for party in site-xa=farm-site site-xb=farm-site site-xc=farm-site farmd=farmd signer=farm-signer log=farm-log; do
  program=${party#*=} party=${party%=*}
  uid=$(id -u)
  [ "$uid" != 0 ] || read -r uid _ < <(farm development party "$party" --state "$state")
  runs_as=$(ps -o uid= -p "$(daemon "$program" "$party")" | tr -d ' ')
  equals "the $program of $party runs as the user of $party" "$uid" "$runs_as"
  uids+=("$runs_as")
done
if [ "$(id -u)" = 0 ]; then
  equals "they are six users, none of them root" 6 "$(printf '%s\n' "${uids[@]}" | grep -vx 0 | sort -u | wc -l)"
else
  equals "without root all six are who we are" "$(id -u)" "$(printf '%s\n' "${uids[@]}" | sort -u)"
fi

for program in farmd farm-site farm-signer farm-log farm-witness farm-tsa; do
  check "$program --help" 0 "$program" --help
  says "shows its configuration" '"format": "farm-config/1"'
  check "without its configuration" 2 "$program" --config "$state/missing.json"
  says "names it" 'missing\.json'
done

# A machine on which nothing can be built.
cat >"$state/bin/no-sandbox" <<'EOF'
#!/bin/sh
[ "$*" = 'doctor --json' ] || exit 2
echo '{"format":"farm-sandbox-doctor/1","findings":[{"name":"landlock","needed":true,"present":false,"detail":"ABI 0","remedy":"boot with lsm=landlock"}],"usable":false}'
exit 30
EOF
chmod 755 "$state/bin/no-sandbox"
site_with() { # LAUNCHER: a site that must not come so far as to need its keys
  sed "s#\"[^\"]*/bin/farm-sandbox\"#\"$1\"#" "$state/parties/site-xb/config.json" >"$state/site.json"
  farm-site --config "$state/site.json"
}
check "a site does not start where no build could run" 30 site_with "$state/bin/no-sandbox"
says "and names what is missing, and the remedy" 'no build can run .*landlock .needed.: ABI 0; remedy: boot with lsm=landlock'
check "nor with a launcher that is none" 70 site_with /bin/false
says "and names it" '/bin/false doctor --json'

# ---- one release ------------------------------------------------------------------------------------
check "farm plan asks farmd" 0 requester farm plan "$manifest"
says "which has no approval" '^approvals  0 of 2$'
check "farm list" 0 requester farm list
equals "and holds no release for having been asked" '' "$(cat "$state/out")"
check "a release without approvals waits" 14 requester farm release "$manifest" --wait --timeout 3
says "and says for what" '^why: .*0 of 2 approvals'
check "two auditors approve" 0 approve "$manifest"
check "the release goes through" 0 requester farm release "$manifest" --wait
says "with sequence 1" 'sequence 1 '
published=$state/published/greeting/1.0
keep_root
development='development: 1 machine, 1 operator'
[ "$(id -u)" = 0 ] || development+=', limits observed'
for file in greet libgreeting.so.1; do
  check "farm-verify $file" 0 verify --allow-development-root "$published/$file"
  says "says what it proved" "^VERIFIED \($development\)  greeting 1\.0  ${file//./\\.}\$"
done
shown_as=directory
[ "$(id -u)" != 0 ] || shown_as=image
check "farm-verify --facts" 0 verify --allow-development-root --facts "$published/greet"
equals "each site has built in a root shown as $shown_as" 3 "$(grep -cE "^ +sandbox +root_backend \"$shown_as\"\$" "$state/out")"
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
erase=$'\r\033\\[K'
equals "without a terminal no line is drawn over" 0 "$(grep -cE "$erase" "$state/err")"
check "on a terminal it is the same" 0 as requester-1 script -qec "farm release $manifest --wait --config $state/parties/requester-1/config.json" /dev/null
says "and progress is drawn over" "${erase}released  [0-9]"

# ---- files that were changed --------------------------------------------------------------------------
cp "$published/greet" "$state/changed"; printf x >>"$state/changed"
check "a changed artifact" 10 verify --allow-development-root --bundle "$published/greet.sigstore.jsonl" "$state/changed"
head -c 2000 "$published/greet.sigstore.jsonl" >"$state/truncated"
check "a truncated bundle" 2 verify --allow-development-root --bundle "$state/truncated" "$published/greet"
lines=$(wc -l <"$published/greet.sigstore.jsonl")
refused=0
for line in $(seq "$lines"); do
  sed "${line}d" "$published/greet.sigstore.jsonl" >"$state/without"
  verify --allow-development-root --bundle "$state/without" "$published/greet" >"$state/out" 2>&1
  case $? in 2 | 12 | 14 | 22) refused=$((refused + 1)) ;; *) echo "      | without line $line: exit $?" ;; esac
done
equals "a bundle without any one of its lines is refused" "$lines" $refused
sed 's/"sites": *3/"sites": 4/' "$state/public/policy.json" >"$state/policy4.json"
check "a policy that wants four sites" 12 farm-verify --root "$state/public/root.json" --policy "$state/policy4.json" --allow-development-root "$published/greet"

# ---- what an auditor hashes, and compares with --------------------------------------------------------
mkdir -m 1777 "$state/approvals"
approve_into() { # NAME MANIFEST STORE: signs for nobody but the file approvals/NAME
  as auditor-1 farm audit approve "$2" --key "$state/parties/auditor-1/key.pem" --auditor auditor-1 --store "$3" --toolchain "$state/toolchain" --out "$state/approvals/$1"
}
check "an approval into a file" 0 approve_into honest "$manifest" "$state/inputs"
check "which is there" 0 test -s "$state/approvals/honest"
cp -rl "$state/inputs" "$state/flipped-inputs"
package=$(sed -nE 's/^package \{ name: "tar" .* sha256: "([0-9a-f]{64})".*/\1/p' "$state/manifests/toolchains/cc.lock.textproto")
blob=$state/flipped-inputs/blobs/${package:0:2}/$package
# A file of its own: the store's others are the same files as those of the store that is kept.
cp "$blob" "$state/flipped"
printf '\377' | dd of="$state/flipped" bs=1 seek=1000 conv=notrunc status=none
check "another byte in a package" 1 cmp "$state/flipped" "$blob"
mv -f "$state/flipped" "$blob"
check "a package with another byte is not approved" 22 approve_into flipped "$manifest" "$state/flipped-inputs"
says "and is named" "package tar .*$package has changed"
other_tree=$(variant other_tree 's/^  tree: "[0-9a-f]{4}/  tree: "0000/')
check "nor a source that is another tree" 22 approve_into other_tree "$other_tree" "$state/inputs"
says "and is named" 'source greeting unpacks to tree .* the manifest says 0000'
check "nor is it one that farm audit checkout takes" 22 farm audit checkout "$other_tree" --git "$state/other-git" --store "$state/inputs" --toolchain "$state/toolchain"
says "and says both trees" 'source greeting is git tree .* the manifest says 0000'
equals "no approval was written for either" honest "$(ls "$state/approvals")"

# ---- a farmd that is killed ------------------------------------------------------------------------------
slow=$(variant slow 's/^version: .*/version: "1.1"/; 0,/^  argv: "cc"/s//  argv: "sh"\n  argv: "-c"\n  argv: "echo here-I-compile; sleep 4; exec cc \\"$@\\""\n  argv: "cc"/')
check "what an auditor of 1.1 is shown" 0 as auditor-1 farm audit show "$slow" --config "$state/parties/auditor-1/config.json"
says "is compared with the last that was approved" "^compared with greeting 1\.0 revision 1: release $(release_id 1.0), the last one of this product whose manifest has been approved"
says "and differs in the command" '^  \+ .*sleep 4'
check "farm plan" 0 requester farm plan "$slow"
says "knows no approval of 1.1" '^approvals  0 of 2$'
equals "and has not submitted it" 1 "$(requester farm list greeting | wc -l)"
check "approvals for 1.1" 0 approve "$slow"
byte=$state/manifests/products/greeting/byte.textproto
sed 's/sleep 4/sleep 5/' "$slow" >"$byte"
check "another byte in an argument is another manifest" 14 requester farm release "$byte" --wait --timeout 3
says "without an approval" '^why: .*0 of 2 approvals'
check "it can be cancelled" 0 requester farm cancel "$(release_id 1.1)"
requester farm release "$slow" --wait >"$state/slow.out" 2>&1 &
waiting=$!
check "1.1 is submitted" 0 appears "$state/slow.out" '^submitted: '
requester farm watch "$(release_id 1.1)" --logs >"$state/watch.out" 2>&1 &
watching=$!
check "a site builds" 0 appears "$state/slow.out" 'action: '
check "farm watch --logs shows what the build prints" 0 appears "$state/watch.out" '^here-I-compile$'
check "while the release is under way" 0 kill -0 $waiting
old_farmd=$(daemon farmd farmd)
check "kill -9 of farmd" 0 kill -9 "$old_farmd"
wait $waiting
equals "killed in the middle of a build, the release still goes through" 0 $?
check "once" 0 grep -q 'sequence 2 ' "$state/slow.out"
wait $watching
equals "and who watches sees it" 0 $?
equals "with one release in the log" 2 "$(logged release)"
equals "and a farmd that is another process" 1 "$(daemon farmd farmd | grep -cvx "$old_farmd")"

# ---- a site that is down ---------------------------------------------------------------------------------
stop
start --restart --without site-xb
down=$(variant down 's/^version: .*/version: "1.2"/')
check "approvals for 1.2" 0 approve "$down"
check "a site that is down leaves the release waiting" 30 requester farm release "$down" --wait --timeout 6
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
[ "\$1" = run ] || exec "$state/bin/farm-sandbox" "\$@"
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

# ---- a site that hangs, and who no longer waits for it ---------------------------------------------------
hung=$(variant hung 's/^version: .*/version: "1.4"/')
check "approvals for 1.4" 0 approve "$hung"
site=$(daemon farm-site site-xb)
check "kill -STOP of a site" 0 kill -STOP "$site"
check "a site that hangs leaves the release waiting" 30 requester farm release "$hung" --wait --timeout 10
check "farm why" 0 requester farm why "$(release_id 1.4)"
says "names the site" '^why: .*site-xb'
requester farm release "$hung" --wait --timeout 60 >"$state/hung.out" 2>&1 &
waiting=$!
check "a release that builds" 0 appears "$state/hung.out" '^building '
check "^C" 0 pkill -INT -f "^farm release $hung --wait"
wait $waiting
equals "ends who waits with" 26 $?
check "and says how to attach again" 0 grep -q "Attach again with: farm watch $(release_id 1.4)\$" "$state/hung.out"
check "kill -CONT" 0 kill -CONT "$site"
check "the release has gone on without it, and goes through" 0 requester farm watch "$(release_id 1.4)"

# ---- who may what -----------------------------------------------------------------------------------------
check "an auditor may not submit" 25 as auditor-1 farm release "$manifest" --config "$state/parties/auditor-1/config.json"
if [ "$(id -u)" = 0 ]; then
  read -r uid _ < <(farm development party site-xa --state "$state")
  check "a site's key is there" 0 test -s "$state/parties/site-xb/key.pem"
  check "another site cannot read it" 1 setpriv --reuid "$uid" --regid "$uid" --clear-groups cat "$state/parties/site-xb/key.pem"
  says "and is not permitted to" 'Permission denied'
  check "but its own" 0 setpriv --reuid "$uid" --regid "$uid" --clear-groups cat "$state/parties/site-xa/key.pem"
else
  # All parties share one user: what stands is that nobody else reads a key.
  equals "a key is only its user's to read" '' "$(find "$state"/parties/*/ -maxdepth 1 -name '*key*.pem' -perm /077)"
fi

# ---- keys that sign ---------------------------------------------------------------------------------------
# What a program looks at before it serves anybody, or takes the lock of the one that runs.
at() { # OFFSET PROGRAM PARTY: a daemon takes no other user's key, not even as root
  local uid own=()
  if [ "$(id -u)" = 0 ]; then
    read -r uid _ < <(farm development party "$3" --state "$state")
    own=(setpriv --reuid "$uid" --regid "$uid" --clear-groups)
  fi
  "${own[@]}" faketime -f "$1" "$state/bin/$2" --config "$state/parties/$3/config.json"
}
check "a signer in two years does not start" 18 at +2y farm-signer signer
says "and says that it wants another root" 'trust root .*put the next root in its place'
check "nor does a log" 18 at +2y farm-log log
check "nor a witness whose clock is behind what it has cosigned" 30 at -1d farm-witness witness-1
says "which is to be set" 'witness witness-1 already said .*set the clock'
check "nor a time stamp authority in six years" 18 at +6y farm-tsa timestamp
says "whose token nobody would take" 'a canary stamped with key .*time stamp certificate .*valid from'
# A line of each private key.
(umask 077 && find "$state/parties" "$state/authority" -name '*key.pem' -exec sed -n 2p {} \; >"$state/secrets")
check "there are private keys" 0 test "$(grep -cE '^[A-Za-z0-9+/=]{40,}$' "$state/secrets")" -gt 20
equals "no log line and nothing published has one" '' "$(grep -rlF -f "$state/secrets" "$state/run" "$state/published" "$state/public")"

# ---- the README's pages, as they are written ----------------------------------------------------------------
mkdir -p "$state/replay/readme"
cp -a "$state/toolchain" "$state/replay/readme/toolchain"
cp -a "$state/toolchain" "$state/toolchain-cc"
check "the README's five pages" 0 "$root/tests/end_to_end/readme" "$state"
says "are five" '^ok    README page for operator'
approved=$(sed -nE 's/^  tree: "([0-9a-f]{64})"/\1/p' "$manifest")
equals "what the auditor's page checked out is the tree to be approved" "$approved" "$(git -C "$state/audit-git" rev-parse 'greeting^{tree}')"
check "what the regulator's page signed" 0 jq -er '.dsseEnvelope.payload | @base64d | fromjson | .predicate | .verdict + " by " + .replayer' "$state/replay/verdict.jsonl"
says "is his MATCH" '^MATCH by regulator-1$'
check "a report by a development root is not signed unless that is allowed" 13 farm-replay sign "$state/replay/readme/report.json" --key "$state/replay/regulator.pem" --name regulator-1 --out "$state/replay/verdict-13.jsonl"
check "and nothing is written" 1 test -e "$state/replay/verdict-13.jsonl"

# ---- what comes after a release -----------------------------------------------------------------------------
policy_with() { # NAME FIELD VALUE: the farm's policy, changed
  sed -E "s/\"$2\": *[a-z0-9]+/\"$2\": $3/" "$state/public/policy.json" >"$state/$1.json"
}
by() { # POLICY OPTIONS of farm-verify
  farm-verify --root "$state/public/root.json" --policy "$state/$1.json" --allow-development-root "${@:2}" "$published/greet"
}
tells() { # FILE PATTERN: what the status in it says, within 80 seconds
  for _ in $(seq 800); do
    jq -er '.dsseEnvelope.payload | @base64d' "$1" 2>/dev/null | grep -qE -- "$2" && return 0
    sleep 0.1
  done
  return 1
}
policy_with fresh statusMaxAgeSeconds 3600
policy_with certified certifiedCountries true
check "a policy that asks for a status" 19 by fresh
check "a monitor tells of the product" 0 tells "$state/status/monitor-1/status.json" '"newest":\[[{]"product":"greeting"'
check "with its status the release is verified" 0 by fresh --status "$state/status/monitor-1/status.json"
check "it comes into the published tree" 0 tells "$state/published/status.json" '"monitor":"monitor-[12]"'
check "a policy that asks for certifiers" 13 by certified
mkdir -m 1777 "$state/certifications"
for site in xa xb xc; do
  check "a certifier vouches for site-$site" 0 as certifier-1 farm certify "https://farm.example/sites/site-$site" --country "${site^^}" --from "$(date -u -d '-1 day' +%Y-%m-%dT%TZ)" --to "$(date -u -d '+1 year' +%Y-%m-%dT%TZ)" --out "$state/certifications/$site.jsonl" --config "$state/parties/certifier-1/config.json"
done
check "with their statements the release is verified" 0 by certified --certifications "$state/certifications"
check "nobody else certifies" 25 as auditor-1 farm certify https://farm.example/sites/site-xa --country XA --to "$(date -u -d '+1 year' +%Y-%m-%dT%TZ)" --config "$state/parties/auditor-1/config.json"
check "a file does not say which release is meant" 2 requester farm release withdraw "$published/greet.sigstore.jsonl" --reason no
check "nor is another one withdrawn" 22 requester farm release withdraw "$published/greet.sigstore.jsonl" --product greeting --version 1.1 --reason no
says "and both are named" 'is the release greeting 1\.0, asked to withdraw greeting 1\.1'
check "a replayer may not withdraw" 25 as replayer-1 farm release withdraw "$published/greet.sigstore.jsonl" --product greeting --version 1.0 --reason no --config "$state/parties/replayer-1/config.json"
check "the requester withdraws the release" 0 requester farm release withdraw "$(release_id 1.0)" --reason "it greets the wrong people"
says "and is told where it stands in the log" 'greeting 1\.0 is withdrawn: log entry [0-9]+'
check "nobody withdraws a release twice" 25 requester farm release withdraw "$(release_id 1.0)" --reason "it still does"
says "and is told since when it is withdrawn" 'greeting 1\.0, release sha256:[0-9a-f]{64}, is withdrawn by requester-1 since 20'
check "the monitor says so" 0 tells "$state/status/monitor-2/status.json" '"withdrawn":\[[{].*it greets the wrong people'
check "whoever has its status does not take the release" 17 by fresh --status "$state/status/monitor-2/status.json"
says "and reads why" 'withdrawn by requester-1 .*it greets the wrong people'
check "nor does who asks for none" 17 verify --allow-development-root --status "$state/status/monitor-2/status.json" "$published/greet"
finish_test
