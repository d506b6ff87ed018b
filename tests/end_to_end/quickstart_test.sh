#!/bin/bash
# farm/quickstart after its first run, on the state folder which that left: what every later run
# prints, what it refuses and with which exit code, and that nothing of it keeps running.
#   quickstart_test.sh STATE [PRODUCT]     PRODUCT: the one that STATE was made with (default: dropbear)
# It needs no Bazel and no network.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
state=$(cd "${1:?quickstart_test.sh STATE [PRODUCT]}" && pwd)
product=${2:-dropbear}
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/farm-quickstart-test.XXXXXX")
chmod 755 "$scratch"
source "$root/tests/end_to_end/checks.sh"
root_user=0
[ "$(id -u)" != 0 ] || root_user=1
# As in CI: there nothing may be missing.
if [ $root_user = 1 ] && [ "$product" = dropbear ]; then all_must_run=1; fi

# The clone lies where only its owner may enter.
private=$scratch/private
clone=$private/farm
mkdir -m 700 "$private"
mkdir -p "$clone/farm" "$scratch/fakes" "$scratch/bazel"
cp "$root/farm/quickstart" "$root/farm/packages.txt" "$clone/farm/"
install -D "$root/farm/third_party/renew_cache.sh" "$clone/farm/third_party/renew_cache.sh"
cp -r "$root/manifests" "$root/.gitignore" "$clone/"
manifest=$clone/manifests/products/$product/manifest.textproto
expected=$clone/manifests/products/$product/expected.json
toolchain=$(sed -n '/^toolchain/,/^}/p' "$manifest" | sed -nE 's/^ *name: "([^"]+)".*/\1/p')
lock=$clone/manifests/toolchains/$toolchain.lock.textproto
expected_files() { tr -d '\n' <"$expected" | grep -oE '\{[^{}]*"name"[^{}]*\}' | sed -nE 's/.*"name": *"([^"]+)".*"sha256": *"([0-9a-f]{64})".*/\1 \2/p'; }
# Where pinned packages have left the archive since, STATE was made with a new lock: here that one is
# pinned, and what STATE published is what is expected.
relocked=$state/relocked/$product
if [ "$(cat "$relocked/made-from" 2>/dev/null)" = "$(cat "$manifest" "$lock" | sha256sum)" ]; then
  echo "the pinned packages have left the archive; this tests with the new lock in $relocked"
  cp "$relocked/manifest.textproto" "$manifest"
  cp "$relocked/$toolchain.lock.textproto" "$lock"
  version=$(sed -nE 's/^version: "([^"]+)".*/\1/p' "$manifest")
  while read -r name sha256; do
    sed -i "s/$sha256/$(sha256sum "$state/published/$product/$version/$name" | cut -d' ' -f1)/" "$expected"
  done < <(expected_files)
fi
# Else no later run would know that it has nothing to compile.
key_of() { { git -C "$1" rev-parse HEAD; dpkg-query -W; } | sha256sum; }
if [ "$(git -C "$root" status --porcelain 2>&1)" = '' ]; then
  equals "the first run noted what its programs are made of" "$(key_of "$root")" "$(cat "$state/built")"
else
  not_here "what the first run noted of its programs: the checkout has changed"
fi
git -C "$clone" init -q
commit() { # the clone as it is now; the programs in STATE/bin pass for what it builds (quickstart: build_key)
  git -C "$clone" add -A
  git -C "$clone" -c user.name=test -c user.email=test@localhost commit -q --allow-empty -m test
  key_of "$clone" >"$state/built"
}

