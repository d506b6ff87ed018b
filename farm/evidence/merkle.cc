#include "farm/evidence/merkle.h"

#include <string>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

Error Malformed(std::string message) {
  return Error{ErrorCode::kInvalidInput, std::move(message), ExitCode::kLogProof};
}

Error Mismatch(std::string message) {
  return Error{ErrorCode::kMismatch, std::move(message), ExitCode::kLogProof};
}

// The way from a node to the root: `node` is its number at its level, `last` the level's last.
struct Path {
  std::uint64_t node;
  std::uint64_t last;

  bool IsRight() const { return (node & 1) != 0; }
  // The next sibling stands on the left.
  bool SiblingLeft() const { return IsRight() || node == last; }
  void Up() {
    node >>= 1;
    last >>= 1;
  }
  // A last node without a sibling rises until it has one.
  void RiseAlone() {
    while (!IsRight() && node != 0) Up();
  }
};

}  // namespace

Digest LeafHash(std::string_view leaf) {
  Sha256Stream stream;
  stream.Update(std::string_view("\0", 1));
  stream.Update(leaf);
  return stream.Finish();
}

Digest NodeHash(const Digest& left, const Digest& right) {
  std::string bytes("\1", 1);
  bytes += left.bytes();
  bytes += right.bytes();
  return Sha256(bytes);
}

Digest EmptyTreeRoot() { return Sha256(""); }

Status CheckInclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                      const std::vector<Digest>& hashes, const Digest& root) {
  if (index >= size) {
    return Malformed("log index " + std::to_string(index) + " is not in a tree of " +
                     std::to_string(size) + " entries");
  }
  if (hashes.size() > kProofHashesMax) return Malformed("inclusion proof has more than 64 hashes");
  Path path{index, size - 1};
  Digest hash = leaf_hash;
  for (const Digest& sibling : hashes) {
    if (path.last == 0) return Malformed("inclusion proof is too long for its tree size");
    if (path.SiblingLeft()) {
      hash = NodeHash(sibling, hash);
      path.RiseAlone();
    } else {
      hash = NodeHash(hash, sibling);
    }
    path.Up();
  }
  if (path.last != 0) return Malformed("inclusion proof is too short for its tree size");
  if (hash != root) {
    return Mismatch("inclusion proof leads to root " + hash.Short() + ", want " + root.Short());
  }
  return {};
}

Status CheckConsistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t new_size,
                        const Digest& new_root, const std::vector<Digest>& hashes) {
  if (old_size > new_size) {
    return Malformed("tree of " + std::to_string(old_size) + " entries is not older than one of " +
                     std::to_string(new_size));
  }
  if (hashes.size() > kProofHashesMax)
    return Malformed("consistency proof has more than 64 hashes");
  if (old_size == 0 || old_size == new_size) {
    if (!hashes.empty())
      return Malformed("consistency proof must be empty for equal or empty trees");
    const Digest want = old_size == 0 ? EmptyTreeRoot() : new_root;
    if (old_root != want) return Mismatch("two trees of the same size have different roots");
    return {};
  }
  Path path{old_size - 1, new_size - 1};
  while (path.IsRight()) path.Up();
  // Where the old tree is a complete subtree of the new one its root is not repeated in the proof.
  const bool complete = (old_size & (old_size - 1)) == 0;
  if (!complete && hashes.empty()) return Malformed("consistency proof is empty");
  Digest old_hash = complete ? old_root : hashes.front();
  Digest new_hash = old_hash;
  for (std::size_t i = complete ? 0 : 1; i < hashes.size(); ++i) {
    if (path.last == 0) return Malformed("consistency proof is too long for its tree sizes");
    if (path.SiblingLeft()) {
      old_hash = NodeHash(hashes[i], old_hash);
      new_hash = NodeHash(hashes[i], new_hash);
      path.RiseAlone();
    } else {
      new_hash = NodeHash(new_hash, hashes[i]);
    }
    path.Up();
  }
  if (path.last != 0) return Malformed("consistency proof is too short for its tree sizes");
  if (old_hash != old_root) return Mismatch("consistency proof does not lead to the older root");
  if (new_hash != new_root) return Mismatch("consistency proof does not lead to the newer root");
  return {};
}

}  // namespace farm
