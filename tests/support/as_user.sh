#!/bin/bash
# Runs a command as an ordinary user with 65536 subordinate ids, for tests that root runs.
#   as_user.sh HOME COMMAND...     HOME: the user's folder; made, and given to the user
set -euo pipefail
"$(dirname "$0")/with_user.sh" "${1:?as_user.sh HOME COMMAND...}" /bin/bash -euc '
  home=$1
  shift
  cd "$home"
  exec setpriv --reuid "$FARM_TEST_UID" --regid "$FARM_TEST_UID" --clear-groups --inh-caps=-all \
    env -i HOME="$home" PATH="$PATH" LC_ALL=C.UTF-8 "$@"' bash "$@"