# What the test changes in the state is put back, however it ends.
cp "$state/built" "$scratch/built" 2>/dev/null || : >"$scratch/built"
cp -r "$state/relocked" "$scratch/relocked" 2>/dev/null
blob='' run=''
no_stand_in() {
  local real
  for real in "$state"/bin/*.real; do
    [ ! -e "$real" ] || mv "$real" "${real%.real}"
  done
}
put_back() {
  [ -z "$blob" ] || [ ! -e "$scratch/blob" ] || mv "$scratch/blob" "$blob"
  no_stand_in
  # The new lock's root is the old one's, byte for byte, or `farm toolchain build` makes that anew.
  if [ -e "$scratch/toolchain/lock.json" ] && [ -d "$state/toolchain" ]; then cp "$scratch"/toolchain/* "$state/toolchain/"; fi
  rm -rf "$state/relocked"
  [ ! -d "$scratch/relocked" ] || cp -r "$scratch/relocked" "$state/relocked"
  cp "$scratch/built" "$state/built"
}
finish() {
  [ -z "$run" ] || { kill -TERM "$run" && wait "$run"; } 2>/dev/null
  [ ! -e "$scratch/server.pid" ] || kill "$(cat "$scratch/server.pid")" 2>/dev/null
  "$state/bin/farm" development stop --state "$state"
  put_back
  rm -rf --one-file-system "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM
rm -rf "$state/relocked"

quickstart() { "$clone/farm/quickstart" --state "$state" --product "$product" --offline "$@"; }
# A run in the background with a process group of its own, which a terminal's ^C would be sent to.
begin() { # [VARIABLE=VALUE...] -- OPTIONS
  local variables=()
  while [ "$1" != -- ]; do variables+=("$1"); shift; done
  shift
  : >"$scratch/run.out"
  set -m
  env "${variables[@]}" "$clone/farm/quickstart" "$@" >"$scratch/run.out" 2>&1 &
  run=$!
  set +m
}
begin_offline() { begin -- --state "$state" --product "$product" --offline "$@"; }
await() { # SECONDS COMMAND...: until it succeeds, or the run ends
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] && kill -0 "$run" 2>/dev/null || return 1
    sleep 0.1
  done
}
await_line() { await 300 grep -qE -- "$1" "$scratch/run.out"; }
end_of_run() { wait "$run"; local code=$?; run=''; cat "$scratch/run.out"; return $code; }
interrupt() { kill -INT -- "-$run"; end_of_run; }
terminate() { kill -TERM "$run"; end_of_run; }
# A sandbox shows by its launcher, which it does not outlive.
running() { pgrep -af -- "$state/bin/|--state $state( |\$)"; }
in_sandbox() { pgrep -f -- "^$state/bin/farm-sandbox .*--args-fd"; }
assembling() { pgrep -f -- "^$state/bin/farm-sandbox .*--profile assembly"; }
# A program that notes its words in a file, and does something else where they match a branch.
stand_in() { # PROGRAM BRANCHES-OF-A-CASE
  local program=$state/bin/$1
  [ -e "$program.real" ] || mv "$program" "$program.real"
  # Parties write it too.
  : >"$scratch/words"
  chmod 666 "$scratch/words"
  cat >"$program" <<END
#!/bin/bash
echo "$1 \$*" >>$scratch/words
case "\$*" in
$2
esac
exec $program.real "\$@"
END
  chmod 755 "$program"
}
approvals_made() { grep -c -- "^farm audit approve ${1:-}" "$scratch/words"; } # [MANIFEST]
nothing_runs() { equals "$1" "" "$(running)"; }
# As a pattern, a name that holds what patterns are made of.
literal() { sed 's/[^A-Za-z0-9_]/[&]/g' <<<"$1"; }
step_numbers() { sed -nE 's/^ ?([0-9]+) ok .*/\1/p' "$scratch/out" | tr '\n' ' '; }

commit
as_cloned=$(git -C "$clone" rev-parse HEAD)
restore() { git -C "$clone" checkout -q "$as_cloned" -- manifests; commit; }
nothing_runs "the run before has left nothing running"
cat /etc/passwd /etc/subuid /etc/subgid >"$scratch/accounts" 2>/dev/null

# ---- what is refused before anything is done ------------------------------------------------------------
check "--help" 0 "$clone/farm/quickstart" --help
says "shows the words" '^usage: farm/quickstart '
check "an unknown option" 2 quickstart --nonsense
check "an option without its value" 2 "$clone/farm/quickstart" --state
check "an unknown product" 2 "$clone/farm/quickstart" --state "$state" --product nonsense
says "names the products" "one of: ([a-z0-9.+-]+ )*$product( |\$)"

sed -i -E 's/^revision: .*/revision: "one"/' "$manifest"
commit
check "a malformed manifest" 2 quickstart
says "is named, with its line" "$manifest:[0-9]+:"
says "before there is a farm" '^ 1 FAIL manifest '
restore
check "a state that cannot be made" 30 "$clone/farm/quickstart" --state /proc/farm --product "$product"
says "has a remedy" 'remedy: choose another --state'

# expected.json: what step 10 compares with is refused at step 1.
artifact=$(expected_files | sed 's/ .*//;q')
rm "$expected"
commit
check "no expected.json" 22 quickstart
says "is named, before there is a farm" "^ 1 FAIL expected +no $(literal "$expected")\$"
says "with what to write there" "remedy: .*$(literal "$artifact").*manifests/FORMAT\.md"
restore
while IFS='|' read -r row edit words; do
  sed -zi -E "$edit" "$expected"
  commit
  check "expected.json: $row" 2 quickstart </dev/null
  says "is named, with what was expected" "^ 1 FAIL expected +$(literal "$expected"): $words\$"
  says "and where that is described" 'remedy: .*manifests/FORMAT\.md'
  restore
done <<END
another format|s:farm-expected/1:farm-expected/2:|format: want "farm-expected/1"
no publisher|s/"published_by"/"by"/|published_by: want .*
a missing artifact|s/\{[^{}]*"name"[^{}]*\},?//|artifacts: no entry that can be read for $(literal "$artifact")
a digest of 63 digits|s/("sha256": ")./\1/|artifacts: no entry that can be read for $(literal "$artifact")
an artifact that the manifest does not publish|s/("name": ")/\1other-/|artifacts: no entry that can be read for $(literal "$artifact"), not of the manifest, or named twice: other-$(literal "$artifact")
an artifact twice|s/\{[^{}]*"name"[^{}]*\}/&,&/|artifacts: not of the manifest, or named twice: $(literal "$artifact")
nothing that can be read|s/.*/"format": "farm-expected\/1", "published_by": "x"\n/|artifacts: no entry that can be read for .*$(literal "$artifact").*
END
nothing_runs "and nothing was started"

cat >"$scratch/fakes/dpkg-query" <<END
#!/bin/sh
# A machine on which one package is missing until it is installed.
for word; do :; done
[ "\$word" = mmdebstrap ] && [ ! -e $scratch/installed ] || echo installed
END
cat >"$scratch/fakes/apt-get" <<END
#!/bin/sh
# Notes its words; APT_DOES: fail, or wait.
echo "\$*" >>$scratch/apt.words
case "\$1 \$APT_DOES" in
  *' fail') echo 'E: made to fail'; exit 100 ;;
  *' wait') exec sleep 600 ;;
  install*) touch $scratch/installed ;;
