#!/bin/bash
# Runs a command as an ordinary user with 65536 subordinate ids, for tests that root runs: /etc/passwd,
# /etc/subuid and /etc/subgid get the user in a mount namespace of this command alone.
#   as_user.sh HOME COMMAND...     HOME: the user's folder; made, and given to the user
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "as_user.sh: needs root" >&2; exit 2; }
readonly uid=54322 first_id=1300000000
home=${1:?as_user.sh HOME COMMAND...}
shift
mkdir -p "$home"
chown $uid:$uid "$home"
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
{ grep -v ":$uid:" /etc/passwd; echo "farmuser:x:$uid:$uid::$home:/bin/sh"; } >"$files/passwd"
echo "farmuser:$first_id:65536" >"$files/subid"
chmod 755 "$files"
chmod 644 "$files"/*
unshare --mount -- /bin/bash -euc '
  files=$1 uid=$2 home=$3
  shift 3
  mount --bind "$files/passwd" /etc/passwd
  for file in subuid subgid; do
    [ -e /etc/$file ] || : >/etc/$file
    mount --bind "$files/subid" /etc/$file
  done
  cd "$home"
  exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all \
    env -i HOME="$home" PATH="$PATH" LC_ALL=C.UTF-8 "$@"' bash "$files" $uid "$home" "$@"
