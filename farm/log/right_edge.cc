#include "farm/log/right_edge.h"

#include "farm/evidence/merkle.h"

namespace farm {
namespace {

std::string Concatenate(const std::vector<Digest>& hashes, std::uint64_t count) {
  std::string bytes;
  for (std::uint64_t i = 0; i < count; ++i) bytes += hashes[i].bytes();
  return bytes;
}

}  // namespace

void RightEdge::Append(const std::string& leaf, std::map<std::string, std::string>& filled) {
  Digest hash = LeafHash(leaf);
  frontier_.Append(hash);
  const std::uint64_t size = frontier_.size();
  entries_.push_back(leaf);
  if (entries_.size() == kTileWidth) {
    filled[TilePath({TileId::kEntries, size / kTileWidth - 1, kTileWidth})] =
        WriteEntryBundle(entries_);
    entries_.clear();
  }
  std::uint64_t count = size;  // of the hashes at the level
  for (int level = 0;; ++level) {
    if (rows_.size() == static_cast<std::size_t>(level)) rows_.emplace_back();
    std::vector<Digest>& row = rows_[static_cast<std::size_t>(level)];
    row.push_back(hash);
    if (row.size() < kTileWidth) return;
    filled[TilePath({level, count / kTileWidth - 1, kTileWidth})] = Concatenate(row, kTileWidth);
    Frontier subtree;
    for (const Digest& one : row) subtree.Append(one);
    hash = subtree.Root();
    row.clear();
    count /= kTileWidth;
  }
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
