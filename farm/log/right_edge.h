// The right edge of a tile log: the tiles that are not full yet, in memory, and what an append
// makes of them.  Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/tiles.h"

namespace farm {

class RightEdge {
 public:
  using Tiles = std::map<std::string, std::string>;  // path -> bytes

  // Takes one leaf and returns its hash; tiles and bundles that it fills are added to `filled`.
  Digest Append(const std::string& leaf, Tiles& filled);
  // Takes the 256 leaf hashes of a tile that is on disk, as its bundle is; only the tiles above it
  // that it fills are added.  size() must be a multiple of 256 (CHECKed).
  void AppendTile(const std::vector<Digest>& hashes, Tiles& filled);
  // The partial tiles and bundle of the tree as it is now.
  std::vector<TileId> Partials() const;
  // Bytes of the first `tile.width` hashes (entries) of a tile that is not full; nothing if the
  // edge does not have it.
  std::optional<std::string> Bytes(const TileId& tile) const;

  std::uint64_t size() const { return frontier_.size(); }
  Digest Root() const { return frontier_.Root(); }

 private:
  void Push(int level, Digest hash, Tiles& filled);

  Frontier frontier_;
  std::vector<std::string> entries_;       // of the last, partial bundle
  std::vector<std::vector<Digest>> rows_;  // per level: hashes of the last, partial tile
};

}  // namespace farm
