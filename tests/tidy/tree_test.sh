#!/bin/bash
# The top level is what the design names; each BUILD says its folder's idea in its first line; no
# test is skipped or disabled; every daemon ends in time; warnings are errors, and clang checks the locks.
set -euo pipefail
cd "$(dirname "$(readlink -f WORKSPACE)")"
bad=0
extra=$(ls | grep -vxE 'WORKSPACE|BUILD|README\.md|LICENSE|farm|sandbox|manifests|tests' || true)
if [ -n "$extra" ]; then echo "top level holds more than the design names: $extra"; bad=1; fi
while read -r build; do
  if ! head -1 "$build" | grep -qE '^# .{10,}'; then
    echo "$build: the first line must be a comment that says the folder's one idea"; bad=1
  fi
done < <(find . -name BUILD -not -path './.*' -not -path '*/node_modules/*' -not -path './BUILD')
# A folder of code is one.
while read -r folder; do
  [ -f "$folder/BUILD" ] || { echo "$folder: has no BUILD that says its idea"; bad=1; }
done < <(find farm sandbox tests \( -name node_modules -o -path tests/fuzz/corpus -o -path 'tests/vectors/*' -o -path 'tests/interop/toolchains/projects' \) -prune -o -type f \( -name '*.cc' -o -name '*.sh' -o -name '*.bzl' -o -name '*.go' -o -name '*.mjs' \) -printf '%h\n' | sort -u)
if grep -rnE 'GTEST_SKIP|DISABLED_' --include='*.cc' farm sandbox tests; then
  echo "a test that does not run is a defect"; bad=1
fi
# SIGTERM ends every daemon within a second, whoever it waits for at that moment.
for main in $(grep -l 'WaitForTermination()' farm/*/main.cc); do
  if ! sed -n '/WaitForTermination()/,$p' "$main" | grep -q 'ExitWithin('; then
    echo "$main: waits for its termination, but may then wait for ever: want daemon.ExitWithin"; bad=1
  fi
done
# Warnings are errors in every build; each configuration of clang's checks which lock guards what.
check_warnings() { # FILE
  local name missing=0
  for option in -Wall -Wextra -Werror; do
    grep -qE "^build (.* )?--copt=$option( |\$)" "$1" || { echo "$1: no build --copt=$option"; missing=1; }
  done
  if grep -nE -- '-Wno-' "$1"; then echo "$1: a warning is taken back"; missing=1; fi
  grep -qE '^build:asan-ubsan (.* )?--copt=-fsanitize=address,undefined,' "$1" && grep -qE -- '--copt=-fno-sanitize-recover=all' "$1" ||
    { echo "$1: asan-ubsan watches nothing"; missing=1; }
  grep -q 'CC=clang' "$1" || { echo "$1: no configuration of clang's"; missing=1; }
  for name in $(sed -nE 's/^build:([^ ]+) .*CC=clang.*/\1/p' "$1"); do
    grep -qE "^build:$name (.* )?--copt=-Wthread-safety( |\$)" "$1" || { echo "$1: $name without -Wthread-safety"; missing=1; }
  done
  return $missing
}
check_warnings .bazelrc || bad=1
# That rule is alive.
mutant=$(mktemp)
trap 'rm -f "$mutant"' EXIT
for change in 's/ --copt=-Werror//' 's/ --copt=-Wextra//' '/^build:clang /s/ --copt=-Wthread-safety//' \
  '/^build:asan-ubsan /s/ --copt=-Wthread-safety//' '$s/$/ --copt=-Wno-error/' 's/CC=clang/CC=gcc/' \
  's/ --copt=-fsanitize=address,undefined[^ ]*//' 's/ --copt=-fno-sanitize-recover=all//'; do
  sed "$change" .bazelrc >"$mutant"
  if check_warnings "$mutant" >/dev/null; then echo "the check of .bazelrc let \"$change\" pass"; bad=1; fi
done
exit $bad
