// Whatever path a reader asks a log for, the answer is a checkpoint, a tile or a payload of that
// name, never another file of the log's directory or of one above it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/files.h"
#include "farm/client/tiles.h"
#include "farm/crypto/hash.h"
#include "farm/log/tile_log.h"

namespace {

constexpr std::string_view kPayload = "a payload";
constexpr std::string_view kNote = "a published note";

// A log of 300 leaves: one full tile and a partial one.
class Log {
 public:
  Log() : directory_(*farm::TemporaryDirectory::Make("")) {
    farm::TileLogOptions options;
    options.origin = "log.example";
    options.limits.floor_bytes = 0;
    options.limits.reserve_bytes = 0;
    log_ = *farm::TileLog::Open(farm::RealFileSystem(), directory_.path() + "/log", options);
    std::vector<std::string> leaves;
    for (int i = 0; i < 300; ++i) leaves.push_back("leaf " + std::to_string(i));
    const auto head = log_->Commit(leaves);
    CHECK(head && log_->PutPayload(farm::Sha256(kPayload), kPayload).has_value());
    CHECK(log_->Publish(*head, kNote).has_value());
  }
  farm::Result<farm::TileLog::Resource> Read(std::string_view path) const {
    return log_->Read(path);
  }

 private:
  farm::TemporaryDirectory directory_;
  std::unique_ptr<farm::TileLog> log_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Log log;
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  const auto resource = log.Read(path);
  if (!resource) return 0;
  if (path == "checkpoint") {
    CHECK(resource->bytes == kNote);
  } else if (path.starts_with("payload/")) {
    CHECK(farm::Sha256(resource->bytes).Hex() == path.substr(8));
  } else {
    const auto tile = farm::ParseTilePath(path);
    CHECK(tile.has_value());
    if (tile->level == farm::TileId::kEntries) {
      CHECK(farm::ParseEntryBundle(resource->bytes, tile->width).has_value());
    } else {
      CHECK(resource->bytes.size() == tile->width * farm::Digest::kSize);
    }
  }
  return 0;
}
