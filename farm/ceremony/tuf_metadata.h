// The metadata of TUF's roles targets, snapshot and timestamp: which files a published tree holds
// today, signed by keys that the root names.  FORMAT.md; TUF 1.0.31 sections 4.4 to 4.6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/trust_root.h"

namespace farm {

constexpr std::size_t kTufMetadataBytesMax = 4 << 20;  // 10,000 targets have 2 MB
constexpr std::size_t kTufTargetsMax = 10000;          // as many products as a verifier remembers

enum class TufRole { kTargets, kSnapshot, kTimestamp };
std::string_view TufRoleName(TufRole role);  // "targets": also the file's name before ".json"

struct TufFile {
  Digest sha256;
  std::uint64_t length = 0;
  std::int64_t version = 0;  // of metadata only
  friend bool operator==(const TufFile&, const TufFile&) = default;
};

struct TufMetadata {
  TufRole role = TufRole::kTargets;
  std::int64_t version = 1;
  UnixSeconds expires = 0;
  std::map<std::string, TufFile> files;  // of targets by path; else the one file below this role
  std::vector<TrustRoot::Signature> signatures;
};

// What is signed: canonical JSON.
std::string WriteTufSigned(const TufMetadata& metadata);
// The whole file.
std::string WriteTufMetadata(const TufMetadata& metadata);

// Form alone; nothing is asked of the signatures.  Errors: kInvalidInput, kLimitExceeded.
Result<TufMetadata> ParseTufMetadata(std::string_view bytes, TufRole role, std::string_view where);

const ServedRole& KeysOfRole(const TrustRoot& root, TufRole role);
// Enough of the root's keys for this role have signed.  Errors: kUntrusted exit 11.
Status CheckTufSignatures(const TufMetadata& metadata, const TrustRoot& root);

}  // namespace farm
