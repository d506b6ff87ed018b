// The tree itself is made a second way, recursive as RFC 9162 writes it, by the evidence maker.
#include "farm/evidence/merkle.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr std::uint64_t kSizeMax = 33;  // past a power of two, with every shape below

class Tree : public testing::Test {
 protected:
  Tree() {
    LineDraft draft = maker_.Draft(Intent{}, "coordinator", 1'800'000'000);
    Bundle line = maker_.Sign(draft);
    while (maker_.Head().size < kSizeMax) maker_.Enter(line, draft);
    // All leaves of the same line are equal; the first five are not.
    for (std::uint64_t i = 0; i < 5; ++i) {
      leaves_.push_back(LeafHash("entry " + std::to_string(i)));
    }
    leaves_.resize(kSizeMax, LeafHash(line.log_entry->canonicalized_body));
  }
  EvidenceMaker maker_;
  std::vector<Digest> leaves_;
};

TEST_F(Tree, EveryInclusionProofOfEverySizeHolds) {
  for (std::uint64_t size = 1; size <= kSizeMax; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = maker_.InclusionProof(index, size);
      const Digest root = maker_.TreeRoot(size);
      EXPECT_TRUE(CheckInclusion(leaves_[index], index, size, proof, root).has_value())
          << index << " of " << size;
    }
  }
}

TEST_F(Tree, NoChangedInclusionProofHolds) {
  for (std::uint64_t size = 1; size <= kSizeMax; ++size) {
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      const auto proof = maker_.InclusionProof(index, size);
      const Digest root = maker_.TreeRoot(size);
      const auto refused = [&](const Digest& leaf, std::uint64_t i, std::uint64_t n,
                               const std::vector<Digest>& hashes, const Digest& r) {
        const Status status = CheckInclusion(leaf, i, n, hashes, r);
        ASSERT_FALSE(status.has_value()) << index << " of " << size;
        EXPECT_EQ(status.error().Exit(), ExitCode::kLogProof);
      };
      refused(Sha256("other"), index, size, proof, root);
      refused(leaves_[index], index, size, proof, Sha256("other"));
      refused(leaves_[index], size, size, proof, root);
      refused(leaves_[index], index, 0, proof, root);
      auto longer = proof;
      longer.push_back(Sha256("more"));
      refused(leaves_[index], index, size, longer, root);
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = Sha256("other");
        refused(leaves_[index], index, size, changed, root);
      }
      if (!proof.empty()) {
        refused(leaves_[index], index, size, {proof.begin(), proof.end() - 1}, root);
      }
    }
  }
}

TEST_F(Tree, EveryConsistencyProofHoldsAndNoChangedOne) {
  for (std::uint64_t newer = 0; newer <= kSizeMax; ++newer) {
    for (std::uint64_t older = 0; older <= newer; ++older) {
      const auto proof = maker_.ConsistencyProof(older, newer);
      const Digest old_root = maker_.TreeRoot(older);
      const Digest new_root = maker_.TreeRoot(newer);
      EXPECT_TRUE(CheckConsistency(older, old_root, newer, new_root, proof).has_value())
          << older << " to " << newer;
      const Digest other = Sha256("other");
      EXPECT_FALSE(CheckConsistency(older, other, newer, new_root, proof).has_value());
      if (older != 0) {
        EXPECT_FALSE(CheckConsistency(older, old_root, newer, other, proof).has_value());
      }
      for (std::size_t i = 0; i < proof.size(); ++i) {
        auto changed = proof;
        changed[i] = other;
        EXPECT_FALSE(CheckConsistency(older, old_root, newer, new_root, changed).has_value())
            << older << " to " << newer;
      }
      auto longer = proof;
      longer.push_back(other);
      EXPECT_FALSE(CheckConsistency(older, old_root, newer, new_root, longer).has_value());
      if (!proof.empty()) {
        const std::vector<Digest> shorter(proof.begin(), proof.end() - 1);
        EXPECT_FALSE(CheckConsistency(older, old_root, newer, new_root, shorter).has_value())
            << older << " to " << newer;
      }
    }
  }
  EXPECT_FALSE(CheckConsistency(5, Digest(), 4, Digest(), {}).has_value());
}

TEST(Merkle, RefusesMoreThan64Hashes) {
  const std::vector<Digest> hashes(kProofHashesMax + 1);
  EXPECT_EQ(CheckInclusion(Digest(), 1, UINT64_MAX, hashes, Digest()).error().code,
            ErrorCode::kInvalidInput);
  EXPECT_EQ(CheckConsistency(3, Digest(), UINT64_MAX, Digest(), hashes).error().code,
            ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace farm