esac
END
cat >"$scratch/fakes/id" <<'END'
#!/bin/sh
# One is whom FAKE_UID says, where it says so.
if [ "${FAKE_UID:-}" ]; then echo "$FAKE_UID"; else exec /usr/bin/id "$@"; fi
END
cat >"$scratch/fakes/mkdir" <<'END'
#!/bin/sh
# Whoever is not who he seems makes nothing.
[ -z "${FAKE_UID:-}" ] || exit 1
exec /bin/mkdir "$@"
END
chmod 755 "$scratch"/fakes/*
cp -r "$clone" "$scratch/public"
chmod -R a+rX "$scratch/public" "$scratch/fakes"
as_user=''
[ $root_user = 0 ] || as_user='setpriv --reuid 54322 --regid 54322 --clear-groups'
check "a missing package, for an ordinary user" 22 $as_user env -i HOME=/nonexistent PATH="$scratch/fakes:$PATH" "$scratch/public/farm/quickstart" --state "$scratch/user"
says "is named" 'missing: mmdebstrap'
says "with the command that installs it" 'remedy: sudo farm/quickstart --packages'
check "and nothing is made" 1 test -e "$scratch/user"
# Rootless, whoever may not enter a folder makes no state in it: above.
if [ $root_user = 1 ]; then
  check "a state that only root may enter" 2 "$clone/farm/quickstart" --state "$private/state" --product "$product"
  says "has a remedy" 'remedy: choose another --state'
fi

# ---- packages, and where the state lies -----------------------------------------------------------------
mkdir "$scratch/logs"
as_if() { env PATH="$scratch/fakes:$PATH" TMPDIR="$scratch/logs" "$@" </dev/null; } # [VARIABLE=VALUE...] COMMAND...
logs() { ls "$scratch/logs"; }
begin PATH="$scratch/fakes:$PATH" TMPDIR="$scratch/logs" FAKE_UID=0 APT_DOES=wait -- --packages
await 30 test -s "$scratch/apt.words"
equals "while packages install there is a log" 1 "$(logs | wc -l)"
check "^C while packages install" 130 interrupt
equals "leaves no log" "" "$(logs)"
check "packages that cannot be installed" 30 as_if FAKE_UID=0 APT_DOES=fail "$clone/farm/quickstart" --packages
says "are named" 'apt-get could not install: mmdebstrap'
log=$(sed -nE 's/.*remedy: read ([^;]+);.*/\1/p' "$scratch/err")
check "and the log that the remedy names is there" 0 grep -q 'E: made to fail' "${log:-/nonexistent}"
rm -f "$scratch"/logs/* "$scratch/apt.words"
check "--packages" 0 as_if FAKE_UID=0 "$clone/farm/quickstart" --packages
says "says that all are there" '^ 1 ok  packages +[0-9]+ packages are installed'
equals "after apt-get has installed the one" "update|install -y --no-install-recommends mmdebstrap" "$(sed 's/ *$//' "$scratch/apt.words" | paste -sd'|')"
equals "and leaves no log" "" "$(logs)"
check "--packages once more" 0 as_if FAKE_UID=0 "$clone/farm/quickstart" --packages
equals "installs nothing" 2 "$(wc -l <"$scratch/apt.words")"
while read -r uid home state_home folder; do
  check "the state folder of uid $uid with XDG_STATE_HOME=$state_home" 30 as_if FAKE_UID="$uid" HOME="$home" XDG_STATE_HOME="${state_home#unset}" "$clone/farm/quickstart"
  says "is $folder" "cannot make or write $folder\$"
done <<'END'
0 /root /elsewhere /var/lib/farm-quickstart
54322 /nonexistent/home /nonexistent/state /nonexistent/state/farm-quickstart
54322 /nonexistent/home unset /nonexistent/home/.local/state/farm-quickstart
END

# ---- Bazel's server ---------------------------------------------------------------------------------------
cat >"$scratch/bazel/bazel" <<END
#!/bin/bash
# Does with processes what Bazel does: a build starts a server unless there is one, shutdown ends it.
case \$1 in
  build)
    [ -e $scratch/server.pid ] || setsid bash -c 'echo \$\$ >$scratch/server.pid; exec -a "server --workspace_directory=\$PWD" sleep 600' </dev/null >/dev/null 2>&1 &
    until [ -s $scratch/server.pid ]; do sleep 0.05; done
    [ \$BAZEL_DOES = fail ] && { echo 'ERROR: made to fail'; exit 1; }
    echo \$\$ >$scratch/build.pid
    exec sleep 600
    ;;
  shutdown) kill "\$(cat $scratch/server.pid)"; rm $scratch/server.pid ;;
esac
END
chmod 755 "$scratch/bazel/bazel"
server() { pgrep -f -- "--workspace_directory=$clone( |\$)"; }
with_bazel() { env PATH="$scratch/bazel:$PATH" BAZEL_DOES="$1" "$clone/farm/quickstart" --state "$scratch/unbuilt" --product "$product"; }
check "a build that fails" 70 with_bazel fail
says "shows the error" 'ERROR: made to fail'
equals "and leaves no server" "" "$(server)"
begin PATH="$scratch/bazel:$PATH" BAZEL_DOES=wait -- --state "$scratch/unbuilt" --product "$product"
await 30 test -s "$scratch/build.pid"
check "^C while Bazel builds" 130 interrupt
equals "leaves no server" "" "$(server)"
check "and no build" 1 kill -0 "$(cat "$scratch/build.pid")"
(cd "$clone" && PATH="$scratch/bazel:$PATH" BAZEL_DOES=fail bazel build >/dev/null)
before=$(server)
equals "a server is there" 1 "$(grep -c . <<<"$before")"
check "a build that fails where a server was" 70 with_bazel fail
equals "leaves that one" "$before" "$(server)"
mv "$state/bin/farm-log" "$scratch/farm-log"
check "a program that is gone" 70 env PATH="$scratch/bazel:$PATH" BAZEL_DOES=fail "$clone/farm/quickstart" --state "$state" --product "$product" --offline
says "is compiled, whatever was noted" '^ 1 FAIL tools +bazel build failed$'
mv "$scratch/farm-log" "$state/bin/farm-log"
kill "$before"
rm "$scratch/server.pid"

# ---- a whole run, which leaves its farm -----------------------------------------------------------------
# A root that is assembled anew is another folder (farm/toolchain/assemble.h).
assembled() { stat -c '%i' "$state/toolchain"; stat -c '%i %y' "$state/toolchain/assembled.json"; }
assembled_says() { sed -nE "s/.*\"$1\":\"(sha256:[0-9a-f]{64})\".*/\1/p" "$state/toolchain/assembled.json"; } # FIELD
root_before=$(assembled) image_before=$(assembled_says image)
at=$SECONDS
begin_offline --keep
await_line '^ 1 ok'
check "a second run beside one that runs" 30 quickstart
says "says so" 'another quick start runs in'
await_line '^ 5 ok'
equals "steps 1 to 5 of a later run, $((SECONDS - at)) s, use the root that is there" "$root_before" "$(assembled)"
check "the clone below a folder of mode 0700: the whole run" 0 end_of_run
equals "all ten steps are there" "1 2 3 4 5 6 7 8 9 10 " "$(step_numbers)"
own='own uid, key, CA, store' development='development: 1 machine, 1 operator'
if [ $root_user = 0 ]; then
  own='own key, CA, store; one uid, limits observed'
  development+=', limits observed'
