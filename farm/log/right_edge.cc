#include "farm/log/right_edge.h"

#include "farm/evidence/merkle.h"

namespace farm {
namespace {

std::string Concatenate(const std::vector<Digest>& hashes, std::uint64_t count) {
  std::string bytes;
  for (std::uint64_t i = 0; i < count; ++i) bytes += hashes[i].bytes();
  return bytes;
}

Digest RootOf(const std::vector<Digest>& row) {
  Frontier subtree;
  for (const Digest& hash : row) subtree.Append(hash);
  return subtree.Root();
}

constexpr int kTileLevels = 8;  // levels of the tree in one of the tiles: 256 = 2^8

}  // namespace

// The hash has been counted in `frontier_`.
void RightEdge::Push(int level, Digest hash, Tiles& filled) {
  std::uint64_t count = size() >> (kTileLevels * level);  // of the hashes at the level
  for (;; ++level, count /= kTileWidth) {
    const auto at = static_cast<std::size_t>(level);
    if (rows_.size() <= at) rows_.resize(at + 1);
    rows_[at].push_back(hash);
    if (rows_[at].size() < kTileWidth) return;
    filled[TilePath({level, count / kTileWidth - 1, kTileWidth})] =
        Concatenate(rows_[at], kTileWidth);
    hash = RootOf(rows_[at]);
    rows_[at].clear();
  }
}

Digest RightEdge::Append(const std::string& leaf, Tiles& filled) {
  const Digest hash = LeafHash(leaf);
  frontier_.Append(hash);
  entries_.push_back(leaf);
  if (entries_.size() == kTileWidth) {
    filled[TilePath({TileId::kEntries, size() / kTileWidth - 1, kTileWidth})] =
        WriteEntryBundle(entries_);
    entries_.clear();
  }
  Push(0, hash, filled);
  return hash;
}

void RightEdge::AppendTile(const std::vector<Digest>& hashes, Tiles& filled) {
  CHECK(hashes.size() == kTileWidth && entries_.empty());
  const Digest root = RootOf(hashes);
  frontier_.AppendSubtree(kTileLevels, root);
  Push(1, root, filled);
}

std::vector<TileId> RightEdge::Partials() const {
  std::vector<TileId> tiles;
  if (!entries_.empty()) {
    tiles.push_back({TileId::kEntries, size() / kTileWidth, entries_.size()});
  }
  std::uint64_t count = size();
  for (std::size_t level = 0; level < rows_.size(); ++level, count /= kTileWidth) {
    if (!rows_[level].empty()) {
      tiles.push_back({static_cast<int>(level), count / kTileWidth, rows_[level].size()});
    }
  }
  return tiles;
}

std::optional<std::string> RightEdge::Bytes(const TileId& tile) const {
  for (const TileId& partial : Partials()) {
    if (partial.level != tile.level || partial.index != tile.index) continue;
    if (tile.width > partial.width) return std::nullopt;
    if (tile.level != TileId::kEntries) {
      return Concatenate(rows_[static_cast<std::size_t>(tile.level)], tile.width);
    }
    return WriteEntryBundle(
        {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(tile.width)});
  }
  return std::nullopt;
}

}  // namespace farm
