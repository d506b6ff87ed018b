// A toolchain as a value: the lock that pins every package of a root file system by digest.
// Two forms: protobuf text for people (farm/proto/lock.proto) and canonical JSON, `farm-lock/1`,
// whose digest is the toolchain's name in a manifest.  FORMAT.md has the grammar and an example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::size_t kLockBytesMax = 4 << 20;  // 5,000 packages of 300 bytes, and air
constexpr std::size_t kLockPackagesMax = 5000;  // the largest closure seen had 286
constexpr std::size_t kLockNamesMax = 200;      // names and suites asked for
constexpr std::int64_t kPackageBytesMax = std::int64_t{2} << 30;
constexpr std::int64_t kImageBytesMax = std::int64_t{64} << 30;
constexpr std::int64_t kEpochMax = 4294967295;  // the year 2106: what 32 bits hold
constexpr int kAssembler = 1;                   // the number of assemble.sh

struct LockedPackage {
  std::string name;          // "libc6"
  std::string version;       // "2.36-9+deb12u10"
  std::string architecture;  // "amd64", or "all"
  Digest sha256;             // of the .deb
  std::int64_t size = 0;     // bytes
  std::string file;          // path below the archive's base: "pool/main/g/glibc/..."

  friend bool operator==(const LockedPackage&, const LockedPackage&) = default;
};

// What was asked for when the lock was made, so that it can be asked again (`--refresh`).
struct LockRequest {
  std::string architecture;  // "amd64"
  std::int64_t source_date_epoch = 0;
  bool essential = true;            // all packages marked Essential
  std::vector<std::string> names;   // and these; sorted
  std::string build_depends_of;     // and what builds this: "dropbear=2022.83-1+deb12u3"; or empty
  std::vector<std::string> suites;  // where from; the first one names the root: "bookworm"

  friend bool operator==(const LockRequest&, const LockRequest&) = default;
};

struct Lock {
  LockRequest requested;
  std::vector<LockedPackage> packages;  // sorted by name, each name once
  Digest root_tar;                      // what assembler 1 makes of them
  Digest image;                         // the EROFS image made of that tar
  std::int64_t image_size = 0;          // bytes

  // True until an assembly has filled root_tar, image and image_size.  No draft has a digest, and
  // none is ever read: both parsers refuse a lock without them.
  bool IsDraft() const { return root_tar.IsZero() || image.IsZero() || image_size == 0; }

  friend bool operator==(const Lock&, const Lock&) = default;
};

// The text form.  `file_name` stands in messages: "cc.lock.textproto:12:3: ...".
// Errors: kInvalidInput (syntax, unknown field, a field missing or malformed, not sorted, another
// assembler), kLimitExceeded.
Result<Lock> ParseLockText(std::string_view text, std::string_view file_name);

// The canonical form, and no other bytes: unknown fields, other spacing or order are refused.
// Errors: kInvalidInput, kLimitExceeded.
Result<Lock> ParseLockJson(std::string_view bytes);

// Canonical bytes; the lock must not be a draft (CHECKed).
std::string CanonicalLockJson(const Lock& lock);

// sha256 of the canonical bytes: what a manifest names.
Digest LockDigest(const Lock& lock);

// The text form, one line a package; ParseLockText gives the same lock back.
std::string LockText(const Lock& lock);

// What changed, for people; one line each, empty if nothing did:
//   + libfoo 1.2
//   - libbar 1.0
//   ~ libssl3 3.0.20 -> 3.0.22
//   ~ gcc-12 12.2.0: same version, other bytes
// and, if they differ, lines for the request, root tar and image.  A draft has no root to compare.
std::string DescribeLockDifference(const Lock& before, const Lock& after);

// True for what may stand in a lock; also used on what apt says.
bool IsPackageName(std::string_view text);
bool IsPackageVersion(std::string_view text);

}  // namespace farm