fi
while read -r number pattern; do
  says "step $number says what it did" "^ ?$number ok  $pattern"
done <<END
1 tools +farm .*farm-verify .*\(built in [0-9]+ s\)
2 parties +3 sites \(XA XB XC; $own\), signer, log, 2 witnesses, time stamp +development root [0-9]+
3 toolchain +[0-9]+ packages +image sha256:[0-9a-f]+
4 source +[^ ]+ [^ ]+ +tree [0-9a-f]+.* swh:1:dir:[0-9a-f]{40} +files [0-9]+
5 approvals +2 of 2 auditors on manifest sha256:[0-9a-f]+
6 agreement +[0-9]+ artifacts, 3 records
7 release +sequence [0-9]+ +log: 
8 VERIFIED \($development\) .*farm-verify, no network
9 MATCH +([0-9]+) of \1 artifacts rebuilt .*farm-replay, no network
10 archive +([0-9]+) of \1 files equal what .* itself published
END
says "how to reach the farm" '^the farm is running\.  reach it:  .*/farm list --config '
says "and how to stop it" 'stop it: +.*/farm development stop --state '
approved=$(grep -oE 'on manifest sha256:[0-9a-f]+' "$scratch/out")
mkdir "$scratch/toolchain"
cp "$state/toolchain/assembled.json" "$state/toolchain/lock.json" "$scratch/toolchain/"
cp "$state/run/release.out" "$scratch/release.out"
chmod 644 "$scratch/release.out"
person=$state/parties/requester-1/config.json
check "farm list reaches it" 0 "$state/bin/farm" list "$product" --config "$person"
check "a run beside a farm that runs" 30 quickstart
says "says how to stop that" 'remedy: .*farm development stop'
check "farm list still reaches it" 0 "$state/bin/farm" list "$product" --config "$person"
check "farm development stop" 0 "$state/bin/farm" development stop --state "$state"
nothing_runs "ends all of it"

