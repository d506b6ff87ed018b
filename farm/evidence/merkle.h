// Merkle tree proofs.  Spec: RFC 6962 / RFC 9162 section 2.1.  Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::size_t kProofHashesMax = 64;

Digest LeafHash(std::string_view leaf);                    // SHA-256(0x00 leaf)
Digest NodeHash(const Digest& left, const Digest& right);  // SHA-256(0x01 left right)
Digest EmptyTreeRoot();                                    // SHA-256("")

// Checks that `leaf_hash` is entry `index` of the tree of `size` entries with `root`.
// hashes: siblings, leaf to root.
// Errors: kInvalidInput exit 15 (index or path length impossible), kMismatch exit 15 (other root).
Status CheckInclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                      const std::vector<Digest>& hashes, const Digest& root);

// Checks that the tree (old_size, old_root) is a prefix of (new_size, new_root).  old_size 0 and
// old_size == new_size take an empty proof.
// Errors: as above.
Status CheckConsistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t new_size,
                        const Digest& new_root, const std::vector<Digest>& hashes);

}  // namespace farm
