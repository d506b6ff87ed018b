#!/bin/bash
# What runs as the host's root stays small enough to be read: the root monitor has fewer than 600 lines of
# code, blank lines and comments not counted.
set -euo pipefail
cd "$(dirname "$(readlink -f WORKSPACE)")"
files=(sandbox/{monitor,image,cgroup}.{cc,h} sandbox/monitor_service.cc)
lines=$(cat "${files[@]}" | grep -vcE '^[[:space:]]*(//.*)?$')
[ "$lines" -gt 100 ] || { echo "counted only $lines lines"; exit 1; }
[ "$lines" -lt 600 ] || { echo "the root monitor has $lines lines, want fewer than 600: ${files[*]}"; exit 1; }
# No other file of its own, unless it is counted here: the client runs as its user.
others=$(ls sandbox/monitor*.cc sandbox/image*.cc sandbox/cgroup*.cc | grep -vxE 'sandbox/(monitor|monitor_service|monitor_client|image|cgroup|cgroup_usage)\.cc' || true)
[ -z "$others" ] || { echo "is this the monitor's? $others"; exit 1; }