# ---- who owns what ----------------------------------------------------------------------------------------
equals "every party's folder is its own" "" "$(find "$state/parties" -mindepth 1 -maxdepth 1 ! -perm 0700)"
if [ $root_user = 1 ]; then
  equals "the state is open to all" 755 "$(stat -c %a "$state")"
  parties=$(find "$state/parties" -mindepth 1 -maxdepth 1 | wc -l)
  equals "with a uid of its own from 64000 up" "$parties" "$(stat -c %u "$state"/parties/* | awk '$1 >= 64000' | sort -u | wc -l)"
  equals "which is no account's" "" "$(stat -c %u "$state"/parties/* | xargs -n 1 getent passwd)"
else
  # All parties share one user.
  equals "without root all are ours" "$(id -u)" "$(stat -c %u "$state"/parties/* | sort -u)"
fi

# ---- the next day ---------------------------------------------------------------------------------------------
# For what runs here 26 hours have passed: more than a signing certificate of a party lasts.  Nothing of it stays.
tomorrow() { # COMMAND...
  unshare --mount --propagation private bash -eu -c '
    over() { # DIR PLACE: what is written to DIR goes to PLACE
      mkdir -p "$2/upper" "$2/work"
      mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$1"
    }
    # Else the library shares memory of root in there, which a process that becomes a party cannot open.
    mount -t tmpfs -o ro none /dev/shm
    over /etc "$1/etc"
    over "$2" "$1/state"
    echo +26h >/etc/faketimerc
    ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/etc/ld.so.preload
    shift 2
    exec "$@"' tomorrow "$scratch/tomorrow" "$state" "$@"
}
if [ $root_user = 1 ]; then
  check "a clock that is a day ahead" 0 tomorrow bash -c "[ \$(date +%s) -gt $(($(date +%s) + 90000)) ]"
  check "a run on the next day" 0 tomorrow "$clone/farm/quickstart" --state "$state" --product "$product" --offline
  equals "has all ten steps" "1 2 3 4 5 6 7 8 9 10 " "$(step_numbers)"
  nothing_runs "and leaves nothing running"
