#!/bin/bash
# The layout of every C++ file is clang-format's.  Sources of products stay as they are: they have digests.
set -euo pipefail
cd "$(dirname "$(readlink -f WORKSPACE)")"
mapfile -t files < <(find farm sandbox tests \( -name node_modules -prune \) -o \( -name '*.cc' -o -name '*.h' \) -print)
[ ${#files[@]} -gt 100 ] || { echo "found only ${#files[@]} files"; exit 1; }
clang-format --dry-run --Werror "${files[@]}" || { echo "remedy: clang-format -i FILE"; exit 1; }
