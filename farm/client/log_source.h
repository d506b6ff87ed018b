// Where a whole log is read from: its URL, or a directory that holds it (a mirror, or the log's
// own). Nothing of what is read is believed here.
#pragma once

#include <functional>
#include <string>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/tiles.h"

namespace farm {

constexpr std::size_t kTileFileBytesMax = kTileWidth * (kEntryBytesMax + 2);

// Reads a resource by its path in the tlog-tiles interface, "checkpoint", "tile/0/000",
// "payload/<hex>", of at most so many bytes.  Errors: kNotFound, kUnavailable, kLimitExceeded, each
// naming URL or file.
using ReadResource =
    std::function<Result<std::string>(const std::string& path, std::size_t bytes_max)>;

// http:// or https://, and no directory.
bool IsLogUrl(const std::string& from);
// `from`: http://, https://, or a directory.  Errors: kInvalidInput, kNotFound.
Result<ReadResource> OpenLogSource(const std::string& from);
// A directory only.  Errors: kInvalidInput (a URL), kNotFound (no log and no mirror).
Result<ReadResource> OpenLogFolder(const std::string& directory);

// A hash tile of exactly this width, or a bundle, whose entries nobody has counted; a partial one
// that is gone is cut from the full one.
// Errors: of `read`; kMismatch exit 15 (a hash tile of another size; what was served as a full one
// is none).
Result<std::string> ReadTile(const ReadResource& read, const TileId& tile);
// The payload with this digest.  Errors: of `read`; kMismatch exit 15 (other bytes).
Result<std::string> ReadPayload(const ReadResource& read, const Digest& digest);

}  // namespace farm