else
  not_here "the next day: another clock for all that runs needs root"
fi

# ---- inputs that are gone -----------------------------------------------------------------------------------
read -r name sha256 < <(sed -n '/^  file/,/^  }/p' "$manifest" | tr -d '\n' | sed -nE 's/^ *file \{ *name: "([^"]+)" *sha256: "([0-9a-f]{64})".*/\1 \2/p')
blob=$(find "$state/inputs/blobs" -name "$sha256" -o -path "*/${sha256:0:2}/${sha256:2}" | head -1)
if grep -q '^  directory {' "$manifest"; then
  # No product of CI's.
  not_here "a lost source file: that of $product is made anew from its folder"
elif [ -n "$blob" ]; then
  mv "$blob" "$scratch/blob"
  check "a lost source file" 22 quickstart
  says "is named" "${name//+/[+]}"
  says "with the products that are here" 'products whose inputs are here:'
  mv "$scratch/blob" "$blob"
  nothing_runs "and nothing runs after a step that failed"
else
  equals "the store has $name" there "not there"
fi

# ---- ended in the middle --------------------------------------------------------------------------------------
# Another version: a released one is never released again.
version=0.$(date +%s)
sed -i -E "s/^version: .*/version: \"$version\"/" "$manifest"
commit
begin_offline
await_line '^ 4 ok'
sleep 1
check "^C while auditors approve" 130 interrupt
nothing_runs "leaves nothing running"
begin_offline
await_line '^ 5 ok'
await 120 in_sandbox
equals "a site builds" 0 $?
check "SIGTERM while sites build" 143 terminate
nothing_runs "leaves nothing running"
# Else it would go on with the next run.
"$state/bin/farm" development run --state "$state" --programs "$state/bin" >"$scratch/ready" 2>&1 &
run=$!
await 60 grep -q ready "$scratch/ready"
id=$("$state/bin/farm" list "$product" --config "$person" | grep -F "/$version/" | awk '{print $NF; exit}')
cancelled=0 # a product of seconds may be released by now
"$state/bin/farm" cancel "$id" --config "$person" >"$scratch/out" 2>&1 || grep -q 'it has ended: released' "$scratch/out" || cancelled=$?
equals "the release that was under way is cancelled" 0 $cancelled
"$state/bin/farm" development stop --state "$state"
wait "$run"
run=''
restore

# Steps 3, 4 and 9 mount, map and unpack.
mkdir "$scratch/tmp"
left() { ls -A "$scratch/tmp" "$state"; grep -F " $state/" /proc/mounts; } # files and mounts
mv "$state/toolchain" "$scratch/assembled"
before=$(left)
begin TMPDIR="$scratch/tmp" -- --state "$state" --product "$product" --offline
await_line '^ 2 ok'
await 120 assembling
equals "a root is being assembled" 0 $?
check "^C while the toolchain is assembled" 130 interrupt
nothing_runs "leaves nothing running"
equals "no mount, no temporary file, no half of a root" "$before" "$(left)"
mv "$scratch/assembled" "$state/toolchain"
before=$(left)
begin TMPDIR="$scratch/tmp" -- --state "$state" --product "$product" --offline
await_line '^ 3 ok'
await 120 in_sandbox
equals "a source is being identified" 0 $?
check "^C while it is" 130 interrupt
nothing_runs "leaves nothing running"
equals "no mount, no temporary file" "$before" "$(left)"
stand_in farm "  release*) cat $scratch/release.out; exit ;;"
begin TMPDIR="$scratch/tmp" -- --state "$state" --product "$product" --offline
await_line '^ 8 ok'
await 120 in_sandbox
equals "the kit is being rebuilt" 0 $?
check "^C while the kit is rebuilt" 130 interrupt
nothing_runs "leaves nothing running"
equals "no mount, no temporary file" "$before" "$(left)"
no_stand_in

