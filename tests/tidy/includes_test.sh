#!/bin/bash
# Holds every #include of ours to the arrows of layers.txt, and layers.txt to the includes that there are.
set -euo pipefail
root=$(dirname "$(readlink -f WORKSPACE)")
layers=$root/tests/tidy/layers.txt

# The arrows themselves: each leads to a line further up, so no circle can be written.  proto is
# generated code and has no line.
check_layers() {
  awk '
    /^#/ || /^$/ { next }
    !/^[a-z_\/]+:( [a-z_\/]+)*( \|( [a-z_\/]+)+)?$/ {
      print "layers.txt line " NR ": want \"folder: folder ...\" or \"folder: folder ... | folder ...\""
      bad = 1; next
    }
    {
      folder = $1; sub(/:$/, "", folder)
      if (folder in known) { print "layers.txt line " NR ": " folder " has a line already"; bad = 1 }
      for (i = 2; i <= NF; ++i) {
        if ($i in known || $i == "farm/proto" || $i == "|") continue
        print "layers.txt line " NR ": " folder " may include " $i ", which is not further up"; bad = 1
      }
      known[folder] = 1
    }
    END { exit bad }' "$1"
}

if ! check_layers "$layers"; then
  echo "the order of tests/tidy/layers.txt is the order of layers: arrows point upwards only" >&2
  exit 1
fi

# That rule is alive too: an arrow down, to itself, to nowhere, and a second line are refused.
mutant=$(mktemp)
trap 'rm -f "$mutant"' EXIT
while read -r from to; do
  sed "s#^$from\$#$to#" "$layers" | tr '%~' '\n ' >"$mutant"
  if cmp -s "$layers" "$mutant" || check_layers "$mutant" >/dev/null; then
    echo "the check of layers.txt let \"$to\" pass" >&2
    exit 1
  fi
done <<'END'
farm/base: farm/base:~farm/cli
farm/base: farm/base:~farm/base
farm/base: farm/base:~farm/nowhere
farm/base: farm/base:%farm/base:
farm/base: farm/base:~|
farm/base: farm/base:~|~farm/cli
END

# Lines "file included-path" of every include; tests may reach into tests/support and the libraries
# they test.
list_includes() {
  cd "$root"
  find farm sandbox \( -name '*.h' -o -name '*.cc' \) -print0 | sort -z |
    xargs -0 grep -HoE '^#include "[^"]+"' |
    sed -E 's/^([^:]+):#include "(.*)"$/\1 \2/'
}

