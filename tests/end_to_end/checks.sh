#!/bin/bash
# Checks and words of the tests of this folder, which source this file.
# $scratch: a folder for what the last check printed.
failures=0 checks=0 not_run=0
all_must_run=0 # 1: a check that cannot be made here has failed
not_here() { # DESCRIPTION AND REASON
  echo "NOT RUN  $*"
  not_run=$((not_run + 1))
  [ $all_must_run = 0 ] || failures=$((failures + 1))
}
check() { # DESCRIPTION WANTED-EXIT COMMAND...
  local description=$1 want=$2 got=0
  shift 2
  checks=$((checks + 1))
  "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
  if [ $got = "$want" ]; then
    echo "ok    $description"
  else
    echo "FAIL  $description: exit $got, want $want"
    sed 's/^/      | /' "$scratch/out" "$scratch/err" | tail -30
    failures=$((failures + 1))
  fi
}
says() { # DESCRIPTION PATTERN: what the last check printed
  checks=$((checks + 1))
  if grep -qE -- "$2" "$scratch/out" "$scratch/err"; then
    echo "ok    $1"
  else
    echo "FAIL  $1: nothing matches $2"
    sed 's/^/      | /' "$scratch/out" "$scratch/err" | tail -30
    failures=$((failures + 1))
  fi
}
equals() { # DESCRIPTION WANT GOT
  checks=$((checks + 1))
  if [ "$2" = "$3" ]; then echo "ok    $1"; else echo "FAIL  $1: $3, want $2"; failures=$((failures + 1)); fi
}
sum_up() { # the exit code: every check held, and was made where it must be
  echo "$checks checks, $failures failed, $not_run not run, $SECONDS seconds"
  [ $failures = 0 ]
}
