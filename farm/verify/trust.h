// The root that a customer has pinned: root.json in his configuration folder, and beside it
// `farm-trust/1`, trust.json, which remembers the newest root, so that none before it comes back.
// FORMAT.md has the format.  Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/trust_root.h"

namespace farm {

constexpr std::int64_t kRootStepsMax = 1024;  // of one update: a root a week for twenty years

struct TrustMemory {
  Digest pinned;  // of the file that was compared by hand
  std::int64_t pinned_version = 0;
  Digest newest;  // of root.json as it was last written
  std::int64_t newest_version = 0;
  // The one that is being written over it, which was followed from it: after a crash root.json may
  // be either.  Never in a PinnedTrust.
  struct Next {
    Digest digest;
    std::int64_t version = 0;
  };
  std::optional<Next> next = {};
};

// Errors: kInvalidInput naming the field.
Result<TrustMemory> ParseTrustMemory(std::string_view json, std::string_view where);
std::string WriteTrustMemory(const TrustMemory& memory);

struct PinnedTrust {
  TrustRoot root;
  std::string root_bytes;
  TrustMemory memory;  // `newest` is `root`
};

// Hex digits of a SHA-256 as people carry them: either case, groups with blanks or colons, perhaps
// "sha256:" before them.  Errors: kInvalidInput.
Result<Digest> ParseFingerprint(std::string_view text);

// ${XDG_CONFIG_HOME:-~/.config}/farm.  Errors: kNotFound (neither is set).
Result<std::string> DefaultTrustDirectory();

// What `directory` holds.
// Errors: kNotFound (nothing is pinned), kUntrusted exit 24 (CheckRemembered), those of
// ParseTrustRoot and ParseTrustMemory.
Result<PinnedTrust> ReadPinnedTrust(const std::string& directory);

// Pins `bytes`, a root, into `directory`; makes it.  The same again is no error.  Where trust.json
// is there and root.json is not, only the newest that was remembered comes back.
// Errors: kMismatch exit 22 (another fingerprint), kUntrusted exit 24 (another root is pinned or
// remembered there), those of ParseTrustRoot; kUnavailable.
Result<PinnedTrust> PinTrust(FileSystem& files, const std::string& directory,
                             const std::string& bytes, const Digest& fingerprint);

struct TrustUpdate {
  PinnedTrust before;
  PinnedTrust after;
  std::vector<std::string> changes;  // in words; empty if nothing was newer
};

// Follows TREE/root/N+1.json, N+2.json, ... from the pinned root by TUF's rules to the newest that
// is there, and pins that; all or nothing (TUF 1.0.31 section 5.3).  The caller judges whether the
// newest has expired: it is kept even so, as it revokes what older ones do not.
// Errors: kUntrusted exit 24 (the tree's newest is older than the pinned one, or its root of the
// same version is another), kNotFound exit 22 (no roots in the tree, or one missing between two),
// kUntrusted exit 11 (thresholds), kInvalidInput (form; another version inside), kLimitExceeded
// (more than kRootStepsMax steps); kUnavailable.
Result<TrustUpdate> UpdateTrust(FileSystem& files, const std::string& directory,
                                const std::string& tree);

// What `directory` remembers; absent where nothing is pinned there.
// Errors: those of ParseTrustMemory.
Result<std::optional<TrustMemory>> ReadTrustMemory(const std::string& directory);
// Whether `root`, read from that directory, is one that is remembered.  A later one that nobody has
// followed is none: anybody can sign a root of a higher version with keys of his own.
// Errors: kUntrusted exit 24 (any other).
Status CheckRemembered(const TrustRoot& root, const TrustMemory& memory);
// The same for a `root` that was read from `directory` without its lock, before this call: an
// update beside it may have written root and memory in between.  Then `read` reads it again.
// Returns what the directory remembers; absent where nothing is pinned there.
// Errors: as above, of `read` and of ParseTrustMemory.
Result<std::optional<TrustMemory>> HoldToPinned(const std::string& directory,
                                                const std::function<Result<TrustRoot>()>& read,
                                                TrustRoot& root);

}  // namespace farm
