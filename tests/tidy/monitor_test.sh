#!/bin/bash
# What serves others as the host's root stays small enough to be read. $1: the files that //sandbox:monitor is made of,
# which links with nothing else. Lines of code: blank lines and comments are not counted.
set -euo pipefail
mapfile -t files < <(sed 's#^//##; s#:#/#' "$1")
cd "$(dirname "$(readlink -f WORKSPACE)")"

# Not the monitor's own: what the launcher's processes talk with too, and what the standard library lacks.
shared='sandbox/(packet|descriptor|status)\.(cc|h)'
# A header of questions that the compiler removes: layers_test looks that the product has none of them.
no_code='sandbox/layers\.h'

count() { # PATTERN OPTION...: lines of the files whose names match
  local pattern=$1
  shift
  printf '%s\n' "${files[@]}" | grep -xE "$@" "$pattern" | xargs cat | grep -vcE '^[[:space:]]*(//.*)?$'
}
own=$(count "$shared|$no_code" -v)
all=$(count "$no_code" -v)
echo "$own lines of its own, $all in all"
[ "$own" -gt 400 ] || { echo "counted too few lines: ${files[*]}"; exit 1; }
[ "$own" -lt 600 ] || { echo "the root monitor has $own lines, want fewer than 600: ${files[*]}"; exit 1; }
[ "$all" -lt 750 ] || { echo "as root run $all lines, want fewer than 750: ${files[*]}"; exit 1; }

# A header that is not among them would have code of its own that nobody counts.
included=$(sed -nE 's/^#include "(.*)"/\1/p' "${files[@]}" | sort -u)
unknown=$(grep -vxF "$(printf '%s\n' "${files[@]}")" <<<"$included" || true)
[ -z "$unknown" ] || { echo "included and not counted: $unknown"; exit 1; }
# What README.md says of it.
grep -q "fewer than 600 lines of code of its own, fewer than 750 with" sandbox/README.md ||
  { echo "sandbox/README.md does not say so"; exit 1; }
