// The geometry of a tile log and the Merkle arithmetic over it: paths, entry bundles, and a tree
// that grows leaf by leaf.  Shared by the log, which writes tiles, and by readers, who believe
// none of them.
// Spec: C2SP tlog-tiles; RFC 6962 section 2.1.  Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::uint64_t kTileWidth = 256;
constexpr std::size_t kEntryBytesMax = 65535;  // big-endian uint16 length
constexpr std::uint64_t kLogSizeMax = std::uint64_t{1} << 40;

// A hash tile or entry bundle; width 256 is full.
struct TileId {
  static constexpr int kEntries = -1;
  int level = 0;  // 0 = leaf hashes; kEntries = an entry bundle
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;
};
// "tile/0/x001/234", "tile/entries/000.p/17".
std::string TilePath(const TileId& tile);
// Errors: kInvalidInput.
Result<TileId> ParseTilePath(std::string_view path);

// Tiles and bundles that a tree of `size` has at its right edge or anywhere: widths at that size.
std::uint64_t TileWidthAt(int level, std::uint64_t index, std::uint64_t size);

// big-endian uint16 length, entry, repeated.
std::string WriteEntryBundle(const std::vector<std::string>& entries);
// Errors: kInvalidInput (not exactly `count` entries).
Result<std::vector<std::string>> ParseEntryBundle(std::string_view bytes, std::uint64_t count);

// The first `tile.width` hashes (entries) of the full tile that `full` is.
// Errors: kInvalidInput (`full` is not one).
Result<std::string> TruncateTile(const TileId& tile, std::string_view full);

// Roots of the perfect subtrees of the first `size` leaves, largest first: all that is needed to go
// on appending and to say the root.
class Frontier {
 public:
  void Append(const Digest& leaf_hash) { AppendSubtree(0, leaf_hash); }
  // 2^level leaves at once, by the root of their perfect subtree; size() must be a multiple of as
  // many (CHECKed).
  void AppendSubtree(int level, const Digest& root);
  std::uint64_t size() const { return size_; }
  Digest Root() const;  // of the empty tree: SHA-256("")

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> subtrees_;
};

// Answers the hash of the perfect subtree of 2^level leaves that begins at leaf `index` * 2^level.
using SubtreeHash = std::function<Result<Digest>(int level, std::uint64_t index)>;

Result<Digest> TreeRoot(std::uint64_t size, const SubtreeHash& hash);
// index < size; siblings, leaf to root.
Result<std::vector<Digest>> InclusionProof(std::uint64_t index, std::uint64_t size,
                                           const SubtreeHash& hash);
// old_size <= new_size; empty if old_size is 0 or equal.
Result<std::vector<Digest>> ConsistencyHashes(std::uint64_t old_size, std::uint64_t new_size,
                                              const SubtreeHash& hash);

// A subtree hash from tiles: `tile` answers a tile's bytes (32 bytes a hash) of at least the width
// asked for; subtrees within a tile are computed from its hashes.  Keeps the tiles that it has read
// (1 MB at most), for proofs of neighbours: not thread-safe, nor together with a copy of itself.
using TileBytes = std::function<Result<std::string>(const TileId&)>;
SubtreeHash SubtreeHashFromTiles(std::uint64_t size, TileBytes tile);

}  // namespace farm
