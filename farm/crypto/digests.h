// SHA-2 in the three sizes that foreign formats name.  The farm itself names everything by SHA-256
// (hash.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

enum class HashAlgorithm { kSha256, kSha384, kSha512 };

std::string_view HashName(HashAlgorithm algorithm);  // "sha256", "sha384", "sha512"
std::optional<HashAlgorithm> HashNamed(std::string_view name);
std::size_t HashSize(HashAlgorithm algorithm);  // in bytes

// Raw bytes, HashSize() of them.
std::string HashOf(HashAlgorithm algorithm, std::string_view bytes);

// What is known of one artifact: raw bytes by algorithm.
using ArtifactDigests = std::map<HashAlgorithm, std::string>;

// The wanted digests of a file, read once, in constant memory.  Errors: kNotFound, kUnavailable.
Result<ArtifactDigests> DigestsOfFile(const std::string& path,
                                      const std::set<HashAlgorithm>& wanted);

}  // namespace farm
