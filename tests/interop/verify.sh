#!/bin/bash
# A second farm-verify in bash, openssl and jq, written from the FORMAT.md files: it shares no line with the first.
# usage: verify.sh FILE BUNDLE ROOT POLICY [--allow-development-root].  Prints what does not hold as "CODE RULE"; the exit code is the lowest CODE, 0 if every rule holds.
set -u -o pipefail
export LC_ALL=C OPENSSL_CONF=/dev/null file=$1 bundle=$2 root_file=$3 policy_file=$4 allow=${5:-}
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT || exit 70; die() { echo "$*"; exit "$1"; }

# Short bytes stand in hex, long ones in base64 as they come, what openssl reads in files.  R is a function's answer.
unhex() { local h=$1 o=''; while [ -n "$h" ]; do o+="\\x${h:0:2}" h=${h:2}; done; printf '%b' "$o"; }
first() { R=$("$@"); R=${R%% *}; }
sha() { first sha256sum < <(unhex "$1"); }; key_id() { first sha256sum < <(base64 -d <<<"$1"); } # of bytes in hex; of an SPKI
pem() { local b=$2; echo "-----BEGIN $1-----"; while [ -n "$b" ]; do echo "${b:0:64}" && b=${b:64}; done; echo "-----END $1-----"; }
certificate() { # BASE64 FILE: FILE as PEM; shown: how it is built; R: its SPKI, the fifth sequence of what is signed
  local row n=0
  pem CERTIFICATE "$1" >"$2" && base64 -d <<<"$1" >"$work/der" && shown=$(openssl asn1parse -inform DER -in "$work/der" 2>/dev/null) || return 1
  while read -r row; do [[ $row =~ ^([0-9]+):d=2\ \ hl=([0-9]+)\ l=\ *([0-9]+)\ cons:\ SEQUENCE ]] && [ $((++n)) = 5 ] && break; done <<<"$shown"
  R=$(tail -c +$((BASH_REMATCH[1] + 1)) "$work/der" | head -c $((BASH_REMATCH[2] + BASH_REMATCH[3])) | base64 -w 0)
}
extension() { [[ $shown =~ :X509v3\ $1$'\n'([^$'\n']*BOOLEAN[^$'\n']*$'\n')?[^$'\n']*HEX\ DUMP\]:$2($'\n'|$) ]]; } # NAME PATTERN of its value in hex
p256() { openssl dgst -sha256 -verify "$1" -signature "$2" "$3" >/dev/null 2>&1; } # KEY SIGNATURE MESSAGE
ed25519() { openssl pkeyutl -verify -pubin -inkey "$1" -rawin -sigfile "$2" -in "$3" >/dev/null 2>&1; }
# like: a value has exactly the fields of a pattern ("name?" may be missing; in a format of others more may be there).
common='
def int(a; b): type == "number" and floor == . and . >= a and . <= b;
def text(n): type == "string" and utf8bytelength >= 1 and utf8bytelength <= n and (test("[\u0000-\u001f\u007f]") | not);
def base64: type == "string" and test("\\A([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?\\z");
def is(t): if t == "text" then text(1024) elif t == "name" then text(255) and (test("/") | not) and . != "." and . != ".."
  elif t == "hex" then type == "string" and test("\\A[0-9a-f]{64}\\z") elif t == "digest" then type == "string" and test("\\Asha256:[0-9a-f]{64}\\z")
  elif t == "time" then type == "string" and test("\\A[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z\\z") and [try ((fromdate | todate) == .) catch false][0]
  elif t == "count" then int(0; 9007199254740991) elif t == "base64" then base64 elif t == "any" then true
  elif t == "int64" then int(0; 9007199254740991) or (type == "string" and test("\\A(0|[1-9][0-9]{0,18})\\z"))
  elif t == "fact" then type == "string" or type == "number" or type == "boolean" elif t[:1] == "=" then . == t[1:] else type == t end;
def like($p; $more): . as $v | if $p | type == "array" then type == "array" and all(.[]; like($p[0]; $more)) elif $p | type == "string" then is($p)
  else type == "object" and ($more or keys - ($p | keys | map(rtrimstr("?"))) == []) and all($p | to_entries[]; (.key | rtrimstr("?")) as $k | .value as $w
    | if $v | has($k) then $v[$k] | like($w; $more) else .key | endswith("?") end) end; def like($p): like($p; false);
def canon: if type == "object" then "{" + ([keys[] as $k | ($k | tojson) + ":" + (.[$k] | canon)] | join(",")) + "}"
  elif type == "array" then "[" + (map(canon) | join(",")) + "]" else tojson end;
def tohex: "0123456789abcdef" as $d | [explode[] | select(. != 61) | if . == 43 then 62 elif . == 47 then 63 elif . < 58 then . + 4 elif . < 91 then . - 65 else . - 71 end]
  | [range(0; length; 4) as $i | .[$i:$i + 4] | .[0] * 4 + (.[1] / 16 | floor), (if .[2] then .[1] % 16 * 16 + (.[2] / 4 | floor) else empty end),
      (if .[3] then .[2] % 4 * 64 + .[3] else empty end) | $d[(. / 16 | floor):(. / 16 | floor) + 1] + $d[. % 16:. % 16 + 1]] | add // "";
