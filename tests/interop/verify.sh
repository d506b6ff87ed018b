#!/bin/bash
# A second farm-verify in bash, openssl and jq, written from the FORMAT.md files: it shares no line with the first.
# usage: verify.sh FILE BUNDLE ROOT POLICY [--allow-development-root].  Prints what does not hold as "CODE RULE"; the exit
# code is the lowest CODE, 0 if every rule holds.  A policy or status that asks for more than it judges it refuses (2).
set -u -o pipefail; die() { echo "$*"; exit "$1"; }; malformed() { die 2 "$1: $(head -c 300 why)"; }; for name in "${@:1:4}"; do [ -f "$name" ] || die 22 "no $name"; done
export LC_ALL=C OPENSSL_CONF=/dev/null file=$(realpath -s "$1") bundle=$(realpath "$2") root_file=$(realpath -s "$3") allow=${5:-}
policy_file=$(realpath "$4") && work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work" || exit 70
# Short bytes stand in hex, long ones in base64 as they come, what openssl reads in files.  R is a function's answer.
unhex() { local h=$1 o=''; while [ -n "$h" ]; do o+="\\x${h:0:2}" h=${h:2}; done; printf '%b' "$o"; }
sha() { first sha256sum < <(unhex "$1"); }; key_id() { first sha256sum < <(base64 -d <<<"$1"); } # of hex; of an SPKI
first() { R=$("$@"); R=${R%% *}; }; pem() { echo "-----BEGIN $1-----"; fold -w 64 <<<"$2"; echo "-----END $1-----"; }
certificate() { # BASE64 FILE: FILE as PEM; shown: how it is built; R: its SPKI, the fifth sequence of what is signed
  local row n=0 && pem CERTIFICATE "$1" >"$2" && base64 -d <<<"$1" >der && shown=$(openssl asn1parse -inform DER -in der 2>/dev/null) || return 1
  while read -r row; do [[ $row =~ ^([0-9]+):d=2\ \ hl=([0-9]+)\ l=\ *([0-9]+)\ cons:\ SEQUENCE ]] && [ $((++n)) = 5 ] && break; done <<<"$shown" || return 1
  R=$(tail -c +$((BASH_REMATCH[1] + 1)) der | head -c $((BASH_REMATCH[2] + BASH_REMATCH[3])) | base64 -w 0)
}
extension() { [[ $shown =~ :X509v3\ $1$'\n'([^$'\n']*BOOLEAN[^$'\n']*$'\n')?[^$'\n']*HEX\ DUMP\]:$2($'\n'|$) ]]; } # NAME PATTERN of its value in hex
p256() { openssl dgst -sha256 -verify "$1" -signature "$2" "$3" >/dev/null 2>&1; } # KEY SIGNATURE MESSAGE
ed25519() { openssl pkeyutl -verify -pubin -inkey "$1" -rawin -sigfile "$2" -in "$3" >/dev/null 2>&1; }
# like: a value has exactly the fields of a pattern ("name?" may be missing; in a format of others more, but no "a_field" for "aField").
common='def need(f; what): if f then . else error(what) end; def each(names; t): names | [scan("\\S+") | {(.): t}] | add;
def int(a; b): type == "number" and floor == . and . >= a and . <= b; def alone: length == (unique | length);
def text(n): type == "string" and utf8bytelength >= 1 and utf8bytelength <= n and (test("[\u0000-\u001f\u007f]") | not);
def is(t): {hex: "[0-9a-f]{64}", digest: "sha256:[0-9a-f]{64}", int64: "0|[1-9][0-9]{0,18}", time: "[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z",
    base64: "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"}[t] as $form
  | if t == "text" then text(1024) elif t == "name" then text(255) and (test("/") | not) and . != "." and . != ".."
  elif t == "count" or (t == "int64" and type == "number") then int(0; 9007199254740991) elif t == "any" then true
  elif $form then type == "string" and test("\\A(\($form))\\z") and (t != "time" or [try ((fromdate | todate) == .) catch false][0])
  elif t == "fact" then type | IN("string", "number", "boolean") elif t[:1] == "=" then . == t[1:] else type == t end;
def camel: gsub("_+(?<c>[a-z]?)"; .c | ascii_upcase); def like($p; $more): . as $v | if $p | type == "array" then type == "array" and all(.[]; like($p[0]; $more)) elif $p | type == "string" then is($p)
  else type == "object" and (($p | keys | map(rtrimstr("?"))) as $n | keys - $n | if $more then all(.[]; camel | IN($n[]) | not) else . == [] end) and all($p | to_entries[]; (.key | rtrimstr("?")) as $k
    | .value as $w | if $v | has($k) then $v[$k] | like($w; $more) else .key != $k end) end; def like($p): like($p; false);
def tohex: [explode[] | select(. != 61) | if . == 43 then 62 elif . == 47 then 63 elif . < 58 then . + 4
    elif . < 91 then . - 65 else . - 71 end] | (length * 3 / 4 | floor) as $bytes | [range(0; length; 2) as $i
  | .[$i] * 64 + .[$i + 1] | . / 256, . / 16 % 16, . % 16 | floor | "0123456789abcdef"[.:. + 1]] | add // "" | .[:$bytes * 2];
