#!/bin/bash
# The programs that a Debian of this release has if nothing is installed but its Essential packages, some
# others, and all that these depend on: their paths, one a line.
#   stock_programs.sh PACKAGE...
# Recommended packages do not count, nor do the names that the alternatives system makes.
set -euo pipefail
export LC_ALL=C
[ $# != 0 ] || { echo "stock_programs.sh: want packages" >&2; exit 2; }

# "FIELD<tab>..." of each installed package, cut to those that are needed.  Of alternatives (a | b) every one
# that is here counts, and whatever provides a virtual package: more than a stock Debian must have, never less.
needed=$(dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Essential}\t${Pre-Depends}, ${Depends}\t${Provides}\n' |
  awk -F '\t' -v asked="$*" '
    function names(list, into,   count, i) {
      gsub(/\([^)]*\)|:[a-z0-9-]+|\[[^]]*\]/, "", list)
      gsub(/[,|]/, " ", list)
      return split(list, into, " ")
    }
    $1 != "installed" { next }
    {
      here[$2] = 1
      depends[$2] = depends[$2] ", " $4
      count = names($5, provided)
      for (i = 1; i <= count; ++i) providers[provided[i]] = providers[provided[i]] " " $2
      if ($3 == "yes") want[$2] = 1
    }
    END {
      count = split(asked, packages, " ")
      for (i = 1; i <= count; ++i) {
        if (!(packages[i] in here)) { print packages[i] " is not installed" >"/dev/stderr"; exit 1 }
        want[packages[i]] = 1
      }
      for (found = 1; found;) {
        found = 0
        for (package in want) {
          if (package in done) continue
          done[package] = found = 1
          count = names(depends[package], next_ones)
          for (i = 1; i <= count; ++i) {
            if (next_ones[i] in here) want[next_ones[i]] = 1
            many = split(providers[next_ones[i]], others, " ")
            for (k = 1; k <= many; ++k) want[others[k]] = 1
          }
        }
      }
      for (package in done) print package
    }')
# A package's list has a program where the package put it, /bin or /usr/bin: one place on a Debian of today.
xargs -d '\n' dpkg -L <<<"$needed" | sed -nE 's#^(/usr)?(/s?bin/[^/]+)$#/usr\2#p' | sort -u |
  while read -r program; do [ ! -x "$program" ] || [ -d "$program" ] || echo "$program"; done
