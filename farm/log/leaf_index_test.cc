#include "farm/log/leaf_index.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

Digest Hash(std::uint64_t number) { return Sha256(std::to_string(number)); }

bool Has(const LeafIndex& index, std::uint64_t number) {
  const auto found = index.Candidates(Hash(number));
  return std::find(found.begin(), found.end(), number) != found.end();
}

TEST(LeafIndex, AnswersEveryLeafThroughAllItsGrowing) {
  constexpr std::uint64_t kLeaves = 20'000;
  for (const std::uint64_t expected : {std::uint64_t{0}, kLeaves / 2, 2 * kLeaves}) {
    LeafIndex index(expected);
    std::size_t others = 0;
    for (std::uint64_t i = 0; i < kLeaves; ++i) {
      others += index.Candidates(Hash(i)).size();
      index.Add(Hash(i), i);
      ASSERT_TRUE(Has(index, i)) << i;
    }
    EXPECT_EQ(index.size(), kLeaves);
    for (std::uint64_t i = 0; i < kLeaves; ++i) ASSERT_TRUE(Has(index, i)) << i;
    // 20,000 leaves hardly ever meet in 32 bits; the hash decides between them.
    EXPECT_LE(others, 10u);
  }
}

TEST(LeafIndex, KeepsTheSameHashUnderTwoIndexesApart) {
  LeafIndex index;
  index.Add(Hash(1), 7);
  index.Add(Hash(1), 9);
  auto found = index.Candidates(Hash(1));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::uint64_t>{7, 9}));
}

TEST(LeafIndex, TakesIndexesUpToTheLargestLog) {
  LeafIndex index;
  const std::uint64_t last = (std::uint64_t{1} << 40) - 2;
  index.Add(Hash(1), last);
  index.Add(Hash(2), 0);
  EXPECT_EQ(index.Candidates(Hash(1)), std::vector<std::uint64_t>{last});
  EXPECT_EQ(index.Candidates(Hash(2)), std::vector<std::uint64_t>{0});
}

TEST(LeafIndex, TakesAboutTenBytesALeaf) {
  constexpr std::uint64_t kLeaves = 100'000;
  LeafIndex grown;
  for (std::uint64_t i = 0; i < kLeaves; ++i) grown.Add(Hash(i), i);
  EXPECT_LE(grown.bytes(), 12 * kLeaves);
  EXPECT_LE(LeafIndex(kLeaves).bytes(), 11 * kLeaves);
}

// Whoever found leaves that meet in one log's index has found nothing for another's, nor for the
// same log after its next start.
TEST(LeafIndex, LeavesThatMeetUnderOneKeyDoNotUnderAnother) {
  constexpr std::uint64_t kLeaves = 400'000;
  LeafIndex first(kLeaves);
  for (std::uint64_t i = 0; i < kLeaves; ++i) first.Add(Hash(i), i);
  std::vector<std::uint64_t> meeting;
  for (std::uint64_t i = 0; i < kLeaves; ++i) {
    if (first.Candidates(Hash(i)).size() > 1) meeting.push_back(i);
  }
  ASSERT_FALSE(meeting.empty());  // about 19 pairs
  LeafIndex second;
  for (const std::uint64_t i : meeting) second.Add(Hash(i), i);
  for (const std::uint64_t i : meeting) EXPECT_EQ(second.Candidates(Hash(i)).size(), 1u) << i;
}

// All but the last four bytes alike: 28 bytes that an attacker chose.
TEST(LeafIndex, LooksAtAllOfTheHash) {
  constexpr std::uint64_t kLeaves = 20'000;
  LeafIndex index;
  const auto alike = [](std::uint64_t number) {
    return Digest::FromBytes(std::string(28, 'x') + std::string(Hash(number).bytes().substr(28)));
  };
  for (std::uint64_t i = 0; i < kLeaves; ++i) index.Add(alike(i), i);
  std::size_t candidates = 0;
  for (std::uint64_t i = 0; i < kLeaves; ++i) candidates += index.Candidates(alike(i)).size();
  EXPECT_LE(candidates, kLeaves + 10);
}

}  // namespace
}  // namespace farm