# ---- files that are not what was published, and a farm that does not answer ------------------------------------
# Of the parts that take long the answers are played: the release is the one above, and its replay.
play_release() {
  stand_in farm "  release*) cat $scratch/release.out; exit ;;"
  stand_in farm-replay '  run*) echo "MATCH  played"; exit ;;'
}
expect_another_file() { # sets $other: the file of which expected.json has another digest now
  local sha256 digit=0
  read -r other sha256 < <(expected_files)
  [ "${sha256:0:1}" != 0 ] || digit=1
  sed -i "s/$sha256/$digit${sha256:1}/" "$expected"
}
total=$(expected_files | wc -l)
expect_another_file
commit
play_release
check "a file that is not what was published" 20 quickstart
says "ends step 10 and is named" "^10 FAIL archive +$((total - 1)) of $total equal what .* published; these differ: $(literal "$other")\$"
equals "of a later run's manifest there is no more to approve" 0 "$(approvals_made)"
restore
play_release
stand_in farm-verify '  *) echo "FAIL  signature    played"; exit 11 ;;'
check "a release whose signature does not hold" 11 quickstart
says "ends step 8 with the code of farm-verify" '^ 8 FAIL verify +.* is not proved$'
says "and shows the words of the verdict" '^FAIL  signature    played$'
nothing_runs "and nothing is left running"
stand_in farm-verify '  *) echo "farm-verify: played" >&2; exit 30 ;;'
check "a release that could not be judged" 30 quickstart
says "ends step 8 without a word on what was proved" '^ 8 FAIL verify +.* could not be judged$'
no_stand_in
while IFS='|' read -r code line words remedy; do
  play_release
  stand_in farm-replay "  run*) echo '$line'; exit $code ;;"
  check "farm-replay that ends with $code" "$code" quickstart </dev/null
  says "ends step 9 with that code and its words" "^ 9 FAIL replay +$words\$"
  says "shows what farm-replay found" "^$line\$"
  says "and has the remedy of that code" "remedy: $remedy"
  no_stand_in
done <<'END'
20|MISMATCH  played|the kit does not give the same bytes|.*/report\.html
21|INCONCLUSIVE  no room|this machine could not try it: nothing is said of the kit|.*farm-replay doctor
22|INCONCLUSIVE  no member|the kit was changed, or a member is missing|.*another copy of .*\.farmkit
13|INCONCLUSIVE  the evidence does not hold|the evidence in the kit does not hold|each line above
30|INCONCLUSIVE  disk full|farm-replay could not finish|.*is there room
END
nothing_runs "and nothing is left running"
mv "$state/published" "$scratch/published"
cp -r "$scratch/published" "$state/published"
rm "$state/published/$product"/*/*.farmkit
play_release
check "a kit that is gone" 22 quickstart
says "ends step 9 and is missed" "^ 9 FAIL replay +no kit in $(literal "$state")/published/"
no_stand_in
rm -r "$state/published"
mv "$scratch/published" "$state/published"

# Another manifest each time: none that the auditors have approved.
sed -i -E "s/^version: .*/version: \"0.$(date +%s).5\"/" "$manifest"
commit
while IFS='|' read -r words code line remedy; do
  stand_in farm "  '$words'*) echo 'farm: played' >&2; exit $code ;;"
  check "farm $words that ends with $code" "$code" quickstart </dev/null
  says "ends its step with that code" "^ $line\$"
  says "shows its words" '^farm: played$'
  says "and has a remedy" "remedy: $remedy"
  no_stand_in
done <<END
fetch|30|3 FAIL toolchain +the toolchain's packages could not be had|look above; what was fetched is kept, so try again
fetch|22|3 FAIL toolchain +packages of the toolchain are missing|run once without --offline
toolchain build|40|3 FAIL toolchain +the toolchain could not be assembled|.*farm-sandbox doctor
source identify|22|4 FAIL source +the source is not what the manifest says|.*farm audit show
plan $state/manifests/products/$product/manifest.textproto --config|25|5 FAIL approvals +the farm does not say who has approved .*|.*farmd\.log
audit approve|14|5 FAIL approvals +auditor-1 does not approve|look above for what was not as the manifest says
END
restore
mkdir "$scratch/other"
cp -r "$state/bin" "$state/built" "$scratch/other/"
stand_in farm "  init*) echo 'farm: played' >&2; exit 30 ;;"
cp -f "$state/bin/farm" "$scratch/other/bin/farm"
check "parties that cannot be made" 30 "$clone/farm/quickstart" --state "$scratch/other" --product "$product" --offline
says "end step 2 with the code of farm init" '^ 2 FAIL parties +farm init failed$'
no_stand_in
stand_in farm "  fetch*) exit 22 ;;
  'toolchain lock'*) echo 'farm: played' >&2; exit 30 ;;"
