#!/bin/bash
# Runs a command of root's on a machine that also has an ordinary user with 65536 subordinate ids:
# /etc/passwd, /etc/subuid and /etc/subgid get him in a mount namespace of this command alone.
#   with_user.sh HOME COMMAND...     HOME: the user's folder; made, and given to the user
# In the command's environment: FARM_TEST_UID, his user and group id.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "with_user.sh: needs root" >&2; exit 2; }
export FARM_TEST_UID=54322
home=${1:?with_user.sh HOME COMMAND...}
shift
mkdir -p "$home"
chown $FARM_TEST_UID:$FARM_TEST_UID "$home"
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
{ grep -v ":$FARM_TEST_UID:" /etc/passwd; echo "farmuser:x:$FARM_TEST_UID:$FARM_TEST_UID::$home:/bin/sh"; } >"$files/passwd"
echo "farmuser:1300000000:65536" >"$files/subid"
chmod 755 "$files"
chmod 644 "$files"/*
unshare --mount -- /bin/bash -euc '
  mount --bind "$1/passwd" /etc/passwd
  for file in subuid subgid; do
    [ -e /etc/$file ] || : >/etc/$file
    mount --bind "$1/subid" /etc/$file
  done
  shift
  exec "$@"' bash "$files" "$@"
