#!/bin/bash
# For scripts that source it: the machine's clock on another day, which is everybody's clock, and another host.
shifted=0
move_clock() { # SECONDS
  python3 -c 'import sys, time; time.clock_settime(time.CLOCK_REALTIME, time.time() + int(sys.argv[1]))' "$1"
  shifted=$((shifted + $1))
}
go_to_day() { [ "$1" = 0 ] || move_clock $(($1 * 86400)); } # DAYS from now
back_to_today() { [ "$shifted" = 0 ] || move_clock "-$shifted"; }

# Words before a command, which then runs on a host of another name that says it is of another kind.  Needs root.
# shellcheck disable=SC2034
elsewhere=(unshare --uts sh -c 'hostname elsewhere && exec setarch i686 "$@"' sh)