def need(f; what): if f then . else error(what) end; def alone: length == (unique | length);
'
leaves() { jq -n "${@:2}" "reduce ($1 | select(length == 2)) as \$x (0; . + 1)" "$bundle" "$root_file" "$policy_file" 2>/dev/null; }
for name in "$file" "$bundle" "$root_file" "$policy_file"; do [ -f "$name" ] || die 22 "no $name"; done
cat "$bundle" "$root_file" "$policy_file" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 && [ "$(leaves inputs --stream)" = "$(leaves 'inputs | tostream')" ] || die 2 "not JSON" # UTF-8, no field twice: as many leaves as the value
# --- The bundle: a JSON object a line; each with its note taken apart.
[ -z "$(tail -c 1 "$bundle")" ] && [ -s "$bundle" ] && [ "$(wc -l <"$bundle")" -le 256 ] || die 2 "bundle: not lines of JSON"
jq -rRs "$common"'
def note: need(utf8bytelength <= 65536 and (test("[\u0000-\u0009\u000b-\u001f\u007f]") | not); "note") | (rindex("\n\n") // error("note")) as $i
  | .[:$i + 1] as $text | ($text / "\n") as $t | (.[$i + 2:] | need(endswith("\n"); "note") | .[:-1] / "\n") as $signed
  | need(($t | length) >= 4 and all($t[:-1][]; . != "") and ($t[1] | is("int64")) and ($t[0] | utf8bytelength) <= 255 and ($signed | length) <= 64; "checkpoint")
  | {text: $text, origin: $t[0], size: $t[1], root: ($t[2] | need(base64; "root") | tohex | need(length == 64; "root")), signed: [$signed[]
      | need(test("\\A— [^ +]+ [^ ]+\\z"); "note") / " " | (.[2] | need(base64; "note") | tohex | need(length > 8; "note")) as $s | {name: .[1], hint: $s[:8], sig: $s[8:]}]};
def leaf: (@base64d | fromjson) as $j | need(($j | canon | @base64) == . and ($j | like({apiVersion: "=0.0.2", kind: "=hashedrekord", spec: {hashedRekordV002:
    {data: {algorithm: "=SHA2_256", digest: "base64"}, signature: {content: "base64", verifier: {keyDetails: "=PKIX_ECDSA_P256_SHA_256",
      "publicKey?": {rawBytes: "base64"}, "x509Certificate?": {rawBytes: "base64"}}}}}})); "leaf") | $j.spec.hashedRekordV002 | .signature.verifier as $v
  | need($v | has("publicKey") != has("x509Certificate"); "leaf") | {pae: (.data.digest | tohex), sig: .signature.content, spki: $v.publicKey.rawBytes, cert: $v.x509Certificate.rawBytes};
def keyname: if . == "" or is("hex") then . elif base64 then tohex else "?" end; def dsse: gsub("-"; "+") | gsub("_"; "/") | . + "=" * ((4 - length % 4) % 4) | need(base64; "base64");
def line: fromjson | need(like({mediaType: "string", dsseEnvelope: {payload: "string", payloadType: "string", signatures: [{sig: "string", "keyid?": "string"}]}, verificationMaterial:
    {"certificate?": {rawBytes: "base64"}, "publicKey?": {hint: "string", "rawBytes?": "base64"}, "timestampVerificationData?": {"rfc3161Timestamps?": [{signedTimestamp: "base64"}]},
      "tlogEntries?": [{canonicalizedBody: "base64", "logIndex?": "int64", logId: {keyId: "base64"}, kindVersion: {kind: "=hashedrekord", version: "=0.0.2"}, inclusionProof:
        {"logIndex?": "int64", "treeSize?": "int64", rootHash: "base64", "hashes?": ["base64"], checkpoint: {envelope: "string"}}}]}}; true)
    and (has("messageSignature") | not); "shape") | .verificationMaterial as $m | .dsseEnvelope as $e
  | need((.mediaType | . == "application/vnd.dev.sigstore.bundle.v0.3+json" or . == "application/vnd.dev.sigstore.bundle+json;version=0.3")
    and ($m | has("certificate") != has("publicKey") and (has("x509CertificateChain") | not)) and ($e.signatures | length) == 1; "shape")
  | ($m.timestampVerificationData.rfc3161Timestamps // []) as $stamps | ($m.tlogEntries // []) as $entries | $entries[0] as $t | $t.inclusionProof as $proof
  | need(all($stamps, $entries; length <= 1) and all($stamps[]; .signedTimestamp != ""); "more than one")
  | {type: $e.payloadType, payload: ($e.payload | dsse), sig: ($e.signatures[0].sig | dsse), keyid: ($e.signatures[0].keyid // "" | keyname), cert: $m.certificate.rawBytes,
     hint: (if $m.publicKey then $m.publicKey.hint | keyname | need(. != ""; "hint") else "" end), token: $stamps[0].signedTimestamp, spki: $m.publicKey.rawBytes}
  | if $t == null then . else .leaf = ($t.canonicalizedBody | leaf) | .note = ($proof.checkpoint.envelope | note) | .body = $t.canonicalizedBody
    | .index = ($t.logIndex // 0 | tostring) | .log = ($t.logId.keyId | tohex) | .hashes = [$proof.hashes // [] | .[] | tohex]
    | need(all(.log, .hashes[]; length == 64) and .index == ($proof.logIndex // 0 | tostring) and .note.size == ($proof.treeSize // 0 | tostring)
      and .note.root == ($proof.rootHash | tohex) and (.cert or .spki == null or .spki == .leaf.spki); "contradicts itself") end
  | if .cert then .spki = null else .spki = (.spki // .leaf.spki | need(. != null; "no key")) end;
.[:-1] / "\n" | to_entries[] | .key as $n | .value | line | (.note.signed[]? | "note|\($n)|\(.name)|\(.hint)|\(.sig)"), ([[.payload | if $n == 0 then @base64d | fromjson | .predicate.manifest
  | @base64 else "" end]?] | .[0][0]) as $manifest | ["line", $n, (.type | gsub("[|\n]"; "?")), .payload, .sig, .keyid, .token, (.token // "" | .[:8] | tohex), .cert, .hint, .spki, .index, .note.size, .note.root,
  (.hashes // [] | join(" ")), (.note.text // "" | @base64), (.note.origin // "" | gsub("[|\n]"; "?")), .log, .body, .leaf.pae, .leaf.sig, (.leaf.cert // .leaf.spki), $manifest] | map(. // "") | join("|")
' "$bundle" >"$work/lines" 2>"$work/why" && sed -n '/^note/p' "$work/lines" >"$work/notes" || die 2 "bundle: $(head -c 300 "$work/why")"
# --- The trust root: its fields, nobody twice, the signatures of its own keys.
jq -r "$common"'
def dates: walk(if type == "object" and has("validFor") then .v = (.validFor | {s: (.start | fromdate), e: (if .end then .end | fromdate else 1e15 end)}) else . end);
def meet(a; b): a.e >= b.s and b.e >= a.s; def nobody: {keyids: ["text"], threshold: "count"}; def farm(f): {auditors: ["any"], created: "time", "development?": "object",
  format: "=farm-root/\(f)", logs: ["any"], operators: ["any"], requesters: ["any"], revocations: ["any"], timestampAuthorities: ["any"], transparencyKeys: ["base64"], witnesses: ["any"], "monitors?": ["any"], "certifiers?": ["any"], "keyHolders?": ["any"]};
(if .signed.format? == "farm-root/1" then 1 else 2 end) as $f | need(like({signatures: [{keyid: "hex", sig: "string"}], signed: (if $f == 1
  then farm(1) + {expires: "time", rootKeys: ["base64"], threshold: "count", version: "count"} else {_type: "=root", consistent_snapshot: "boolean", expires: "time", farm: farm(2),
    keys: "object", roles: {root: nobody, snapshot: nobody, targets: nobody, timestamp: nobody}, spec_version: "=1.0.31", version: "count"} end)}); "fields")
| .signatures as $sigs | .signed as $s | (if $f == 1 then $s else $s.farm end | dates) as $farm
| need($farm | all([.operators[].parties[].id], [.operators[].id], [.logs[].origin], [.witnesses[].name], [.timestampAuthorities[].name]; alone)
    and [.auditors[].id] - [.requesters[].id] == [.auditors[].id]; "a name twice")
| need(all($farm.auditors, $farm.requesters; . as $l | all(range(length) as $i | range($i) | [$l[$i], $l[.]];
    .[0].id != .[1].id or ($f == 2 and .[0].name == .[1].name and (meet(.[0].v; .[1].v) | not)))); "a person twice")
| need([$farm | .auditors[].key, .requesters[].key, .logs[].key, .logs[].ecdsaKey, .witnesses[].key, .transparencyKeys[]] | alone; "a key twice")
| need(all($farm.logs[]; . as $l | .end == null or (.validFor.end and any($farm.logs[].origin; . == $l.end.successor and . != $l.origin))); "a closed log")
| need(($s.expires | fromdate) > ($farm.created | fromdate); "expires") | need($f == 1 or ($s.consistent_snapshot == false and ($s.roles.root.keyids | sort) == ($s.keys | keys)); "TUF")
| (if $f == 1 then $s.threshold else $s.roles.root.threshold end | need(. > 0; "threshold")) as $threshold
| ($farm | .operators[] |= if .authority then .authorities = [{chain: .authority, v}] else . end | .expires = ($s.expires | fromdate)) as $farm
| ($farm | tojson), ($s | canon), $threshold, ([if $f == 1 then $s.rootKeys[] | tohex else $s.keys[] | if .keytype == "ecdsa" then "3059301306072a8648ce3d020106082a8648ce3d030107034200" + .keyval.public
    else "302a300506032b6570032100" + .keyval.public end end] | unique[] | "key||\(.)"), ($sigs[] | "sig|\(.keyid)|" + if $f == 1 then .sig | need(base64; "sig") | tohex else .sig end),
  ($farm | (.logs | to_entries[] | "log|\(.key)|\(.value | "\(.origin)|\(.key)|\(.ecdsaKey)|" + if .end then "\(.end.size) \(.end.rootHash)" else "" end)"),
  (.witnesses | to_entries[] | "witness|\(.key)|\(.value.name)|\(.value.key)"), (.operators | to_entries[] | .key as $o | .value.parties[] | "party||\($o)|\(.id)"),
  ([.operators | to_entries[] | .key as $o | .value.authorities[] | "\($o)|" + (.chain | join(" "))] | to_entries[] | "ca|\(.key)|\(.value)"),
  (.timestampAuthorities | to_entries[] | "stamp|\(.key)||" + (.value.chain | join(" "))))' "$root_file" >"$work/rows" 2>"$work/why" || die 2 "root: $(head -c 300 "$work/why")"
{ read -r root && read -r signed && read -r threshold && printf %s "$signed" >"$work/signed"; } <"$work/rows"
while IFS='|' read -r kind _ spki; do
  [ "$kind" = key ] && pem 'PUBLIC KEY' "$(unhex "$spki" | base64 -w 0)" >"$work/root.pem" && sha "$spki" || continue; [ ${#spki} = 182 ] && algorithm=p256 || algorithm=ed25519
  while IFS='|' read -r kind id sig; do [ "$kind $id" = "sig $R" ] && unhex "$sig" >"$work/root.sig" && $algorithm "$work/root.pem" "$work/root.sig" "$work/signed" && threshold=$((threshold - 1)) && break
  done <"$work/rows"
done <"$work/rows"
[ "$threshold" -le 0 ] || die 11 "root: not signed by enough of its keys"
# --- Keys and chains of the root as files; hints of the lines of notes.
hint() { first sha256sum < <(printf '%s\n' "$1"; unhex "$2"; base64 -d <<<"$3" | tail -c 32); } # NAME TYPE SPKI
declare -A owner_of
chain() { # PREFIX CERTIFICATE...: PREFIX.first, .root and .all; CHAIN: their key ids
  CHAIN='' && : >"$1.all"
  for R in "${@:2}"; do
    certificate "$R" "$1.root" && cat "$1.root" >>"$1.all" && key_id "$R" || die 2 "root: a certificate"
    [ -n "$CHAIN" ] && CHAIN+=",\"$R\"" || { CHAIN="\"$R\"" && cp "$1.root" "$1.first" && extension 'Basic Constraints' '.*0101FF.*' && from_token=true || from_token=false; }
  done
}
while IFS='|' read -r kind n name key more end; do
  case $kind in
    log) pem 'PUBLIC KEY' "$key" >"$work/log$n" && pem 'PUBLIC KEY' "$more" >"$work/log$n.ecdsa" && hint "$name" 01 "$key" && log_id[n]=$R log_name[n]=$name log_end[n]=$end
      key_id "$more" && log_ecdsa_id[n]=$R && key_id "$key" && log_keys[n]="\"$R\",\"${log_ecdsa_id[n]}\"" ;;
    witness) pem 'PUBLIC KEY' "$key" >"$work/witness$n" && hint "$name" 04 "$key" && witness_name[n]=$name witness_hint[n]=${R:0:8} && key_id "$key" && witness_keys[n]="\"$R\"" ;;
    ca) chain "$work/ca$n" $key && ca_owner[n]=$name ca_keys[n]=$CHAIN ca_length[n]=$(wc -w <<<"$key") ;; # a certificate is a word
    stamp) chain "$work/stamp$n" $key && stamp_keys[n]=$CHAIN stamp_from[n]=$from_token stamp_length[n]=$(wc -w <<<"$key") ;;
    party) owner_of[$key]=$name ;;
  esac
done <"$work/rows"
[ -z "$(for n in "${!ca_owner[@]}"; do tr , '\n' <<<"${ca_keys[n]}" | sed "s/$/ ${ca_owner[n]}/"; done | sort -u | cut -d' ' -f1 | uniq -d)" ] || die 2 "root: an issuer of two operators"
# --- Merkle trees.
node() { sha "01$1$2"; }; half() { fn=$((fn >> 1)) sn=$((sn >> 1)); }
climb() { # FN SN OLD NEW HASH...: the steps that RFC 9162 sections 2.1.3.2 and 2.1.4.2 have in common; old, R: the roots that come out (OLD may be empty)
  local p new && fn=$1 sn=$2 old=$3 R=$4
  for p in "${@:5}"; do
    [ $sn -gt 0 ] || return 1
    if [ $((fn & 1)) = 1 ] || [ $fn = $sn ]; then
      new=$R && { [ -z "$old" ] || { node "$p" "$old" && old=$R; }; } && node "$p" "$new"
      while [ $((fn & 1)) = 0 ] && [ $fn -gt 0 ]; do half; done
    else node "$R" "$p"; fi
    half
  done
  [ $sn = 0 ]
}
included() { [ "$1" -lt "$2" ] && climb "$1" $(($2 - 1)) '' "$3" "${@:5}" && [ "$R" = "$4" ]; } # INDEX SIZE LEAF_HASH ROOT HASH...
consistent() { # OLD_SIZE OLD_ROOT SIZE ROOT HASH...
  [ $# -gt 4 ] && [ "$1" -gt 0 ] && fn=$(($1 - 1)) sn=$(($3 - 1)) old_root=$2 new_root=$4 || return 1
  [ $(($1 & fn)) != 0 ] && set -- "${@:5}" || set -- "$2" "${@:5}"
  while [ $((fn & 1)) = 1 ]; do half; done
  climb $fn $sn "$1" "$1" "${@:2}" && [ "$old $R" = "$old_root $new_root" ]
}
# --- One line: what others attest of it.
bad() { problems+="${problems:+,}[$1,\"$2\"]"; }
at_time() { # TIME PROGRAM VERB OPTION...: 0 if it holds then (openssl takes a certificate's last second for the first after it), 18 if but for the time, 11 else
  "${@:2:2}" -attime "$1" "${@:4}" 2>/dev/null || "${@:2:2}" -attime $(($1 - 1)) "${@:4}" 2>/dev/null && return 0
  "${@:2:2}" -no_check_time "${@:4}" 2>/dev/null && return 18 || return 11
}
path() { # CERTIFICATE PREFIX LENGTH TIME: issued by exactly that chain; answers as at_time
  local code shown && shown=$(at_time "$4" openssl verify -x509_strict -check_ss_sig -auth_level 2 -show_chain -CAfile "$2.root" -untrusted "$2.all" "$1")
  code=$? && [ "$(grep -c ^depth= <<<"$shown")" = "$3" ] && return $code || return 11
}
stamp() { # sets T, whose time stamp it is, and which keys made it: the chain's first or one that it issued
  local n info at code=11 both shown
  [ "${tsr_head:0:8}" = "$(printf '3082%04x' $((tsr_size - 4)))" ] && base64 -d <<<"$token" >"$work/tsr" && info=$(openssl ts -reply -in "$work/tsr" -text 2>/dev/null) &&
    [[ $info =~ Hash\ Algorithm:\ sha(256|384|512) && $info =~ Time\ stamp:\ ([^$'\n']*) ]] && at=$(date -u -d "${BASH_REMATCH[1]}" +%s 2>/dev/null) && for n in "${!stamp_keys[@]}"; do
    at_time "$at" openssl ts -verify -partial_chain -x509_strict -check_ss_sig -auth_level 2 -data "$work/sig" -in "$work/tsr" -CAfile "$work/stamp$n.first" -untrusted "$work/stamp$n.first" >/dev/null
    both=$? && path "$work/stamp$n.first" "$work/stamp$n" "${stamp_length[n]}" "$at"
    case $both$? in 00) ;; *11*) continue ;; *) code=18 && continue ;; esac
    if ${stamp_from[n]}; then # the leaf stands only in the token
      openssl ts -reply -in "$work/tsr" -token_out -out "$work/token" >/dev/null 2>&1 && openssl cms -verify -noverify -inform DER -in "$work/token" -signer "$work/signer" -out "$work/info" 2>/dev/null &&
        certificate "$(sed '/^-/d' "$work/signer" | tr -d '\n')" "$work/leaf" && key_id "$R" && keys+=",\"$R\"" || continue
    fi
    T=$at stamped=$n keys+=",${stamp_keys[n]}" && return
  done
  bad $code time-stamps
}
note_lines() { local row; while IFS='|' read -r row n name hint hex; do [ "$row $n $name $hint" != "note $1 $2 $3" ] || echo "$hex"; done <"$work/notes"; } # LINE NAME HINT: what follows the hint
signed_by() { # ALGORITHM KEY NAME HINT: 1 no such line of the note; 2 a bad one
  local hex found=1
  while read -r hex; do unhex "$hex" >"$work/note.sig" && $1 "$2" "$work/note.sig" "$work/note" && found=0 || return 2; done < <(note_lines "$line" "$3" "$4"); return $found
}
entered() { # sets log: that of the root under whose signed checkpoint the line is
  local n && [ "$leaf_pae$leaf_sig$leaf_key" = "$pae$sig${cert:-$spki}" ] && [ "${#spki}" = 124 ] || return 1
  for n in "${!log_name[@]}"; do [ "${log_name[n]}" != "$origin" ] || log=$n; done
  [ $log != null ] && { [ "$said_log" = "${log_id[log]}" ] || [ "$said_log" = "${log_ecdsa_id[log]}" ]; } || return 1
  [ -z "${log_end[log]}" ] || [ "$size" -lt "${log_end[log]% *}" ] || [ "$size sha256:$tree_root" = "${log_end[log]}" ] || return 1
  signed_by ed25519 "$work/log$log" "$origin" "${log_id[log]:0:8}" && signed_by p256 "$work/log$log.ecdsa" "$origin" "${log_ecdsa_id[log]:0:8}" || return 1
  first sha256sum < <(printf '\0'; base64 -d <<<"$body") && included "$index" "$size" "$R" "$tree_root" $hashes
}
cosigned() { # sets times: witness and time of each good line
  local n hex at seen
  for n in "${!witness_name[@]}"; do
    seen='' && while read -r hex; do
      at=$((16#${hex:0:16})) && unhex "${hex:16}" >"$work/note.sig" && { printf 'cosignature/v1\ntime %d\n' "$at"; cat "$work/note"; } >"$work/cosigned"
      [ "$at" -ge 0 ] && [ "$at" -le 253402300799 ] && [ "${seen:-$at}" = "$at" ] && ed25519 "$work/witness$n" "$work/note.sig" "$work/cosigned" && seen=$at || { bad 16 witnesses; seen=''; break; }
    done < <(note_lines "$line" "${witness_name[n]}" "${witness_hint[n]}")
    [ -z "$seen" ] || times+="${times:+,}[$n,$seen]"
  done
}
while IFS='|' read -r row line type payload sig keyid token tsr_head cert hint spki index size tree_root hashes note origin said_log body leaf_pae leaf_sig leaf_key manifest; do
  [ "$row" = line ] || continue
  problems='' T=null stamped=null log=null times='' uri='' ca=null late=false keys='' code=11 certified=false
  R=${payload%%=*} && payload_size=$((${#R} * 3 / 4)) && R=${token%%=*} && tsr_size=$((${#R} * 3 / 4)) # of base64
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" $payload_size; base64 -d <<<"$payload"; } >"$work/pae" && base64 -d <<<"$sig" >"$work/sig" && base64 -d <<<"$note" >"$work/note"
  first sha256sum "$work/pae" && pae=$R && [ "$type" = application/vnd.in-toto+json ] || bad 2 statements
  [ -z "$cert" ] || { certificate "$cert" "$work/cert" && certified=true spki=$R; } || die 2 "bundle: certificate"
  $certified && extension 'Subject Alternative Name' '30..86..(([2-7][0-9A-F])*)' && uri=$(unhex "${BASH_REMATCH[2]}") && uri=${uri//[\"\\]/}
  pem 'PUBLIC KEY' "$spki" >"$work/key" && key_id "$spki" && key=$R && keys="\"$R\""
  [ "${keyid:-$key}" = "$key" ] && [ "${hint:-$key}" = "$key" ] || die 2 "bundle: a key has another name"
  p256 "$work/key" "$work/sig" "$work/pae" || bad 11 signatures; if [ -n "$token" ]; then stamp; else bad 18 time-stamps; fi
  [ -n "$uri" ] && [ -n "${owner_of[$uri]+known}" ] && extension 'Extended Key Usage' 300A06082B06010505070303 && extension 'Key Usage' '0302..[89A-F].' && ! extension 'Basic Constraints' '.*0101FF.*' &&
    for n in "${!ca_owner[@]}"; do
      [ "${ca_owner[n]}" = "${owner_of[$uri]}" ] && { [ $ca = null ] || $late; } || continue
      path "$work/cert" "$work/ca$n" $((ca_length[n] + 1)) "${T/null/1}"
      case $? in 0) ca=$n late=false ;; 18) ca=$n late=true ;; esac
    done
  [ $ca = null ] || keys+=",${ca_keys[ca]}"
  if entered; then keys+=",${log_keys[log]}" && cosigned; else log=null && bad 15 log && bad 16 witnesses; fi
  [ "$line" -gt 0 ] || { newest=("$log" "$origin" "${size:-0}" "$tree_root") && first sha256sum < <(base64 -d <<<"$manifest") && manifest_hash=$R; }
  [ $log = null ] || [ "${newest[0]}" = null ] || [ "$origin $size $tree_root" = "${newest[*]:1}" ] || { # the tree of every other line is a beginning of the release's
    proof=$(note_lines 0 farm-consistency/1 cac12704 | sed -n "s/^$(printf %016x "$size")//p" | head -n 1 | fold -w 64)
    [ "$origin" = "${newest[1]}" ] && [ "$size" -lt "${newest[2]}" ] && consistent "$size" "$tree_root" "${newest[2]}" "${newest[3]}" $proof; } || bad 15 consistency
  printf '{"payload":"%s","pae":"sha256:%s","key":"%s","spki":"%s","cert":%s,"uri":"%s","ca":%s,"late":%s,"T":%s,"stamp":%s,"log":%s,"at":%s,"times":[%s],"keys":[%s],"bad":[%s]}\n' \
    "$payload" "$pae" "$key" "$spki" $certified "$uri" $ca $late $T $stamped $log "${index:-0}" "$times" "$keys" "$problems" >>"$work/facts"
done <"$work/lines"
# --- The verdict: what the statements say of each other, who counts, and when (farm/verify/FORMAT.md, "Rules of the verdict").
first sha256sum "$file" && jq -rs --argjson r "$root" --slurpfile policy "$policy_file" --arg name "${file##*/}" --arg hash "$R" \
  --argjson size "$(stat -c %s "$file")" --arg allow "$allow" --arg manifest "$manifest_hash" --argjson witness_keys "[$(IFS=,; echo "${witness_keys[*]}")]" "$common"'
def named(n): {digest: {sha256: "hex"}, name: n}; def tree: {digest: {gitTree: "hex"}, name: "text"};
def artifact(n): {annotations: {mode: "string", size: "count"}, digest: {sha256: "hex"}, name: n};
def predicates: {request: {created: "time", product: "text", requester: "text", version: "text"}, approval: {auditor: "text", created: "time", product: "text", scope: "=tree",
    version: "text"}, intent: {attempt: "count", created: "time", earlier: ["digest"], nonce: "string", product: "text", request: "digest", sites: ["string"], version: "text"},
  release: {approvals: ["digest"], created: "time", intent: "digest", manifest: "string", records: ["digest"], request: "digest", sequence: "count", signer: "text"},
  record: {buildDefinition: {buildType: "=https://farm.example/buildtypes/hermetic/v1", externalParameters: {manifest: "digest", plan: "digest"}, resolvedDependencies: ["any"], internalParameters:
    {limits: "string", result: "string", sandbox: "object", trace: ["object"]}}, runDetails: {builder: {builderDependencies: [named("name")], id: "text"}, metadata: {finishedOn: "time", invocationId: "digest", startedOn: "time"}}}};
def good(kind): (.d.internalParameters.result // "") as $result | (if kind == "release" or $result == "succeeded"
    then .subject | like([artifact("name")]) and length > 0 and ([.[].name] | . == unique) and all(.[].annotations.mode; . == "0644" or . == "0755")
    else (.subject[0] | like(named("=manifest"))) and (.subject[1:] | like([tree]) and (kind == "approval" or length == 0)) end)
  and if kind == "release" then .sequence > 0 and .approvals == (.approvals | sort)
    elif kind == "intent" then .attempt > 0 and (.sites | alone and length > 0) and (.nonce | test("\\A[0-9a-f]{32}\\z"))
    elif kind == "record" then (.d.resolvedDependencies | [.[:3][].name] == ["lock", "root.tar", "image"] and (.[:3] | like([named("text")])) and (.[3:] | like([tree])
        and all(.[].name; startswith("source:")))) and (.d.internalParameters | (.limits == "kernel" or .limits == "observed") and all(.sandbox[]; is("fact")))
      and ($result == "succeeded" or ($result == "failed" and .manifest_digest == .d.externalParameters.manifest)) else true end;
def statement(kind): . as $b | [try ($b | @base64d | fromjson) catch null][0] | if like({_type: "=https://in-toto.io/Statement/v1", subject: ["any"], predicate: predicates[kind],
    predicateType: ("=" + if kind == "record" then "https://slsa.dev/provenance/v1" else "https://farm.example/\(kind)/v1" end)}) and (canon | @base64) == $b
  then .predicate + {subject, manifest_digest: "sha256:\(.subject[0].digest.sha256)", d: .predicate.buildDefinition} | if good(kind) then . else null end else null end;
def view: . as $t | [try fromjson catch null][0] | if like({architecture: "string", artifacts: [{name: "string", path: "any", step: "any"}], format: "=farm-manifest/1", product: "string",
  requires: {auditors: "count", countriesAny: ["string"], operators: "count", sites: "count", witnesses: "count"}, revision: "count", sourceDateEpoch: "count", sources: ["object"], steps: ["any"],
  toolchain: {lock: "digest", name: "any"}, version: "string"}) and canon == $t then . else null end;
def within(v): . >= v.s and . <= v.e; def before(l): .log != null and .log == l.log and .at <= l.at; def when(c; code; rule): if c then [[code, rule]] else [] end;
def distinct: reduce .[] as $x ([]; if any(.[]; .id == $x.id or .key == $x.key) then . else . + [$x] end); def says(id): if id and .id and .id != id then .bad += [[11, "identities"]] else . end;
$policy[0] as $mine | need($mine | like({auditors: "count", clockSkewSeconds: "count", countries: "count", countriesAny: ["string"], format: "string", operators: "count", refuseDevelopmentRoot: "boolean",
    requireKernelLimits: "boolean", sites: "count", witnesses: "count"} + if .format == "farm-policy/1" then {} else {certifiedCountries: "boolean", diffApprovals: "boolean", format: "=farm-policy/2",
    mismatchBlocks: "boolean", replays: "count", "replayers?": [{key: "base64", name: "text"}], statusMaxAgeSeconds: "count"} end) and .auditors <= 1000
  and all(.sites, .operators, .countries, .witnesses; int(1; 1000)) and .clockSkewSeconds <= 3600 and all(.countriesAny[]; test("\\A[A-Z]{2}\\z")); "policy") | . as $facts | def revoked($id; $T; $U): any($r.revocations[]; .kind == "key" and .subject == $id and ((.compromisedSince and $T and $U and ([$T, $U] | max) < (.compromisedSince | fromdate)) | not));
def who(role): . as $l | if role == "auditor" or role == "requester" then [$r["\(role)s"][] | select(.key == $l.spki and ($l.cert | not))][0] as $p
    | if role == "auditor" and ($l.cert or any($r.requesters[]; .key == $l.spki)) then .bad += [[14, "approvals"]] elif $p == null then .bad += [[11, "identities"]]
      else .id = $p.id | .vouched = [$p.v] end
  else [$r.operators[] as $o | $o.parties[] | select(.id == $l.uri and .role == role) | {p: ., $o}][0] as $p | if $p == null or .ca == null then .bad += [[11, "identities"]]
    else .id = .uri | .op = $p.o.id | .country = $p.p.country | .vouched = [$p.o.v, [$r.operators[].authorities[]][$l.ca].v] | .bad += when(.late; 18; "validity") end end;
def judged(role; $p): who(role) | . as $l | [.times[] as [$n, $t] | $r.witnesses[$n] as $w | if revoked($witness_keys[$n]; $l.T; $t) then 17 elif $t | within($w.v) | not then 18
    else {who: (if $r.development then $w.name else $w.operator end), t: $t} end] as $seen | ([$seen[] | objects] | group_by(.who) | map(map(.t) | min) | sort) as $times
  | $times[$p.witnesses - 1] as $U | .U = $U | ($p.witnesses - ([$seen[] | select(. == 18)] | length)) as $n18 | ($n18 - ([$seen[] | select(. == 17)] | length)) as $n17
  | .vouched += (if .stamp then [$r.timestampAuthorities[.stamp].v] else [] end) + (if .log then [$r.logs[.log].v] else [] end) + [{s: 0, e: ($r.expires + $p.clockSkewSeconds)}]
  | .bad += when(.T and any(.vouched[]; . as $v | $l.T | within($v) | not); 18; "validity") + when(any(.keys[]; revoked(.; $l.T; $U)); 17; "revocations")
    + when(.log != null and .U == null; ($times | length) as $n | if $n >= $n18 then 18 elif $n >= $n17 then 17 else 16 end; "witnesses")
    + when(.T and .U and .T > .U + $p.clockSkewSeconds; 18; "order");
def line($d; role; kind; $p): [$facts[] | select(.pae == $d)] as $found | if $found == [] then null else $found[0] | judged(role; $p) | .s = (.payload | statement(kind))
    | if .s == null then .bad = [[2, "statements"]] else says(.s.requester // .s.auditor // .s.signer // .s.runDetails.builder.id) end end;
($facts[0].payload | statement("release")) as $R | (if $R then $R.manifest | view else null end) as $m | "sha256:\($manifest)" as $M
| when($r.development and ($mine.refuseDevelopmentRoot or $allow != "--allow-development-root"); 13; "development-root") + when($mine.statusMaxAgeSeconds > 0; 19; "status") + when($mine.certifiedCountries; 13; "certifiers") + when($mine.replays > 0; 21; "replays") + if $m == null then [[2, "release"]] else
  (reduce ("sites", "operators", "auditors", "witnesses") as $k ($mine; .[$k] = ([.[$k], $m.requires[$k]] | max))) as $p | $p.clockSkewSeconds as $skew
  | line($facts[0].pae; "signer"; "release"; $p) as $release | line($R.request; "requester"; "request"; $p) as $q
  | (if $q.s then line($R.intent; "coordinator"; "intent"; $p) else null end) as $i | ($R.subject | map({name, digest, annotations})) as $artifacts
  | [if $i.s then $R.records[] else empty end | line(.; "site"; "record"; $p) | select(. != null) | if .s then .bad += when(.s.runDetails.metadata.invocationId != $R.intent
      or .s.d.externalParameters.manifest != $i.s.manifest_digest or ([.s.runDetails.builder.id] - $i.s.sites) != []; 12; "sites")
      + when(($i.U and .T and .T < $i.U - $skew) or before($i); 18; "order") else . end] as $records
  | [if $q.s then $R.approvals[] else empty end | line(.; "auditor"; "approval"; $p) | select(. != null) | if .s then .bad += when(.s.auditor == $q.s.requester or .key == $q.key
      or ([.s.auditor] - [$r.operators[].id] == []) or any($q.s.manifest_digest, .s.manifest_digest; . != $M) or .s.product != $m.product or .s.version != $m.version
      or ([.s.subject[1:][] | [.name, .digest.gitTree]] | sort) != ([$m.sources[] | [.name, .tree]] | sort); 14; "approvals")
      + when(($i.U and .T and .T > $i.U + $skew) or (. as $a | $i | before($a)); 18; "order") else . end] as $approvals
  | [$release, $q, $i, $records[], $approvals[] | select(. != null)] as $all | [$records[] | select(.s)] as $built | [$R.request, $R.intent, $R.records[], $R.approvals[]] as $named
  | ([$built[] | select(.id and all(.bad[]; .[1] != "sites"))] | distinct) as $sites | ([$sites[].country] | unique) as $countries
  | [$all[].bad[]] + when($named | alone | not; 22; "lines") + ([$named[] as $n | when([$facts[] | select(.pae == $n)] | length != 1; 22; "lines")] | add)
  + when($q.s and ($q.s.manifest_digest != $M or $q.s.product != $m.product or $q.s.version != $m.version); 22; "manifest") + (if $i.s then when($i.s.request != $R.request
      or $i.s.manifest_digest != $q.s.manifest_digest or $i.s.product != $q.s.product or $i.s.version != $q.s.version; 22; "manifest") + when(($sites | length) < $p.sites; 12; "sites")
      + when(any($i.s.sites[]; . as $x | [$built[].s.runDetails.builder | select(.id == $x)] | length != 1); 12; "sites") + when(([$sites[].op] | unique | length) < $p.operators; 13; "operators")
      + when(($countries | length) < $p.countries or any($p.countriesAny, $m.requires.countriesAny; . != [] and . - $countries == .); 13; "countries")
      + when(($i.U and $release.T and $release.T < $i.U - $skew) or any($all[1:][]; . as $a | $release | before($a)); 18; "order") else [] end)
  + when(any($built[].s; .d.externalParameters.manifest != $M or "sha256:" + .d.resolvedDependencies[0].digest.sha256 != $m.toolchain.lock or ([.d.resolvedDependencies[3:][]
      | [.name[7:], .digest.gitTree]] | sort) as $trees | $trees != [] and $trees != ([$m.sources[] | [.name, .tree]] | sort)); 22; "manifest")
  + when([$artifacts[].name] != ([$m.artifacts[].name] | sort) or any($built[].s; .d.internalParameters.result != "succeeded" or .subject != $artifacts); 12; "outputs")
  + when(any($built[].s; .d.internalParameters.result != "succeeded") or ([$built[].s | [.subject, .runDetails.metadata.invocationId, .d.externalParameters,
      .d.resolvedDependencies[:3], .d.internalParameters.result]] | unique | length) > 1; 23; "agreement")
  + when(($r.development | not) and $p.requireKernelLimits and any($built[].s; .d.internalParameters.limits == "observed"); 13; "limits")
  + when(any($approvals[]; .key as $k | any($release, $i, $records[]; .key == $k)) or ($q.s and ([$approvals[] | select(.id and all(.bad[]; .[1] != "approvals"))] | distinct | length) < $p.auditors);
    14; "approvals") + when(any($r.revocations[]; .kind == "release" and .subject == $release.pae); 17; "revocations")
  + when(any($artifacts[]; .digest.sha256 == $hash and .annotations.size == $size and .name == $name) | not; 10; "artifact")
  end | if . == [] then [[0, "every rule holds"]] else unique end | .[] | "\(.[0]) \(.[1])"' "$work/facts" >"$work/findings" 2>"$work/why" || die 2 "$(head -c 300 "$work/why")"
cat "$work/findings"; read -r verdict _ <"$work/findings" && exit "$verdict"; exit 70
