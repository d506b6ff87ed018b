#!/bin/bash
# From the published kit back to the same bytes: by farm-replay, and by the kit's own replay.sh, which
# needs no program of ours, as an ordinary user; that neither has a network; and what neither takes
# for a MATCH.
set -uo pipefail
source tests/end_to_end/farm.sh
set_up
approve "$manifest" || die "no approvals"
requester farm release "$manifest" --wait >"$state/out" 2>&1 || { cat "$state/out"; die "no release"; }
keep_root
published=$state/published/greeting/1.0

user() {
  if [ "$(id -u)" = 0 ]; then "$root/tests/support/as_user.sh" "$state/user" "$@"; else "$@"; fi
}
# Programs in front of the real ones note the network in which something was started.
mkdir "$state/noted"
ours=$(readlink /proc/self/ns/net)
no_network() { # DESCRIPTION NOTES COUNT: at least so many notes, each of another network than ours
  check "$1" 0 awk -v ours="$ours" -v least="$3" '
    $0 == ours || !/^net:\[[0-9]+\]$/ { print "noted: " $0; bad = 1 }
    END { print NR " notes"; exit bad || NR < least }' "$2"
}

# ---- farm-replay ---------------------------------------------------------------------------------------
kit=$(ls "$published"/*.farmkit)
: >"$state/noted/launcher.net"
chmod 666 "$state/noted/launcher.net"
cat >"$state/noted/launcher" <<EOF
#!/bin/sh
readlink /proc/self/ns/net >>"$state/noted/launcher.net"
exec "$state/bin/farm-sandbox" "\$@"
EOF
chmod 755 "$state/noted/launcher"
replay() { # KIT OUT [COMMAND-BEFORE...]
  local kit=$1 out=$2
  shift 2
  "$@" farm-replay run "$kit" --root "$state/public/root.json" --policy "$state/public/policy.json" --allow-development-root --launcher "$state/noted/launcher" --out "$out"
}
mkdir -p "$state/replay"
cp -a "$state/toolchain" "$state/replay/toolchain"
check "the kit gives MATCH" 0 replay "$kit" "$state/replay"
says "of both artifacts" 'MATCH  2 of 2'
check "and a report to read" 0 test -s "$state/replay/report.html"
no_network "built with no network of ours" "$state/noted/launcher.net" 2
if [ "$(id -u)" = 0 ]; then # else that was an ordinary user
  : >"$state/noted/launcher.net"
  check "as an ordinary user the kit gives MATCH" 0 replay "$kit" "$state/user/replay" user
  says "of both artifacts" 'MATCH  2 of 2'
  check "and a report to read" 0 test -s "$state/user/replay/report.html"
  no_network "built with no network of ours" "$state/noted/launcher.net" 2
fi
check "help asked for among other words is no MATCH" 2 farm-replay run "$kit" --root "$state/public/root.json" --policy "$state/public/policy.json" --out "$state/help" -h
check "help asked for alone" 0 farm-replay run -h
check "farm-replay doctor" 0 farm-replay doctor
check "farm-replay doctor, where the sandbox gives nothing" 21 farm-replay doctor --launcher /bin/false
says "names it" '^BAD +sandbox'
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
# What a Debian has with Essential packages and those that the kit's README names.  The folder of links is all
# that replay.sh finds; the assembler sets its own PATH, so where it runs nothing else lies in /usr/bin.
stock=$state/noted/stock
mkdir "$stock"
"$root/tests/support/stock_programs.sh" mmdebstrap uidmap tar bubblewrap coreutils util-linux >"$stock.list" ||
  die "which programs a stock Debian has is not known"
xargs -a "$stock.list" -d '\n' ln -sf -t "$stock"
{
  printf '%s\0' --tmpfs /usr/bin --tmpfs /usr/sbin
  while read -r program; do printf '%s\0' --ro-bind "$program" "$program"; done <"$stock.list"
} >"$stock.bwrap"
# What bwrap starts notes its network, inside, before it begins.
mkdir "$state/noted/bin"
cat >"$state/noted/bin/bwrap" <<EOF
#!/bin/bash
options=()
while [ \$# != 0 ] && [ "\$1" != -- ]; do options+=("\$1"); shift; done
shift
if [[ " \${options[*]} " == *" --ro-bind / / "* ]]; then
  exec 8<"$stock.bwrap"
  options+=(--args 8)
fi
exec 9>>"$state/noted/bwrap.net"
exec /usr/bin/bwrap "\${options[@]}" -- /bin/sh -c 'readlink /proc/self/ns/net >&9; exec "\$@" 9>&-' sh "\$@"
EOF
chmod 755 "$state/noted/bin/bwrap"
alone=$state/noted/bin:$stock
say_found='for program in "$@"; do command -v "$program"; done'
strangers="$(ls "$state/bin") gcc cc make git jq mkfs.erofs gpg openssl curl"
# shellcheck disable=SC2086
equals "nothing but a stock Debian's programs is where replay.sh looks" '' "$(PATH=$alone /bin/sh -c "$say_found" sh $strangers)"
# shellcheck disable=SC2086
equals "nor where it assembles" '' "$("$state/noted/bin/bwrap" --ro-bind / / --dev /dev --proc /proc -- /bin/sh -c "PATH=/usr/sbin:/usr/bin:/sbin:/bin; $say_found" sh $strangers)"
: >"$state/noted/bwrap.net"
chmod 666 "$state/noted/bwrap.net"
mkdir -p "$state/user"
cp "$kit" "$state/user/greeting-1.0.farmkit"
chmod 644 "$state/user/greeting-1.0.farmkit"
check "the README's page on a kit gives MATCH" 0 user env PATH="$alone" bash -euc "$("$root/tests/end_to_end/readme" --print kit)"
says "of both artifacts" '^MATCH: 2 of 2'
says "of this manifest" "^manifest $(farm plan "$manifest" --digest)"
no_network "assembled and built with no network of ours" "$state/noted/bwrap.net" 5
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