def canon: if type == "object" then "{" + ([keys[] as $k | ($k | tojson) + ":" + (.[$k] | canon)] | join(",")) + "}"
  elif type == "array" then "[" + (map(canon) | join(",")) + "]" else tojson end; def bytes: need(is("base64"); "base64") | tohex;'
[ ! -e "$(dirname "$root_file")/status.json" ] || die 2 "not judged here: status.json beside the root"
leaves() { jq -n "${@:2}" "reduce ($1 | select(length == 2)) as \$x (0; . + 1)" "$bundle" "$root_file" "$policy_file" 2>/dev/null; }
cat "$bundle" "$root_file" "$policy_file" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 || die 2 "not UTF-8"
[ "$(leaves inputs --stream)" = "$(leaves 'inputs | tostream')" ] || die 2 "not JSON, or a field twice" # whose leaves are lost
# --- The bundle: a JSON object a line; each with its note taken apart.
[ -z "$(tail -c 1 "$bundle")" ] && [ -s "$bundle" ] && [ "$(wc -l <"$bundle")" -le 256 ] || die 2 "bundle: not lines"
jq -rRs "$common"'def raw: {rawBytes: "base64"}; def plain: gsub("[|\n]"; "?"); def keyname: if . == "" or is("hex") then . elif is("base64") then tohex else "?" end;
def dsse: gsub("-"; "+") | gsub("_"; "/") | . + "=" * ((4 - length % 4) % 4) | need(is("base64"); "base64");
def note: need(utf8bytelength <= 65536 and (test("[\u0000-\u0009\u000b-\u001f\u007f]") | not); "note") | (rindex("\n\n") // error("note")) as $i
  | .[:$i + 1] as $text | ($text / "\n") as $t | (.[$i + 2:] | need(endswith("\n"); "note") | .[:-1] / "\n") as $signed
  | need(($t | length) >= 4 and all($t[:-1][]; . != "") and ($t[1] | is("int64")) and ($t[0] | utf8bytelength) <= 255
    and ($signed | length) <= 64; "checkpoint") | {text: $text, origin: $t[0], size: $t[1], root: ($t[2] | bytes | need(length == 64; "root")),
      signed: [$signed[] | need(test("\\A— [^ +]+ [^ ]+\\z"); "note") / " " | (.[2] | bytes | need(length > 8; "note")) as $s | {name: .[1], hint: $s[:8], sig: $s[8:]}]};
def leaf: (@base64d | fromjson) as $j | need(($j | canon | @base64) == . and ($j | like({apiVersion: "=0.0.2", kind: "=hashedrekord", spec: {hashedRekordV002:
    {data: {algorithm: "=SHA2_256", digest: "base64"}, signature: {content: "base64", verifier: {"publicKey?": raw, "x509Certificate?": raw,
      keyDetails: "=PKIX_ECDSA_P256_SHA_256"}}}}})); "leaf") | $j.spec.hashedRekordV002 | .signature.verifier as $v | need($v | has("publicKey")
    != has("x509Certificate"); "leaf") | {pae: (.data.digest | tohex), sig: .signature.content, spki: $v.publicKey.rawBytes, cert: $v.x509Certificate.rawBytes};
def line: fromjson | need(like({mediaType: "string", "messageSignature?": "any", dsseEnvelope: {payload: "string", payloadType: "string", signatures: [{sig: "string",
      "keyid?": "string"}]}, verificationMaterial: {"x509CertificateChain?": "any", "certificate?": raw, "publicKey?": {hint: "string", "rawBytes?": "base64"},
      "timestampVerificationData?": {"rfc3161Timestamps?": [{signedTimestamp: "base64"}]}, "tlogEntries?": [{canonicalizedBody: "base64", "integratedTime?": "any", "inclusionPromise?": "any",
        "logIndex?": "int64", logId: {keyId: "base64"}, kindVersion: {kind: "=hashedrekord", version: "=0.0.2"}, inclusionProof: {"logIndex?": "int64",
          "treeSize?": "int64", rootHash: "base64", "hashes?": ["base64"], checkpoint: {envelope: "string"}}}]}}; true)
    and (has("messageSignature") | not); "shape") | .verificationMaterial as $m | .dsseEnvelope as $e
  | need((.mediaType | IN("application/vnd.dev.sigstore.bundle" + (".v0.3+json", "+json;version=0.3")))
    and ($m | has("certificate") != has("publicKey") and (has("x509CertificateChain") | not)) and ($e.signatures | length) == 1; "shape")
  | ($m.timestampVerificationData.rfc3161Timestamps // []) as $stamps | ($m.tlogEntries // []) as $entries
  | need(all($stamps, $entries; length <= 1) and all($stamps[]; .signedTimestamp != ""); "more than one")
  | {type: $e.payloadType, payload: ($e.payload | dsse), sig: ($e.signatures[0].sig | dsse), cert: $m.certificate.rawBytes,
     keyid: ($e.signatures[0].keyid // "" | keyname), token: $stamps[0].signedTimestamp, spki: $m.publicKey.rawBytes,
     hint: (if $m.publicKey then $m.publicKey.hint | keyname | need(. != ""; "hint") else "" end)}
  | $entries[0] as $t | $t.inclusionProof as $proof | if $t == null then . else .body = $t.canonicalizedBody | .leaf = (.body | leaf)
    | .note = ($proof.checkpoint.envelope | note) | .log = ($t.logId.keyId | tohex) | .index = ($t.logIndex // 0 | tostring) | .hashes = [$proof.hashes // [] | .[] | tohex]
    | need(all(.log, .hashes[]; length == 64) and .index == ($proof.logIndex // 0 | tostring) and .note.size == ($proof.treeSize // 0 | tostring)
      and .note.root == ($proof.rootHash | tohex) and (.cert or .spki == null or .spki == .leaf.spki); "contradicts itself") end
  | if .cert then .spki = null else .spki = (.spki // .leaf.spki | need(. != null; "no key")) end;
.[:-1] / "\n" | to_entries[] | .key as $n | .value | line | (.note.signed[]? | "note|\($n)|\(.name)|\(.hint)|\(.sig)"),
  ([[.payload | select($n == 0) | @base64d | fromjson | .predicate.manifest | @base64]?] | .[0][0]) as $manifest
  | ["line", $n, (.type | plain), .payload, .sig, .keyid, .token, (.token // "" | .[:8] | tohex), .cert, .hint, .spki, .index,
    .note.size, .note.root, (.hashes // [] | join(" ")), (.note.text // "" | @base64), (.note.origin // "" | plain), .log,
    .body, .leaf.pae, .leaf.sig, (.leaf.cert // .leaf.spki), $manifest] | map(. // "") | join("|")' "$bundle" >lines 2>why && sed -n '/^note/p' lines >notes || malformed bundle
# --- The trust root: its fields, nobody twice, the signatures of its own keys.
jq -r "$common"'def dates: walk(if type == "object" and has("validFor")
  then .v = (.validFor | {s: (.start | fromdate), e: (if .end then .end | fromdate else 1e15 end)}) else . end); def meet(a; b): a.e >= b.s and b.e >= a.s;
def farm(f): {created: "time", "development?": "object", format: "=farm-root/\(f)", transparencyKeys: ["base64"]} + each("auditors
  logs operators requesters revocations timestampAuthorities witnesses monitors? certifiers? keyHolders?"; ["any"]);
(if .signed.format? == "farm-root/1" then 1 else 2 end) as $f | need(like({signatures: [{keyid: "hex", sig: "string"}],
  signed: ({expires: "time", version: "count"} + if $f == 1 then farm(1) + {rootKeys: ["base64"], threshold: "count"}
    else {_type: "=root", consistent_snapshot: "boolean", farm: farm(2), keys: "object", spec_version: "=1.0.31",
      roles: each("root snapshot targets timestamp"; {keyids: ["text"], threshold: "count"})} end)}); "fields")
| .signatures as $sigs | .signed as $s | (if $f == 1 then $s else $s.farm end | dates) as $farm
| need($farm | all([.operators[].parties[].id], [.operators[].id], [.logs[].origin], [.witnesses[].name],
    [.timestampAuthorities[].name]; alone) and [.auditors[].id] - [.requesters[].id] == [.auditors[].id]; "a name twice")
| need(all($farm.auditors, $farm.requesters; . as $l | all(range(length) as $i | range($i) | [$l[$i], $l[.]];
    .[0].id != .[1].id or ($f == 2 and .[0].name == .[1].name and (meet(.[0].v; .[1].v) | not)))); "a person twice")
| need([$farm | (.auditors, .requesters, .logs, .witnesses)[].key, .logs[].ecdsaKey, .transparencyKeys[]] | alone; "a key twice")
| need(all($farm.logs[]; . as $l | .end == null or ($f == 2 and .validFor.end and any($farm.logs[].origin; . == $l.end.successor and . != $l.origin))); "a closed log")
| need(($s.expires | fromdate) > ($farm.created | fromdate) and ($f == 1 or ($s.consistent_snapshot == false
    and ($s.roles.root.keyids | sort) == ($s.keys | keys))); "expires before it was made, or no root of TUF")
| (if $f == 1 then $s.threshold else $s.roles.root.threshold end | need(. > 0; "threshold")) as $threshold
| ($farm | .expires = ($s.expires | fromdate) | .operators[] |= if .authority then .authorities = [{chain: .authority, v}] else . end) as $farm
| ($farm | tojson), ($s | canon), $threshold, ([if $f == 1 then $s.rootKeys[] | tohex else $s.keys[] | .keyval.public as $key
    | if .keytype == "ecdsa" then "3059301306072a8648ce3d020106082a8648ce3d030107034200" + $key else "302a300506032b6570032100" + $key end end]
    | unique[] | "key|\(if length == 182 then "p256" else "ed25519" end)|\(.)"), ($sigs[] | "sig|\(.keyid)|" + if $f == 1 then .sig | bytes else .sig end),
  ($farm | (.logs | to_entries[] | .key as $n | .value | "log|\($n)|\(.origin)|\(.key)|\(.ecdsaKey)|"
    + if .end then "\(.end.size) \(.end.rootHash)" else "" end), (.witnesses | to_entries[] | "witness|\(.key)|\(.value.name)|\(.value.key)"),
  ([.operators | to_entries[] | .key as $o | .value.authorities[] | "\($o)|" + (.chain | join(" "))] | to_entries[] | "ca|\(.key)|\(.value)"),
  (.timestampAuthorities | to_entries[] | "stamp|\(.key)||" + (.value.chain | join(" "))))' "$root_file" >rows 2>why || malformed root
{ read -r root && read -r signed && read -r threshold && printf %s "$signed" >signed; } <rows
while IFS='|' read -r kind algorithm spki; do [ "$kind" = key ] && pem 'PUBLIC KEY' "$(unhex "$spki" | base64 -w 0)" >root.pem && sha "$spki" || continue
  while IFS='|' read -r kind id sig; do [ "$kind $id" = "sig $R" ] && unhex "$sig" >root.sig && $algorithm root.pem root.sig signed && threshold=$((threshold - 1)) && break; done <rows
done <rows
# --- Keys and chains of the root as files; hints of the lines of notes.
hint() { first sha256sum < <(printf '%s\n' "$1"; unhex "$2"; base64 -d <<<"$3" | tail -c 32); } # NAME TYPE SPKI
chain() { # PREFIX CERTIFICATE...: PREFIX.first, .root and .all; CHAIN: their key ids
  CHAIN='' && : >"$1.all" && for R in "${@:2}"; do certificate "$R" "$1.root" && cat "$1.root" >>"$1.all" && key_id "$R" || die 2 "root: a certificate"
    [ -n "$CHAIN" ] || cp "$1.root" "$1.first"; CHAIN+="${CHAIN:+,}\"$R\""; done
}
declare -A owner_of && while IFS='|' read -r kind n name key more end; do case $kind in # a chain's certificates are words
    log) pem 'PUBLIC KEY' "$key" >"log$n" && pem 'PUBLIC KEY' "$more" >"log$n.ecdsa" && hint "$name" 01 "$key" && log_id[n]=$R log_name[n]=$name &&
      key_id "$more" && log_ecdsa_id[n]=$R && key_id "$key" && log_keys[n]="\"$R\",\"${log_ecdsa_id[n]}\"" log_end[n]=$end ;;
    witness) pem 'PUBLIC KEY' "$key" >"witness$n" && hint "$name" 04 "$key" && witness_name[n]=$name witness_hint[n]=${R:0:8} && key_id "$key" && witness_keys[n]="\"$R\"" ;;
    ca) chain "ca$n" $key && ca_keys[n]=$CHAIN ca_length[n]=$(wc -w <<<"$key") && for R in ${CHAIN//[\",]/ }; do
        [ "${owner_of[$R]:=$name}" = "$name" ] || die 2 "root: an issuer of two operators"; done ;;
    stamp) chain "stamp$n" $key && stamp_keys[n]=$CHAIN stamp_length[n]=$(wc -w <<<"$key") ;;
  esac; done <rows
[ "$threshold" -le 0 ] || die 11 "root: not signed by enough of its keys"
# --- Merkle trees.
node() { sha "01$1$2"; }; half() { fn=$((fn >> 1)) sn=$((sn >> 1)); }
climb() { # FN SN OLD NEW HASH...: the steps common to RFC 9162 sections 2.1.3.2 and 2.1.4.2; old, R: the roots (OLD may be '')
  local p new && fn=$1 sn=$2 old=$3 R=$4 && for p in "${@:5}"; do [ $sn -gt 0 ] || return 1
    if [ $((fn & 1)) = 1 ] || [ $fn = $sn ]; then new=$R && { [ -z "$old" ] || { node "$p" "$old" && old=$R; }; } && node "$p" "$new"
      while [ $((fn & 1)) = 0 ] && [ $fn -gt 0 ]; do half; done
    else node "$R" "$p"; fi; half
  done; [ $sn = 0 ]
}
included() { [ "$1" -lt "$2" ] && climb "$1" $(($2 - 1)) '' "$3" "${@:5}" && [ "$R" = "$4" ]; } # INDEX SIZE LEAF_HASH ROOT HASH...
consistent() { # OLD_SIZE OLD_ROOT SIZE ROOT HASH...
  [ $# -gt 4 ] && [ "$1" -gt 0 ] && fn=$(($1 - 1)) sn=$(($3 - 1)) old_root=$2 new_root=$4 || return 1
  [ $(($1 & fn)) != 0 ] && set -- "${@:5}" || set -- "$2" "${@:5}"; while [ $((fn & 1)) = 1 ]; do half; done
  climb $fn $sn "$1" "$1" "${@:2}" && [ "$old $R" = "$old_root $new_root" ]
}
# --- One line: what others attest of it.
bad() { problems+="${problems:+,}[$1,\"$2\"]"; }; chained=(-x509_strict -check_ss_sig -auth_level 2)
at_time() { # TIME PROGRAM VERB OPTION...: 0 it holds then (openssl leaves out a certificate's last second), 18 but then, 11 not
  "${@:2:2}" -attime "$1" "${@:4}" 2>/dev/null || "${@:2:2}" -attime $(($1 - 1)) "${@:4}" 2>/dev/null && return 0
  "${@:2:2}" -no_check_time "${@:4}" 2>/dev/null && return 18 || return 11
}
path() { # CERTIFICATE PREFIX LENGTH TIME: issued by exactly that chain; answers as at_time
  local code shown && shown=$(at_time "$4" openssl verify "${chained[@]}" -show_chain -CAfile "$2.root" -untrusted "$2.all" "$1")
  code=$? && [ "$(grep -c ^depth= <<<"$shown")" = "$3" ] && return $code || return 11
}
stamped_by() { # CHAIN LENGTH TIME: its first certificate, or one issued by that, has stamped sig; answers as at_time
  at_time "$3" openssl ts -verify -partial_chain "${chained[@]}" -data sig -in tsr -CAfile "$1.first" -untrusted "$1.first" >/dev/null
  local both=$? && path "$1.first" "$1" "$2" "$3"; case $both$? in 00) return 0 ;; *11*) return 11 ;; *) return 18 ;; esac
}
token_signer() { # CHAIN: R: the key id of the certificate, of the token or the chain, that signed the token
  local shown && openssl ts -reply -in tsr -token_out -out token >/dev/null 2>&1 && openssl cms -verify -noverify -inform DER -in token \
    -certfile "$1.first" -signer signer -out info 2>/dev/null && certificate "$(sed '/^-/d' signer | tr -d '\n')" leaf && key_id "$R"
}
stamp() { # sets T, whose time stamp it is, and which keys made it
  local n info at code=11; [ "${tsr_head:0:8}" = "$(printf '3082%04x' $((tsr_size - 4)))" ] && base64 -d <<<"$token" >tsr &&
    info=$(openssl ts -reply -in tsr -text 2>/dev/null) && [[ $info =~ Hash\ Algorithm:\ sha(256|384|512) ]] &&
    [[ $info =~ Time\ stamp:\ ([^$'\n']*) ]] && at=$(date -u -d "${BASH_REMATCH[1]}" +%s 2>/dev/null) && for n in "${!stamp_keys[@]}"; do
      stamped_by "stamp$n" "${stamp_length[n]}" "$at"; case $? in 11) continue ;; 18) code=18 && continue ;; esac
      token_signer "stamp$n" && T=$at stamped=$n keys+=",\"$R\",${stamp_keys[n]}" && return
    done; bad $code time-stamps
}
note_lines() { row="$1|$2|$3" awk -F'|' '$2 "|" $3 "|" $4 == ENVIRON["row"] { print $5 }' notes; } # LINE NAME HINT
signed_by() { # ALGORITHM KEY NAME HINT: there are such lines of the note, and all of them are good
  local hex found=1 && for hex in $(note_lines "$line" "$3" "$4"); do unhex "$hex" >note.sig && $1 "$2" note.sig note && found=0 || return 1; done; return $found
}
entered() { # sets log: that of the root under whose signed checkpoint the line is
  local n && [ "$leaf_pae$leaf_sig$leaf_key" = "$pae$sig${cert:-$spki}" ] && [ "${#spki}" = 124 ] || return 1
  for n in "${!log_name[@]}"; do [ "${log_name[n]}" != "$origin" ] || log=$n; done
  [ $log != null ] && { [ "$said_log" = "${log_id[log]}" ] || [ "$said_log" = "${log_ecdsa_id[log]}" ]; } || return 1
  [ -z "${log_end[log]}" ] || [ "$size" -lt "${log_end[log]% *}" ] || [ "$size sha256:$tree_root" = "${log_end[log]}" ] || return 1
  signed_by ed25519 "log$log" "$origin" "${log_id[log]:0:8}" && signed_by p256 "log$log.ecdsa" "$origin" "${log_ecdsa_id[log]:0:8}" &&
    first sha256sum < <(printf '\0'; base64 -d <<<"$body") && included "$index" "$size" "$R" "$tree_root" $hashes
}
cosigned() { # sets times: witness and time of each good line
  local n hex at seen && for n in "${!witness_name[@]}"; do seen='' && for hex in $(note_lines "$line" "${witness_name[n]}" "${witness_hint[n]}"); do
      at=$((16#${hex:0:16})) && unhex "${hex:16}" >note.sig && { printf 'cosignature/v1\ntime %d\n' "$at"; cat note; } >cosigned
      [ "$at" -ge 0 ] && [ "$at" -le 253402300799 ] && [ "${seen:-$at}" = "$at" ] && # of the calendar, and of all alike
        ed25519 "witness$n" note.sig cosigned && seen=$at || { bad 16 witnesses && seen='' && break; }
    done; [ -z "$seen" ] || times+="${times:+,}[$n,$seen]"; done
}
while IFS='|' read -r row line type payload sig keyid token tsr_head cert hint spki index size tree_root hashes note origin \
  said_log body leaf_pae leaf_sig leaf_key manifest; do [ "$row" = line ] || continue
  problems='' T=null stamped=null log=null times='' uri='' ca=null late=false keys='' certified=false
  R=${payload%%=*} && payload_size=$((${#R} * 3 / 4)) && R=${token%%=*} && tsr_size=$((${#R} * 3 / 4)) # of base64
  { printf 'DSSEv1 %d %s %d ' ${#type} "$type" $payload_size; base64 -d <<<"$payload"; } >pae; base64 -d <<<"$sig" >sig; base64 -d <<<"$note" >note
  first sha256sum pae && pae=$R && [ "$type" = application/vnd.in-toto+json ] || bad 2 statements
  [ -z "$cert" ] || { certificate "$cert" cert && certified=true spki=$R; } || die 2 "bundle: certificate"
  $certified && extension 'Subject Alternative Name' '30..86..(([2-7][0-9A-F])*)' && uri=$(unhex "${BASH_REMATCH[2]}") && uri=${uri//[\"\\]/}
  pem 'PUBLIC KEY' "$spki" >key && key_id "$spki" && key=$R && keys="\"$R\""
  [ "${keyid:-$key}" = "$key" ] && [ "${hint:-$key}" = "$key" ] || die 2 "bundle: a key has another name"
  p256 key sig pae || bad 11 signatures; if [ -n "$token" ]; then stamp; else bad 18 time-stamps; fi
  [ -n "$uri" ] && extension 'Extended Key Usage' 300A06082B06010505070303 && extension 'Key Usage' '0302..[89A-F].' &&
    ! extension 'Basic Constraints' '.*0101FF.*' && for n in "${!ca_keys[@]}"; do
      path cert "ca$n" $((ca_length[n] + 1)) "${T/null/1}"; case $? in 0) ca=$n late=false && break ;; 18) ca=$n late=true ;; esac
    done; [ $ca = null ] || keys+=",${ca_keys[ca]}"
  if entered; then keys+=",${log_keys[log]}" && cosigned; else log=null && bad 15 log && bad 16 witnesses; fi
  [ "$line" -gt 0 ] || { newest=("$log" "$origin" "${size:-0}" "$tree_root") && first sha256sum < <(base64 -d <<<"$manifest") && manifest_hash=$R; }
  [ $log = null ] || [ "${newest[0]}" = null ] || [ "$origin $size $tree_root" = "${newest[*]:1}" ] || { # a beginning of that tree
    proof=$(note_lines 0 farm-consistency/1 cac12704 | sed -n "s/^$(printf %016x "$size")//p" | head -n 1 | fold -w 64)
    [ "$origin" = "${newest[1]}" ] && [ "$size" -lt "${newest[2]}" ] && consistent "$size" "$tree_root" "${newest[2]}" "${newest[3]}" $proof; } || bad 15 consistency
  printf '{"payload":"%s","pae":"sha256:%s","key":"%s","spki":"%s","cert":%s,"uri":"%s","ca":%s,"late":%s,"T":%s,"stamp":%s,"log":%s,' \
    "$payload" "$pae" "$key" "$spki" $certified "$uri" $ca $late $T $stamped $log >>facts
  printf '"at":%s,"times":[%s],"keys":[%s],"bad":[%s]}\n' "${index:-0}" "$times" "$keys" "$problems" >>facts
done <lines
# --- The verdict: what the statements say of each other, who counts, and when (farm/verify/FORMAT.md, "Rules of the verdict").
first sha256sum "$file" && jq -rs --argjson r "$root" --slurpfile policy "$policy_file" --arg name "${file##*/}" --arg hash "$R" \
  --argjson size "$(stat -c %s "$file")" --arg allow "$allow" --arg manifest "$manifest_hash" --argjson witness_keys "[$(IFS=,; echo "${witness_keys[*]}")]" "$common"'
def named(n): {digest: {sha256: "hex"}, name: n}; def tree: {digest: {gitTree: "hex"}, name: "text"};
def predicates: {request: each("product requester version"; "text"), approval: (each("auditor product version"; "text") + {"base?": "digest",
    scope: "string"}), intent: (each("product version"; "text") + {attempt: "count", earlier: ["digest"], nonce: "string", request: "digest",
    sites: ["string"]}), release: (each("intent request"; "digest") + each("approvals records"; ["digest"]) + {manifest: "string", sequence: "count",
    signer: "text"})} | map_values(.created = "time") | .record = {buildDefinition: {buildType: "=https://farm.example/buildtypes/hermetic/v1",
      externalParameters: each("manifest plan"; "digest"), resolvedDependencies: ["any"], internalParameters: {limits: "string",
        result: "string", sandbox: "object", trace: ["object"]}}, runDetails: {builder: {builderDependencies: [named("name")], id: "text"},
      metadata: (each("finishedOn startedOn"; "time") + {invocationId: "digest"})}};
def good(kind): (if kind == "release" or .result == "succeeded" then .subject | length > 0 and ([.[].name] | . == unique)
      and like([named("name") + {annotations: {mode: "string", size: "count"}}]) and all(.[].annotations.mode; IN("0644", "0755"))
    else (.subject[0] | like(named("=manifest"))) and (.subject[1:] | like([tree]) and (kind == "approval" or length == 0)) end)
  and if kind == "release" then .sequence > 0 and .approvals == (.approvals | sort) elif kind == "approval" then .scope == if has("base") then "diff" else "tree" end
    elif kind == "intent" then .attempt > 0 and (.sites | alone and length > 0) and (.nonce | test("\\A[0-9a-f]{32}\\z"))
    elif kind == "record" then (.used | [.[].name] == ["lock", "root.tar", "image"] and like([named("text")])) and (.limits | IN("kernel", "observed"))
      and (.sources | like([tree]) and all(.[].name; startswith("source:"))) and all(.sandbox[]; is("fact"))
      and (.result == "succeeded" or (.result == "failed" and .of == .manifest)) else true end;
def statement(kind): . as $b | [try ($b | @base64d | fromjson) catch null][0] | if (canon | @base64) == $b
    and like({_type: "=https://in-toto.io/Statement/v1", subject: ["any"], predicate: predicates[kind], predicateType: ("=https://"
      + if kind == "record" then "slsa.dev/provenance/v1" else "farm.example/\(kind)/v1" end)})
  then {subject, of: "sha256:\(.subject[0].digest.sha256)"} + (.predicate | if kind == "record" then .buildDefinition as $d | {builder:
      .runDetails.builder.id, intent: .runDetails.metadata.invocationId, used: $d.resolvedDependencies[:3], sources: $d.resolvedDependencies[3:]}
      + $d.externalParameters + $d.internalParameters else . end) | if good(kind) then . else null end else null end;
def view: . as $t | [try fromjson catch null][0] | if like({format: "=farm-manifest/1", sources: ["object"], steps: ["any"], toolchain: {lock: "digest",
      name: "any"}, artifacts: [each("name"; "string") + each("path step"; "any")], requires: ({countriesAny: ["string"]} + each("auditors operators
      sites witnesses"; "count"))} + each("architecture product version"; "string") + each("revision sourceDateEpoch"; "count")) and canon == $t then . else null end;
def within(v): . >= v.s and . <= v.e; def before(l): .log != null and .log == l.log and .at <= l.at; def counted(rule): map(select(.s and .id and all(.bad[]; .[1] != rule)));
def when(c; code; rule): if c then [[code, rule]] else [] end; def trees: map([.name, .digest.gitTree]) | sort;
def distinct: reduce .[] as $x ([]; if any(.[]; .id == $x.id or .key == $x.key) then . else . + [$x] end);
$policy[0] as $mine | need($mine | like(each("auditors clockSkewSeconds countries operators sites witnesses"; "count")
    + each("refuseDevelopmentRoot requireKernelLimits"; "boolean") + {countriesAny: ["string"]} + if .format == "farm-policy/1"
    then {format: "string"} else each("certifiedCountries diffApprovals mismatchBlocks"; "boolean")
      + each("replays statusMaxAgeSeconds"; "count") + {format: "=farm-policy/2", "replayers?": [{key: "base64", name: "text"}]} end)
  and .auditors <= 1000 and all(.sites, .operators, .countries, .witnesses; int(1; 1000)) and .clockSkewSeconds <= 3600 and all(.countriesAny[]; test("\\A[A-Z]{2}\\z")); "policy")
| need(any($mine | .statusMaxAgeSeconds > 0, .replays > 0, .certifiedCountries; . == true) | not; "not judged here: status, certifiers, replays")
| . as $facts | def revoked($id; $T; $U): any($r.revocations[]; .kind == "key" and .subject == $id and ((.compromisedSince and $T and $U and ([$T, $U] | max) < (.compromisedSince | fromdate)) | not));
def who(role): . as $l | if role | IN("auditor", "requester") then [$r["\(role)s"][] | select(.key == $l.spki and ($l.cert | not))][0] as $p
    | if role == "auditor" and ($l.cert or any($r.requesters[]; .key == $l.spki)) then .bad += [[14, "approvals"]]
      elif $p == null then .bad += [[11, "identities"]] else .id = $p.id | .vouched = [$p.v] end
  else [$r.operators[] as $o | $o.parties[] | select(.id == $l.uri and .role == role) | {p: ., $o}][0] as $p
    | [$r.operators[] | .id as $o | .authorities[] | {o: $o, v}][.ca // infinite] as $ca | if $p == null or $ca.o != $p.o.id
      then .bad += [[11, "identities"]] else .id = .uri | .op = $p.o.id | .country = $p.p.country | .vouched = [$p.o.v, $ca.v] | .bad += when(.late and .T; 18; "validity") end end;
def judged(role; $p): who(role) | . as $l | [.times[] as [$n, $t] | $r.witnesses[$n] as $w | if revoked($witness_keys[$n]; $l.T; $t) then 17
      elif $t | within($w.v) | not then 18 else {who: (if $r.development then $w.name else $w.operator end), t: $t} end] as $seen
  | ([$seen[] | objects] | group_by(.who) | map(map(.t) | min) | sort) as $times | $times[$p.witnesses - 1] as $U | .U = $U
  | (($times | length) + ([$seen[] | select(. == 18)] | length)) as $n18 | ($n18 + ([$seen[] | select(. == 17)] | length)) as $n17
  | .vouched += [(.stamp | values | $r.timestampAuthorities[.].v), (.log | values | $r.logs[.].v), {s: 0, e: ($r.expires + $p.clockSkewSeconds)}]
  | .bad += when(.T and any(.vouched[]; . as $v | $l.T | within($v) | not); 18; "validity")
    + (if .log == null or .U then [] elif $n18 >= $p.witnesses then [[18, "validity"]] elif $n17 >= $p.witnesses then [[17, "revocations"]] else [[16, "witnesses"]] end)
    + when(any(.keys[]; revoked(.; $l.T; $U)); 17; "revocations") + when(.T and .U and .T > .U + $p.clockSkewSeconds; 18; "order");
def line($d; role; kind; $p): [$facts[] | select(.pae == $d)] as $found | if $found == [] then null else $found[0] | judged(role; $p)
  | .s = (.payload | statement(kind)) | if .s == null then .bad = [[2, "statements"]]
    else (.s | .requester // .auditor // .signer // .builder) as $says | .bad += when($says and .id and .id != $says; 11; "identities") end end;
# Approvals by diff: of which manifests there are $least distinct auditors, by what leads to trees; where they lead from some.
def held($given; $least): reduce range(16) as $round ([]; . as $held | [$given[] | select(.s.base == null or (.s.base | IN($held[])))]
  | group_by(.s.of) | map(select(distinct | length >= $least)[0].s.of));
def way($given): reduce $given[] as $step (.; . as $on | . + [$given[].s | select(.base and (.of | IN($on[]))) | .base] | unique);
($facts[0].payload | statement("release")) as $R | (if $R then $R.manifest | view else null end) as $m | "sha256:\($manifest)" as $M
| when($r.development and ($mine.refuseDevelopmentRoot or $allow != "--allow-development-root"); 13; "development-root") + if $m == null then [[2, "release"]] else
  (reduce ("sites", "operators", "auditors", "witnesses") as $k ($mine; .[$k] = ([.[$k], $m.requires[$k]] | max))) as $p
  | line($facts[0].pae; "signer"; "release"; $p) as $release | line($R.request; "requester"; "request"; $p) as $q
  | (if $q.s then line($R.intent; "coordinator"; "intent"; $p) else null end) as $i | $p.clockSkewSeconds as $skew | ([$m.sources[] | [.name, .tree]] | sort) as $sources
  | [if $i.s then $R.records[] else empty end | line(.; "site"; "record"; $p) | values | if .s then .bad +=
      when(.s.intent != $R.intent or .s.manifest != $i.s.of or (.s.builder | IN($i.s.sites[]) | not); 12; "sites")
      + when(($i.U and .T and .T < $i.U - $skew) or before($i); 18; "order") else . end] as $records
  | [if $q.s then $R.approvals[] else empty end | line(.; "auditor"; "approval"; $p) | values | if .s then .bad +=
      when(.s.auditor == $q.s.requester or .key == $q.key or (.s.auditor | IN($r.operators[].id)) or $q.s.of != $M or .s.product != $m.product
        or (.s.of == $M and (.s.version != $m.version or (.s.subject[1:] | trees) != $sources)); 14; "approvals")
      + when(($i.U and .T and .T > $i.U + $skew) or (. as $a | $i | before($a)); 18; "order") else . end] as $approvals
  | [$approvals[] | select(.s)] as $given | [$given | counted("approvals")[] | select(.s.base == null or $p.diffApprovals)] as $counted
  | held($given; 1) as $trees | ([$M] | way($given)) as $way | held($counted; [$p.auditors, 1] | max) as $enough
  | ([$counted[] | select(.s.of == $M and (.s.base == null or (.s.base | IN($enough[]))))] | distinct) as $auditors
  | [$release, $q, $i, $records[], $approvals[] | values] as $all | [$R.request, $R.intent, $R.records[], $R.approvals[]] as $named
  | [$records[].s | values] as $built | ($records | counted("sites") | distinct) as $sites | ([$sites[].country] | unique) as $countries
  | [$all[].bad[]] + when(($named | alone | not) or any($named[]; . as $n | [$facts[] | select(.pae == $n)] | length != 1); 22; "lines")
  + when($q.s and ($q.s | [.of, .product, .version] != [$M, $m.product, $m.version]); 22; "manifest")
  + (if $i.s then when(([$sites[].op] | unique | length) < $p.operators; 13; "operators")
      + when(($i.s | [.request, .of, .product, .version]) != [$R.request, ($q.s | .of, .product, .version)]; 22; "manifest")
      + when(($sites | length) < $p.sites or any($i.s.sites[]; . as $x | [$built[] | select(.builder == $x)] | length != 1); 12; "sites")
      + when(($countries | length) < $p.countries or any($p.countriesAny, $m.requires.countriesAny; . != [] and . - $countries == .); 13; "countries")
      + when(($i.U and $release.T and $release.T < $i.U - $skew) or any($all[1:][]; . as $a | $release | before($a)); 18; "order") else [] end)
  + when(any($built[]; .manifest != $M or "sha256:" + .used[0].digest.sha256 != $m.toolchain.lock or (.sources | . != [] and (map(.name |= .[7:]) | trees) != $sources)); 22; "manifest")
  + when([$R.subject[].name] != ([$m.artifacts[].name] | sort) or any($built[]; .result != "succeeded" or .subject != $R.subject); 12; "outputs")
  + when(any($built[]; .result != "succeeded") or ([$built[] | [.subject, .intent, .manifest, .plan, .used]] | unique | length) > 1; 23; "agreement")
  + when(($r.development | not) and $p.requireKernelLimits and any($built[]; .limits == "observed"); 13; "limits")
  + when(any($given[]; .key as $k | any($release, $i, ($records[] | select(.s)); .key == $k)) or ($q.s and ($auditors | length) < $p.auditors)
      or any($given[].s; (.of | IN($way[]) | not) or (.base and (.base | IN($trees[]) | not))); 14; "approvals")
  + when(any($r.revocations[]; .kind == "release" and .subject == $release.pae); 17; "revocations")
  + when(any($R.subject[]; .digest.sha256 == $hash and .annotations.size == $size and .name == $name) | not; 10; "artifact")
  end | if . == [] then [[0, "every rule holds"]] else unique end | .[] | "\(.[0]) \(.[1])"' facts >findings 2>why || malformed policy
cat findings; read -r verdict _ <findings && exit "$verdict"; exit 70