# What both checks below begin with: the arrows of `layers`, and whose an include is.
# may[folder, target]: what is included by all of a folder ("all"), or by its tests alone ("tests").
readonly read_arrows='
  BEGIN {
    while ((getline line < layers) > 0) {
      if (line ~ /^#/ || line == "") continue
      count = split(line, words, " ")
      from = words[1]; sub(/:$/, "", from); known[from] = 1
      who = "all"
      for (i = 2; i <= count; ++i) {
        if (words[i] == "|") who = "tests"; else may[from, words[i]] = who
      }
    }
  }
  function folder_of(path) {
    sub(/\/[^\/]*$/, "", path)
    while (path ~ /\// && !(path in known) && path != "farm/proto") sub(/\/[^\/]*$/, "", path)
    return path
  }
  { file = $1; included = $2; is_test = file ~ /_test\.cc$/ }
  { folder = folder_of(file); target = folder_of(included) }'

# Every include has its arrow.
check() {
  awk -v layers="$layers" "$read_arrows"'
    included !~ /^(farm|sandbox|tests)\// {
      print file ": include \"" included "\" does not start at the top of the workspace"; bad = 1; next
    }
    target ~ /^tests/ {
      if (!is_test) { print file ": product code includes " included; bad = 1 }
      next
    }
    !(folder in known) { print file ": folder " folder " is not in layers.txt"; bad = 1; next }
    folder == target { next }
    !((folder, target) in may) { print file ": " folder " may not include " included; bad = 1; next }
    may[folder, target] == "tests" && !is_test {
      print file ": only tests of " folder " may include " included; bad = 1
    }
    END { exit bad }'
}

# Every arrow of the file $1 has its include: a door that nobody uses stands open for nothing.
check_used() {
  awk -v layers="$1" "$read_arrows"'
    { used[folder, target, is_test ? "tests" : "all"] = 1 }
    END {
      for (arrow in may) {
        split(arrow, end, SUBSEP)
        if ((end[1], end[2], may[arrow]) in used) continue
        bad = 1
        print "layers.txt: " end[1] " may include " end[2] \
          ((end[1], end[2], "tests") in used ? ", but only its tests do: write it after the |" \
                                            : ", but nothing" (may[arrow] == "tests" ? " of its tests" : "") " does")
      }
      exit bad
    }'
}

includes=$(list_includes)
if ! check <<<"$includes"; then
  echo "tests/tidy/layers.txt says which folder may include which" >&2
  exit 1
fi
if ! check_used "$layers" <<<"$includes"; then
  echo "take these arrows out of tests/tidy/layers.txt" >&2
  exit 1
fi

# The rules are alive: an arrow backwards, an unknown folder and a test's arrow in the product are refused ...
for wrong in 'farm/verify/x.cc farm/log/log.h' 'farm/base/x.h farm/json/json.h' 'farm/nowhere/x.cc farm/base/result.h' \
  'sandbox/x.cc farm/base/result.h' 'farm/verify/x.cc json.h' 'farm/log/x.cc farm/verify/verify.h'; do
  if echo "$wrong" | check >/dev/null; then
    echo "the include check let \"$wrong\" pass" >&2
    exit 1
  fi
done
for right in 'farm/witness/x_test.cc farm/verify/verify.h' 'farm/log/x.cc farm/proto/log.pb.h' 'farm/base/x.cc farm/base/x.h'; do
  if ! echo "$right" | check; then
    echo "the include check refuses \"$right\"" >&2
    exit 1
  fi
done
# ... and an arrow that nobody uses, that only tests use, or that no test uses.
while IFS='>' read -r from to; do
  sed "s#^$from\$#$to#" "$layers" >"$mutant"
  if cmp -s "$layers" "$mutant" || check_used "$mutant" <<<"$includes" >/dev/null; then
    echo "the check of unused arrows let \"$to\" pass" >&2
    exit 1
  fi
done <<'END'
farm/crypto: farm/base>farm/crypto: farm/base farm/json
farm/crypto: farm/base>farm/crypto: farm/base | farm/json
farm/crypto: farm/base>farm/crypto: | farm/base farm/json
\(farm/provenance:.*\) | farm/json>\1 farm/json
END

# ---- libraries --------------------------------------------------------------------------------------
libraries=$root/tests/tidy/libraries.txt
list_library_includes() {
  cd "$root"
  find farm sandbox \( -name '*.h' -o -name '*.cc' \) -print0 | sort -z |
    xargs -0 grep -HoE '^ *# *include *<[^>]+>' |
    sed -E 's/^([^:]+):.*<(.*)>$/\1 \2/'
}

# Standard headers have no suffix, those of C and Linux are in no folder but the five; every other
# one with a slash is a library's, and so is each that has a line.
check_libraries() {
  awk -v libraries="$libraries" '
    BEGIN {
      while ((getline line < libraries) > 0) {
        if (line ~ /^#/ || line == "") continue
        if (line !~ /^[A-Za-z0-9_-]+(\/[a-z]+)*(\/|\.h): [a-z_\/]+( [a-z_\/]+)*$/) {
          print "libraries.txt: want \"header: folder ...\": " line; bad = 1; continue
        }
        split(line, part, ": "); may[part[1]] = part[2]
      }
    }
    {
      file = $1; header = $2; found = ""
      for (prefix in may) {
        if (header == prefix || (prefix ~ /\/$/ && index(header, prefix) == 1)) found = prefix
      }
      if (found == "") {
        if (header !~ /\// || header ~ /^(arpa|linux|net|netinet|sys)\//) next
        print file ": <" header "> is in no line of libraries.txt"; bad = 1; next
      }
      count = split(may[found], allowed, " ")
      for (i = 1; i <= count; ++i) if (index(file, allowed[i] "/") == 1) next
      print file ": <" header "> is for " may[found]; bad = 1
    }
    END { exit bad }'
}

if ! list_library_includes | check_libraries; then
  echo "tests/tidy/libraries.txt says which folder may use which library" >&2
  exit 1
fi

# That rule is alive too: every line of it refuses another folder, and what has no line is refused.
wrong_uses='farm/base/x.cc curl/curl.h
farm/verify/x.cc grpcpp/grpcpp.h
farm/verify/x.cc google/protobuf/message.h
farm/crypto_next/x.cc openssl/evp.h
farm/store/x.cc openssl/evp.h'
while IFS=: read -r header _; do
  [[ $header =~ ^(#.*|g(test|mock)/)?$ ]] || wrong_uses+=$'\n'"farm/compare/x.cc $header"
done <"$libraries"
while read -r wrong; do
  if echo "$wrong" | check_libraries >/dev/null; then
    echo "the check of libraries let \"$wrong\" pass" >&2
    exit 1
  fi
done <<<"$wrong_uses"
for right in 'farm/crypto/x.cc openssl/evp.h' 'farm/base/x.cc vector' 'sandbox/x.cc linux/sched.h' 'farm/base/x_test.cc gtest/gtest.h'; do
  if ! echo "$right" | check_libraries; then
    echo "the check of libraries refuses \"$right\"" >&2
    exit 1
  fi
done
# The list is not empty, or nothing above was looked at.
[ "$(list_library_includes | grep -c ' openssl/')" -gt 5 ] || { echo "found hardly any use of OpenSSL" >&2; exit 1; }
