#include "farm/client/tiles.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr int kLevelBits = 8;  // 256 = 2^8
constexpr int kTileLevelMax = 7;
constexpr std::size_t kTilesKeptMax = 64;  // 16 KB each

Error BadPath(std::string_view path) {
  return Error{ErrorCode::kInvalidInput, "not a tile path: " + Printable(path, 80)};
}

// "x001/x234/067".
std::string IndexPath(std::uint64_t index) {
  std::string path;
  std::string prefix;
  do {
    std::string group = std::to_string(index % 1000);
    group.insert(0, 3 - group.size(), '0');
    path = prefix + group + (path.empty() ? "" : "/" + path);
    prefix = "x";
    index /= 1000;
  } while (index > 0);
  return path;
}

// The largest power of two strictly below `size` (at least 2).
std::uint64_t LargestPowerBelow(std::uint64_t size) { return std::bit_floor(size - 1); }

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size() const { return end - begin; }
};

// Hash of the leaves of a range that starts at a multiple of its size rounded up to a power of two:
// perfect subtrees, folded from the right.
Result<Digest> RangeHash(Range range, const SubtreeHash& hash) {
  std::vector<Digest> parts;
  while (range.begin < range.end) {
    const int level = std::bit_width(range.size()) - 1;
    ASSIGN_OR_RETURN(const Digest part, hash(level, range.begin >> level));
    parts.push_back(part);
    range.begin += std::uint64_t{1} << level;
  }
  Digest root = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) root = NodeHash(parts[i], root);
  return root;
}

// The hashes of a tile, and row by row those that pairs of the row below make, as far as they are
// whole.
using Pyramid = std::vector<std::vector<Digest>>;

Pyramid BuildPyramid(std::string_view bytes, std::uint64_t width) {
  Pyramid rows(kLevelBits);
  for (std::uint64_t i = 0; i < width; ++i) {
    rows[0].push_back(Digest::FromBytes(bytes.substr(i * Digest::kSize, Digest::kSize)));
  }
  for (std::size_t row = 1; row < rows.size(); ++row) {
    const std::vector<Digest>& below = rows[row - 1];
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      rows[row].push_back(NodeHash(below[i], below[i + 1]));
    }
  }
  return rows;
}

class TileHashes {
 public:
  TileHashes(std::uint64_t size, TileBytes tile) : size_(size), tile_(std::move(tile)) {}

  Result<Digest> Hash(int level, std::uint64_t index) {
    const int height = level % kLevelBits;  // above the tile's own hashes
    const std::uint64_t across = kTileWidth >> height;
    TileId id{level / kLevelBits, index / across, 0};
    id.width = TileWidthAt(id.level, id.index, size_);
    ASSIGN_OR_RETURN(const Pyramid* pyramid, Rows(id));
    const std::vector<Digest>& row = (*pyramid)[static_cast<std::size_t>(height)];
    CHECK(index % across < row.size());
    return row[index % across];
  }

 private:
  Result<const Pyramid*> Rows(const TileId& id) {
    const std::pair<int, std::uint64_t> key{id.level, id.index};
    if (const auto kept = kept_.find(key); kept != kept_.end()) return &kept->second;
    ASSIGN_OR_RETURN(const std::string bytes, tile_(id));
    if (bytes.size() < id.width * Digest::kSize) {
      return Error{ErrorCode::kUnavailable, TilePath(id) + ": cut short"};
    }
    if (kept_.size() == kTilesKeptMax) kept_.clear();
    return &kept_.emplace(key, BuildPyramid(bytes, id.width)).first->second;
  }

  const std::uint64_t size_;
  const TileBytes tile_;
  std::map<std::pair<int, std::uint64_t>, Pyramid> kept_;
};

}  // namespace

std::string TilePath(const TileId& tile) {
  std::string path = "tile/";
  path += tile.level == TileId::kEntries ? "entries" : std::to_string(tile.level);
  path += "/" + IndexPath(tile.index);
  if (tile.width != kTileWidth) path += ".p/" + std::to_string(tile.width);
  return path;
}

Result<TileId> ParseTilePath(std::string_view path) {
  TileId tile;
  std::vector<std::string> parts = Split(path, '/');
  if (parts.size() < 3 || parts.size() > 10 || parts[0] != "tile") return BadPath(path);
  if (parts[1] == "entries") {
    tile.level = TileId::kEntries;
  } else {
    auto level = ParseDecimal(parts[1], kTileLevelMax);
    if (!level) return BadPath(path);
    tile.level = static_cast<int>(*level);
  }
  std::size_t end = parts.size();
  if (parts[end - 2].ends_with(".p")) {
    auto width = ParseDecimal(parts[end - 1], kTileWidth - 1);
    if (!width || *width == 0) return BadPath(path);
    tile.width = *width;
    --end;
    parts[end - 1].resize(parts[end - 1].size() - 2);
  }
  if (end < 3) return BadPath(path);
  for (std::size_t i = 2; i < end; ++i) {
    std::string_view group = parts[i];
    if (i + 1 < end) {
      if (!group.starts_with("x")) return BadPath(path);
      group.remove_prefix(1);
    }
    if (group.size() != 3 || group.find_first_not_of("0123456789") != std::string_view::npos) {
      return BadPath(path);
    }
    tile.index =
        tile.index * 1000 + static_cast<std::uint64_t>((group[0] - '0') * 100 +
                                                       (group[1] - '0') * 10 + (group[2] - '0'));
    if (tile.index > kLogSizeMax) return BadPath(path);
  }
  if (TilePath(tile) != path) return BadPath(path);  // one path for one tile
  return tile;
}

