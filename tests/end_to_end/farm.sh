#!/bin/bash
# A farm of the small product of ours for the tests of this folder, which source this file: set-up
# and words.  As root each party has its own uid; else all have ours, with subordinate ids.
# FARM_TEST_INPUTS: a folder that keeps fetched packages and, as root, the assembled root file system
# between runs.  As root it is assembled once and handed to the sites, which check it like their own;
# that each site assembles for itself is the quick start's matter.
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

scratch=$state
source tests/end_to_end/checks.sh
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
daemon() { # PROGRAM PARTY: its process
  pgrep -f "^$state/bin/$1 --config $state/parties/$2/config\.json( |\$)"
}
as() { # PARTY COMMAND...
  local party=$1 uid ids
  shift
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  read -r uid ids < <(farm development party "$party" --state "$state")
  farm-sandbox monitor --uid "$uid" --gid "$uid" --subids "$ids:65536" -- "$@"
}
requester() { as requester-1 "$@" --config "$state/parties/requester-1/config.json"; }
approve() { # MANIFEST: one auditor by his configuration, the other with no more than key, root and store
  local own=$state/parties/auditor-2 farm
  farm=https://$(jq -r .listen "$state/parties/farmd/config.json")
  as auditor-1 farm audit approve "$1" --config "$state/parties/auditor-1/config.json" --toolchain "$state/toolchain" >"$state/out" 2>&1 &&
    as auditor-2 farm audit approve "$1" --key "$own/key.pem" --root "$state/public/root.json" --store "$state/inputs" --farm "$farm" --toolchain "$state/toolchain" >"$state/out" 2>&1 ||
    { cat "$state/out"; return 1; }
}
verify() { farm-verify --root "$state/public/root.json" --policy "$state/public/policy.json" "$@"; }
appears() { # FILE PATTERN: a line of it, within a minute
  for _ in $(seq 600); do
    grep -qE -- "$2" "$1" && return 0
    sleep 0.1
  done
  return 1
}
# How many statements of a kind the log holds.
logged() { grep -rlE "\"predicateType\":\"[^\"]*/$1/v1\"" "$state"/parties/log/data/payload | wc -l; }
release_id() { requester farm list greeting 2>/dev/null | grep -F "/$1/" | awk '{print $NF; exit}'; }
variant() { # NAME SED-EXPRESSION: a manifest of the same product, changed
  sed -E "$2" "$manifest" >"$state/manifests/products/greeting/$1.textproto"
  echo "$state/manifests/products/greeting/$1.textproto"
}

# ---- the stages that every test begins with ------------------------------------------------------------
roots=$inputs/roots
[ "$(id -u)" = 0 ] || roots=/nonexistent
set_up() { # [COMMAND]: a farm that runs and has released nothing; COMMAND changes its parties before they start
  local site lock
  farm init --development --state "$state" --programs "$state/bin" >/dev/null || die "farm init"
  mkdir -p "$inputs/store"
  farm fetch "$manifest" --store "$inputs/store" >/dev/null || die "farm fetch"
  cp -rl "$inputs/store" "$state/inputs" 2>/dev/null || cp -r "$inputs/store" "$state/inputs"
  chmod -R a+rX "$state/inputs"
  [ ! -d "$roots/toolchain" ] || cp -a "$roots/toolchain" "$state/toolchain"
  farm toolchain build "$manifest" --out "$state/toolchain" --store "$state/inputs" >/dev/null || die "farm toolchain build"
  "${@:-true}"
  start --restart
  [ "$(id -u)" = 0 ] || return 0
  lock=$(sed -nE 's/.*"lock":"sha256:([0-9a-f]{64})".*/\1/p' "$state/toolchain/assembled.json")
  [ -n "$lock" ] || die "of which lock the root is"
  for site in "$state"/parties/site-*; do
    mkdir -p "$site/store/roots/$lock" && cp "$state/toolchain/assembled.json" "$state/toolchain/root.erofs" "$site/store/roots/$lock/" &&
      chown -R --reference="$site" "$site/store/roots" || die "the root of $site"
  done
}
keep_root() { # what was assembled and found good serves the next run, also in place of another lock's
  [ "$(id -u)" = 0 ] || return 0
  ! cmp -s "$state/toolchain/assembled.json" "$roots/toolchain/assembled.json" || return 0
  mkdir -p "$roots"
  rm -rf --one-file-system "$roots/toolchain" "$roots/.toolchain"
  cp -a "$state/toolchain" "$roots/.toolchain" && mv "$roots/.toolchain" "$roots/toolchain"
}
finish_test() {
  stop
  sum_up
}
