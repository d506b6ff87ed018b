// A directory's identity: the id that git gives its tree, with SHA-256 (what is approved) and with
// SHA-1 (an alias, and the SWHID).  Computed here; tests compare it with git's own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

struct TreeIdentity {
  std::string sha256;  // 64 hex
  std::string sha1;    // 40 hex
  std::string Swhid() const { return "swh:1:dir:" + sha1; }
  friend bool operator==(const TreeIdentity&, const TreeIdentity&) = default;
};

constexpr int kTreeDepthMax = 512;                     // Linux's PATH_MAX allows 2048 levels
constexpr std::uint64_t kTreeEntriesMax = 10'000'000;  // all of Chromium has 500,000

// Identity of what lies in the directory open as `directory` (kept open, position not used).
// Modes: 100755 if the owner may execute, else 100644; symbolic links 120000; directories 40000,
// an empty one being the empty tree.  Names are any bytes.  Nothing is followed.
// Errors: kInvalidInput (device, socket or FIFO, named), kLimitExceeded, kUnavailable.
// Spec: git's tree objects, Documentation/technical/hash-function-transition.
Result<TreeIdentity> IdentifyTree(int directory);
// The same by path.  Errors also: kNotFound.
Result<TreeIdentity> IdentifyTreeAt(const std::string& path);

// Refuses, by name, a tree that other systems could not carry unchanged or that could reach out:
// names that are not UTF-8, names with control characters (bytes below 0x20, and 0x7f: lists of
// names are read by lines, and terminals obey such bytes), names in one directory that are equal
// after Unicode case folding or normalisation (unicode.h), `.git` in any case, absolute or escaping
// symbolic links, devices, sockets and FIFOs.  Also what the identity does not see and a build
// would: hard links, of whose names one changes with the other, and setuid, setgid or sticky files;
// other mode bits may be any, as archives have them.  Errors: kInvalidInput, one line a problem (at
// most 20); kLimitExceeded, kUnavailable.
Status CheckTreeAdmissible(int directory);
Status CheckTreeAdmissibleAt(const std::string& path);

// True if a link at `path` ("a/b") to `target` stays inside the tree, judged by the text alone.
bool LinkStaysInside(std::string_view path, std::string_view target);

}  // namespace farm