check "a new lock that cannot be made" 30 "$clone/farm/quickstart" --state "$state" --product "$product"
says "ends step 3 with that code" '^ 3 FAIL toolchain +no new lock could be made$'
no_stand_in
nothing_runs "and nothing is left running"

# ---- a pinned package that has left the archive ---------------------------------------------------------------
# The checkout's lock names a package that nobody has; a new lock would have the one that is here.
cp "$lock" "$scratch/good.lock"
# Another lock each time, so that nobody has approved it yet: one more suite to ask for packages, which
# are the same, so that its root is the same too.
sed -i "/^requested/,/^}/s/^}/  suite: \"bookworm-test-$(date +%s)\"\n}/" "$scratch/good.lock"
chmod 755 "$scratch/good.lock"
lost=$(sed -nE '0,/^package/s/^package \{ name: "([^"]+)".*/\1/p' "$lock")
version=$(sed -nE '0,/^package/s/^package .* version: "([^"]+)".*/\1/p' "$lock")
sed -i -E '0,/^package/s#^(package .*version: ")[^"]*(".* sha256: ")[0-9a-f]{64}(.* file: ")[^"]*#\10\2'"$(printf '%064d' 1)"'\3pool/lost.deb#' "$lock"
digest=$("$state/bin/farm" toolchain digest "$lock")
sed -i -E "s/^( *lock: )\"sha256:[0-9a-f]{64}\"/\1\"$digest\"/" "$manifest"
commit
check "a package that is not in the store, with --offline" 22 quickstart
says "is named" "$lost 0"
# The archive's part is played: what is not in the store it does not have, and it resolves to the lock above.
play_lock="  fetch*) exec $state/bin/farm.real \"\$@\" --offline ;;
  'toolchain lock'*)
    while [ \"\$1\" != --out ]; do shift; done
    cp $scratch/good.lock \"\$2\"
    echo 'the difference of the locks'
    exit
    ;;"
stand_in farm "$play_lock
  release*) exit 23 ;;"
check "a package that has left the archive: a new lock, and on to a release that sites disagree on" 23 "$clone/farm/quickstart" --state "$state" --product "$product"
says "it says what it does" 'pinned packages have left the archive; making a new lock in'
says "and shows the difference" '^the difference of the locks'
says "and ends step 6 with the code of farm release" '^ 6 FAIL release '
equals "the checkout is as it was" "" "$(git -C "$clone" status --porcelain)"
new_manifest=$state/relocked/$product/manifest.textproto
new_digest=$("$state/bin/farm.real" plan "$new_manifest" --digest)
again=$(grep -oE 'on manifest sha256:[0-9a-f]+' "$scratch/out")
equals "what is approved is the new manifest" "on manifest ${new_digest:0:15}" "$again"
check "which is another than the pinned one" 1 test "$approved" = "$again"
equals "and both auditors have approved it now" 2 "$(approvals_made "$new_manifest")"
check "whose root was not taken from the pinned lock" 1 test "$root_before" = "$(assembled)"
equals "but assembled of its own packages" "$("$state/bin/farm.real" toolchain digest "$state/relocked/$product/$toolchain.lock.textproto")" "$(assembled_says lock)"
equals "which gives the root that it says" "$image_before" "$(assembled_says image)"
root_of_new_lock=$(assembled)
expect_another_file
commit
play_release
check "the next run, with --offline, goes on to the end, also with another file than was published" 0 quickstart
says "with the lock made then" 'the lock made for that on .* is in'
equals "and the same manifest" "$again" "$(grep -oE 'on manifest sha256:[0-9a-f]+' "$scratch/out")"
equals "which is not approved again" 0 "$(approvals_made)"
equals "with the root assembled then, which is not made again" "$root_of_new_lock" "$(assembled)"
says "names what differs" "^10 ok  archive +$((total - 1)) of $total equal what .* published; with the new lock these differ: $(literal "$other")\$"
says "and what has changed: the package that is gone" "^< $(literal "$lost") 0\$"
says "and the one that is there" "^> $(literal "$lost") $(literal "$version")\$"
no_stand_in
printf '# changed\n' >>"$lock"
commit
check "with another lock in the checkout it is not used" 22 quickstart
nothing_runs "and nothing is left running"

equals "accounts and subordinate ids are as they were" "$(sha256sum <"$scratch/accounts")" "$(cat /etc/passwd /etc/subuid /etc/subgid 2>/dev/null | sha256sum)"
sum_up
