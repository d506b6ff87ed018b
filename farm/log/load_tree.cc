#include "farm/log/load_tree.h"

#include <vector>

#include "farm/base/files.h"
#include "farm/client/tiles.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"

namespace farm {
namespace {

constexpr std::size_t kTileBytes = kTileWidth * Digest::kSize;
constexpr std::size_t kBundleBytesMax = kTileWidth * (kEntryBytesMax + 2);

class Loading {
 public:
  Loading(const std::string& directory, const Checkpoint& head)
      : directory_(directory), head_(head), tree_{{}, LeafIndex(head.size)} {}

  Result<LoadedTree> Load() {
    while (tree_.edge.size() + kTileWidth <= head_.size) RETURN_IF_ERROR(LoadTile());
    if (head_.size > 0) RETURN_IF_ERROR(LoadLastBundle());
    if (tree_.edge.Root() != head_.root) return Damaged("its tiles do not make the root in head");
    return std::move(tree_);
  }

 private:
  Error Damaged(std::string_view what) const { return DamagedLog(directory_, what); }

  Result<std::string> Read(const std::string& name, std::size_t bytes_max) const {
    auto bytes = ReadFile(JoinPath(directory_, name), bytes_max);
    if (!bytes) return Damaged(bytes.error().message);
    return bytes;
  }

  Status LoadTile() {
    const std::uint64_t first = tree_.edge.size();
    const std::string name = TilePath({0, first / kTileWidth, kTileWidth});
    ASSIGN_OR_RETURN(const std::string bytes, Read(name, kTileBytes));
    if (bytes.size() != kTileBytes) return Damaged(name + ": cut short");
    hashes_.clear();
    for (std::uint64_t i = 0; i < kTileWidth; ++i) {
      hashes_.push_back(
          Digest::FromBytes(std::string_view(bytes).substr(i * Digest::kSize, Digest::kSize)));
      tree_.index.Add(hashes_.back(), first + i);
    }
    RightEdge::Tiles above;
    tree_.edge.AppendTile(hashes_, above);
    for (const auto& [path, want] : above) {
      ASSIGN_OR_RETURN(const std::string stored, Read(path, kTileBytes));
      if (stored != want) return Damaged(path + ": is not made of the tiles below it");
    }
    return {};
  }

  // Partial: its leaves are what the next commit goes on from.
  Status LoadLastBundle() {
    const std::uint64_t last = (head_.size - 1) / kTileWidth;
    const TileId id{TileId::kEntries, last, TileWidthAt(TileId::kEntries, last, head_.size)};
    ASSIGN_OR_RETURN(const std::string bytes, Read(TilePath(id), kBundleBytesMax));
    auto entries = ParseEntryBundle(bytes, id.width);
    if (!entries) return Damaged(TilePath(id) + ": " + entries.error().message);
    RightEdge::Tiles none;  // filled by a partial bundle
    for (std::uint64_t i = 0; i < id.width; ++i) {
      const std::string& entry = (*entries)[i];
      if (id.width < kTileWidth) {
        const std::uint64_t index = tree_.edge.size();
        tree_.index.Add(tree_.edge.Append(entry, none), index);
      } else if (LeafHash(entry) != hashes_[i]) {
        return Damaged(TilePath(id) + ": is not what " + TilePath({0, last, kTileWidth}) +
                       " is made of");
      }
    }
    return {};
  }

  const std::string& directory_;
  const Checkpoint& head_;
  LoadedTree tree_;
  std::vector<Digest> hashes_;  // of the last full tile
};

}  // namespace

Result<LoadedTree> LoadTree(const std::string& directory, const Checkpoint& head) {
  return Loading(directory, head).Load();
}

}  // namespace farm
