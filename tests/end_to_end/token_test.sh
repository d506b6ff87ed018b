#!/bin/bash
# One release whose signer and one of whose sites have their keys in PKCS#11 tokens (SoftHSM2), made by the tools
# that an operator uses ("Keys in tokens" in farm/client/CONFIGURATION.md): it is VERIFIED, and no file has those keys.
set -uo pipefail
source tests/end_to_end/farm.sh
module=/usr/lib/softhsm/libsofthsm2.so
with_tokens='signer site-xa'

token() { # PARTY OPTIONS of pkcs11-tool
  SOFTHSM2_CONF=$state/parties/$1/softhsm2.conf pkcs11-tool --module "$module" --token-label "$1" "${@:2}"
}
key_into_token() { # PARTY: a new key in a token of its own stands for its key.pem
  local party=$1 own=$state/parties/$1
  mkdir -m 700 "$own/tokens"
  printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n' "$own" >"$own/softhsm2.conf"
  (umask 077 && echo pin-4711 >"$own/pin")
  SOFTHSM2_CONF=$own/softhsm2.conf softhsm2-util --init-token --free --label "$party" --so-pin so-pin-4712 --pin pin-4711 &&
    token "$party" --login --pin pin-4711 --keypairgen --key-type EC:prime256v1 --label release --id 01 || return 1
  jq --arg key "pkcs11:token=$party;object=release?module-path=$module&pin-source=file:$own/pin" '.key = $key' "$own/config.json" >"$state/config.json" &&
    cat "$state/config.json" >"$own/config.json" || return 1 # it stays who it belongs to
  rm "$own/key.pem"
  chown -R --reference="$own" "$own"/tokens "$own"/softhsm2.conf "$own"/pin
}
# `farm development run` hands no variable on: in front of the program stands one that names its party's tokens.
knows_tokens() { # PROGRAM
  mkdir -p "$state/bin/real"
  mv "$state/bin/$1" "$state/bin/real/$1"
  cat >"$state/bin/$1" <<EOF2
#!/bin/bash
for word in "\$@"; do case \$word in "$state"/parties/*/config.json) export SOFTHSM2_CONF="\${word%/*}/softhsm2.conf" ;; esac; done
exec -a "\$0" "$state/bin/real/$1" "\$@"
EOF2
  chmod 755 "$state/bin/$1"
}
keys_into_tokens() {
  local party program
  for party in $with_tokens; do key_into_token "$party" >"$state/out" 2>&1 || { cat "$state/out"; die "the token of $party"; }; done
  for program in farm-signer farm-site; do knows_tokens "$program"; done
}
key_id() { # PARTY: the name of its key, in the token
  token "$1" --read-object --type pubkey --label release 2>/dev/null | sha256sum | cut -d' ' -f1
}
key_id_of_file() { openssl pkey -in "$1" -pubout -outform DER 2>/dev/null | sha256sum | cut -d' ' -f1; }
signed_by() { # FILTER: the name of the key that signed the line of greet's bundle whose statement it takes
  jq -r "select(.dsseEnvelope.payload | @base64d | fromjson | $1) | .dsseEnvelope.signatures[0].keyid" "$published/greet.sigstore.jsonl"
}
record_of() { signed_by ".predicate.runDetails.builder.id == \"https://farm.example/sites/$1\""; } # SITE
release='.predicateType | endswith("/release/v1")'

set_up keys_into_tokens
for party in $with_tokens; do
  check "the token of $party gives its key to nobody" 0 token "$party" --login --pin pin-4711 --list-objects --type privkey
  says "not even to who has the PIN" 'never extractable'
done
check "two auditors approve" 0 approve "$manifest"
check "the release goes through" 0 requester farm release "$manifest" --wait
keep_root
published=$state/published/greeting/1.0
for file in greet libgreeting.so.1; do
  check "farm-verify $file" 0 verify --allow-development-root "$published/$file"
  says "says VERIFIED" "^VERIFIED \(.*\)  greeting 1\.0  ${file//./\\.}\$"
done
equals "the release is signed by the key in the signer's token" "$(key_id signer)" "$(signed_by "$release")"
equals "a record by the key in site-xa's" "$(key_id site-xa)" "$(record_of site-xa)"

# No file of any party, of the farm's or of what was published has either key.
ids=$(for party in $with_tokens; do key_id "$party"; done)
equals "they are two keys" 2 "$(sort -u <<<"$ids" | grep -cE '^[0-9a-f]{64}$')"
files=0 found=''
while read -r file; do
  files=$((files + 1))
  ! grep -qxF "$(key_id_of_file "$file")" <<<"$ids" || found+=" $file"
done < <(grep -rlaF -e '-----BEGIN PRIVATE KEY-----' "$state/parties" "$state/authority" "$state/public" "$state/published" "$state/run" 2>/dev/null)
check "there are files with private keys of others" 0 test $files -gt 20
equals "and none with one of these" '' "$found"
equals "site-xb's, which is in a file, would be found so" "$(key_id_of_file "$state/parties/site-xb/key.pem")" "$(record_of site-xb)"
for party in $with_tokens; do
  equals "$party has no key.pem" '' "$(find "$state/parties/$party" -name key.pem)"
done

# ---- a token that is not there ----------------------------------------------------------------------------
stop
mv "$state/parties/signer/tokens" "$state/parties/signer/elsewhere"
mkdir -m 700 "$state/parties/signer/tokens"
check "a signer whose token is away does not start" 30 farm-signer --config "$state/parties/signer/config.json"
says "and says which" 'no such token.*signer|token.*signer.*no such token'
sum_up
