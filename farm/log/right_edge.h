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
  // Takes one leaf; tiles and bundles that it fills are added to `filled` (path -> bytes).
  void Append(const std::string& leaf, std::map<std::string, std::string>& filled);
  // The partial tiles and bundle of the tree as it is now.
  std::vector<TileId> Partials() const;
  // Bytes of the first `tile.width` hashes (entries) of a tile that is not full; nothing if the
  // edge does not have it.
  std::optional<std::string> Bytes(const TileId& tile) const;

  std::uint64_t size() const { return frontier_.size(); }
  Digest Root() const { return frontier_.Root(); }

 private:
  Frontier frontier_;
  std::vector<std::string> entries_;       // of the last, partial bundle
  std::vector<std::vector<Digest>> rows_;  // per level: hashes of the last, partial tile
};

}  // namespace farm
