#include "farm/client/tiles.h"

#include <gtest/gtest.h>

#include <map>

#include "farm/evidence/merkle.h"

namespace farm {
namespace {

std::vector<Digest> Leaves(std::uint64_t count) {
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(LeafHash("leaf " + std::to_string(i)));
  return leaves;
}

// RFC 6962 section 2.1, word for word.
Digest ReferenceRoot(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return EmptyTreeRoot();
  if (end - begin == 1) return leaves[begin];
  std::size_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return NodeHash(ReferenceRoot(leaves, begin, begin + k), ReferenceRoot(leaves, begin + k, end));
}

SubtreeHash FromLeaves(const std::vector<Digest>& leaves) {
  return [&leaves](int level, std::uint64_t index) -> Result<Digest> {
    return ReferenceRoot(leaves, index << level, (index + 1) << level);
  };
}

TEST(Tiles, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(TilePath({0, 0, 256}), "tile/0/000");
  EXPECT_EQ(TilePath({0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({1, 5, 17}), "tile/1/005.p/17");
  EXPECT_EQ(TilePath({TileId::kEntries, 1000, 1}), "tile/entries/x001/000.p/1");
}

TEST(Tiles, PathsReadBackAndOthersAreRefused) {
  for (const TileId tile : {TileId{0, 0, 256}, TileId{7, 1234067, 256}, TileId{1, 5, 255},
                            TileId{TileId::kEntries, 999, 1}}) {
    auto read = ParseTilePath(TilePath(tile));
    ASSERT_TRUE(read) << TilePath(tile);
    EXPECT_EQ(TilePath(*read), TilePath(tile));
  }
  for (const char* path : {"",
                           "tile",
                           "tile/0",
                           "tile/0/",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/000",
                           "tile/8/000",
                           "tile/-1/000",
                           "tile/00/000",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p",
                           "tile/0/001/002",
                           "tile/0/../000",
                           "tile/entries/000/",
                           "/tile/0/000",
                           "tile/0/x999/x999/x999/x999/x999/999",
                           "tile/0/00a"}) {
    EXPECT_FALSE(ParseTilePath(path)) << path;
  }
}

TEST(Tiles, WidthsAtTheRightEdge) {
  EXPECT_EQ(TileWidthAt(0, 0, 0), 0u);
  EXPECT_EQ(TileWidthAt(0, 0, 255), 255u);
  EXPECT_EQ(TileWidthAt(0, 0, 256), 256u);
  EXPECT_EQ(TileWidthAt(0, 1, 256), 0u);
  EXPECT_EQ(TileWidthAt(0, 1, 257), 1u);
  EXPECT_EQ(TileWidthAt(1, 0, 70000), 256u);
  EXPECT_EQ(TileWidthAt(1, 1, 70000), 17u);
  EXPECT_EQ(TileWidthAt(TileId::kEntries, 1, 300), 44u);
}

TEST(EntryBundle, ReadsWhatItWroteAndRefusesTheRest) {
  const std::vector<std::string> entries = {"a", std::string(kEntryBytesMax, 'x'), ""};
  const std::string bytes = WriteEntryBundle(entries);
  EXPECT_EQ(*ParseEntryBundle(bytes, 3), entries);
  EXPECT_FALSE(ParseEntryBundle(bytes, 2));
  EXPECT_FALSE(ParseEntryBundle(bytes, 4));
  EXPECT_FALSE(ParseEntryBundle(bytes.substr(0, bytes.size() - 1), 3));
  EXPECT_FALSE(ParseEntryBundle(bytes + "z", 3));
}

TEST(Frontier, RootIsThatOfTheRfcAtEverySize) {
  const std::vector<Digest> leaves = Leaves(300);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    ASSERT_EQ(frontier.Root(), ReferenceRoot(leaves, 0, size)) << size;
    if (size < leaves.size()) frontier.Append(leaves[size]);
  }
}

TEST(Frontier, TakesSubtreesAsItTakesTheirLeaves) {
  const std::vector<Digest> leaves = Leaves(200);
  for (int level = 0; level <= 5; ++level) {
    const std::size_t width = std::size_t{1} << level;
    Frontier frontier;
    for (std::size_t begin = 0; begin + width <= leaves.size(); begin += width) {
      frontier.AppendSubtree(level, ReferenceRoot(leaves, begin, begin + width));
      ASSERT_EQ(frontier.size(), begin + width);
      ASSERT_EQ(frontier.Root(), ReferenceRoot(leaves, 0, begin + width)) << level;
    }
    frontier.Append(LeafHash("one more"));
    std::vector<Digest> more(leaves.begin(), leaves.begin() + 200 / width * width);
    more.push_back(LeafHash("one more"));
    EXPECT_EQ(frontier.Root(), ReferenceRoot(more, 0, more.size()));
  }
}

TEST(Proofs, InclusionOfEveryLeafAtEverySizeVerifies) {
  const std::vector<Digest> leaves = Leaves(40);
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    const Digest root = *TreeRoot(size, FromLeaves(leaves));
    ASSERT_EQ(root, ReferenceRoot(leaves, 0, size));
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = *InclusionProof(index, size, FromLeaves(leaves));
      EXPECT_TRUE(CheckInclusion(leaves[index], index, size, proof, root)) << index << "/" << size;
      EXPECT_FALSE(CheckInclusion(LeafHash("other"), index, size, proof, root));
    }
  }
}

TEST(Proofs, ConsistencyBetweenAllSizesVerifies) {
  const std::vector<Digest> leaves = Leaves(40);
  for (std::uint64_t new_size = 0; new_size <= leaves.size(); ++new_size) {
    const Digest new_root = ReferenceRoot(leaves, 0, new_size);
    for (std::uint64_t old_size = 0; old_size <= new_size; ++old_size) {
      const Digest old_root = ReferenceRoot(leaves, 0, old_size);
      const auto proof = *ConsistencyHashes(old_size, new_size, FromLeaves(leaves));
      EXPECT_TRUE(CheckConsistency(old_size, old_root, new_size, new_root, proof))
          << old_size << " to " << new_size;
      if (old_size > 0) {
        EXPECT_FALSE(CheckConsistency(old_size, LeafHash("fork"), new_size, new_root, proof));
      }
    }
  }
}

// The tiles of a tree; counts how often each is read.
TileBytes TilesOf(const std::vector<Digest>& leaves, std::map<std::string, int>& reads) {
  return [&](const TileId& tile) -> Result<std::string> {
    ++reads[TilePath(tile)];
    std::string bytes;
    for (std::uint64_t i = 0; i < tile.width; ++i) {
      const std::uint64_t first = tile.index * kTileWidth + i;
      bytes +=
          ReferenceRoot(leaves, first << (8 * tile.level), (first + 1) << (8 * tile.level)).bytes();
    }
    return bytes;
  };
}

TEST(Proofs, SubtreesFromTilesAreThoseOfTheLeaves) {
  const std::vector<Digest> leaves = Leaves(600);
  std::map<std::string, int> reads;
  const SubtreeHash from_tiles = SubtreeHashFromTiles(leaves.size(), TilesOf(leaves, reads));
  for (int level = 0; level <= 9; ++level) {
    for (std::uint64_t index = 0; (index + 1) << level <= leaves.size(); ++index) {
      ASSERT_EQ(*from_tiles(level, index), *FromLeaves(leaves)(level, index))
          << level << " " << index;
    }
  }
}

TEST(Proofs, ReadEachTileOfNeighboursOnce) {
  const std::vector<Digest> leaves = Leaves(600);
  const Digest root = ReferenceRoot(leaves, 0, leaves.size());
  std::map<std::string, int> reads;
  const SubtreeHash from_tiles = SubtreeHashFromTiles(leaves.size(), TilesOf(leaves, reads));
  for (std::uint64_t index = 0; index < leaves.size(); ++index) {
    const auto proof = *InclusionProof(index, leaves.size(), from_tiles);
    ASSERT_TRUE(CheckInclusion(leaves[index], index, leaves.size(), proof, root)) << index;
  }
  EXPECT_EQ(
      reads,
      (std::map<std::string, int>{
          {"tile/0/000", 1}, {"tile/0/001", 1}, {"tile/0/002.p/88", 1}, {"tile/1/000.p/2", 1}}));
}

TEST(Proofs, ATileThatIsCutShortIsNoTile) {
  const SubtreeHash from_tiles = SubtreeHashFromTiles(
      300, [](const TileId&) -> Result<std::string> { return std::string(100, 'x'); });
  auto hash = from_tiles(0, 3);
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace farm
