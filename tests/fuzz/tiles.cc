// One path for one tile; an entry bundle that was read is written as the same bytes.
#include "farm/client/tiles.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto tile = farm::ParseTilePath(bytes)) {
    CHECK(farm::TilePath(*tile) == bytes);
    CHECK(tile->width > 0 && tile->width <= farm::kTileWidth);
    CHECK(farm::TileWidthAt(tile->level, tile->index, farm::kLogSizeMax) <= farm::kTileWidth);
  }
  // The first byte says how many entries are wanted.
  if (bytes.empty()) return 0;
  const std::string_view bundle = bytes.substr(1);
  const auto entries = farm::ParseEntryBundle(bundle, data[0]);
  if (!entries) return 0;
  CHECK(entries->size() == data[0]);
  CHECK(farm::WriteEntryBundle(*entries) == bundle);
  return 0;
}
