#!/bin/bash
# The top level is what the design names; each BUILD says its folder's idea in its first line; no
# test is skipped or disabled; every daemon ends in time.
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
if grep -rnE 'GTEST_SKIP|DISABLED_' --include='*.cc' farm sandbox tests; then
  echo "a test that does not run is a defect"; bad=1
fi
# SIGTERM ends every daemon within a second, whoever it waits for at that moment.
for main in $(grep -l 'WaitForTermination()' farm/*/main.cc); do
  if ! sed -n '/WaitForTermination()/,$p' "$main" | grep -q 'ExitWithin('; then
    echo "$main: waits for its termination, but may then wait for ever: want daemon.ExitWithin"; bad=1
  fi
done
exit $bad