std::uint64_t TileWidthAt(int level, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t count = size >> (kLevelBits * std::max(level, 0));
  if (index >= (count + kTileWidth - 1) / kTileWidth) return 0;
  return std::min(kTileWidth, count - index * kTileWidth);
}

std::string WriteEntryBundle(const std::vector<std::string>& entries) {
  std::string bytes;
  for (const std::string& entry : entries) {
    CHECK(entry.size() <= kEntryBytesMax);
    bytes += BigEndian16(static_cast<unsigned>(entry.size())) + entry;
  }
  return bytes;
}

Result<std::vector<std::string>> ParseEntryBundle(std::string_view bytes, std::uint64_t count) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    if (entries.size() == count) {
      return Error{ErrorCode::kInvalidInput,
                   "entry bundle: more than " + std::to_string(count) + " entries"};
    }
    if (bytes.size() < 2) return Error{ErrorCode::kInvalidInput, "entry bundle: cut short"};
    const std::size_t size = ReadBigEndian16(bytes.substr(0, 2));
    if (bytes.size() < 2 + size) return Error{ErrorCode::kInvalidInput, "entry bundle: cut short"};
    entries.emplace_back(bytes.substr(2, size));
    bytes.remove_prefix(2 + size);
  }
  if (entries.size() != count) {
    return Error{ErrorCode::kInvalidInput, "entry bundle: " + std::to_string(entries.size()) +
                                               " entries, want " + std::to_string(count)};
  }
  return entries;
}

Result<std::string> TruncateTile(const TileId& tile, std::string_view full) {
  if (tile.level != TileId::kEntries) {
    if (full.size() != kTileWidth * Digest::kSize) {
      return Error{ErrorCode::kInvalidInput, "tile: " + std::to_string(full.size()) +
                                                 " bytes, want " +
                                                 std::to_string(kTileWidth * Digest::kSize)};
    }
    return std::string(full.substr(0, tile.width * Digest::kSize));
  }
  ASSIGN_OR_RETURN(std::vector<std::string> entries, ParseEntryBundle(full, kTileWidth));
  entries.resize(tile.width);
  return WriteEntryBundle(entries);
}

void Frontier::AppendSubtree(int level, const Digest& root) {
  const std::uint64_t leaves = std::uint64_t{1} << level;
  CHECK(size_ % leaves == 0);
  Digest hash = root;
  // As many subtrees merge as `size_`, counted in subtrees like this one, has trailing one bits.
  for (std::uint64_t rest = size_ >> level; (rest & 1) != 0; rest >>= 1) {
    hash = NodeHash(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  size_ += leaves;
}

Digest Frontier::Root() const {
  if (subtrees_.empty()) return EmptyTreeRoot();
  Digest root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = NodeHash(subtrees_[i], root);
  return root;
}

Result<Digest> TreeRoot(std::uint64_t size, const SubtreeHash& hash) {
  if (size == 0) return EmptyTreeRoot();
  return RangeHash({0, size}, hash);
}

Result<std::vector<Digest>> InclusionProof(std::uint64_t index, std::uint64_t size,
                                           const SubtreeHash& hash) {
  CHECK(index < size);
  std::vector<Digest> proof;
  Range range{0, size};
  while (range.size() > 1) {
    const std::uint64_t middle = range.begin + LargestPowerBelow(range.size());
    const bool left = index < middle;
    ASSIGN_OR_RETURN(const Digest sibling,
                     RangeHash(left ? Range{middle, range.end} : Range{range.begin, middle}, hash));
    proof.push_back(sibling);
    (left ? range.end : range.begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<std::vector<Digest>> ConsistencyHashes(std::uint64_t old_size, std::uint64_t new_size,
                                              const SubtreeHash& hash) {
  CHECK(old_size <= new_size);
  std::vector<Digest> proof;
  if (old_size == 0 || old_size == new_size) return proof;
  // RFC 6962 section 2.1.2, unrolled: SUBPROOF(old, range, whole).
  Range range{0, new_size};
  bool whole = true;  // the old tree is `range` so far: its hash is known to the verifier
  while (old_size != range.end) {
    const std::uint64_t middle = range.begin + LargestPowerBelow(range.size());
    const bool left = old_size <= middle;
    ASSIGN_OR_RETURN(const Digest sibling,
                     RangeHash(left ? Range{middle, range.end} : Range{range.begin, middle}, hash));
    proof.push_back(sibling);
    (left ? range.end : range.begin) = middle;
    if (!left) whole = false;
  }
  if (!whole) {
    ASSIGN_OR_RETURN(const Digest last, RangeHash(range, hash));
    proof.push_back(last);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

SubtreeHash SubtreeHashFromTiles(std::uint64_t size, TileBytes tile) {
  // Shared, as a std::function has to be copied.
  auto hashes = std::make_shared<TileHashes>(size, std::move(tile));
  return [hashes](int level, std::uint64_t index) { return hashes->Hash(level, index); };
}

}  // namespace farm
