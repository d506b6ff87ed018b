#include "farm/client/log_source.h"

#include <memory>

#include "farm/base/files.h"
#include "farm/client/http.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"

namespace farm {
namespace {

constexpr std::size_t kPayloadFileBytesMax = kPayloadBytesMax + 256;
constexpr std::string_view kPayloadFolder = "payload/";

Result<ReadResource> OpenUrl(const std::string& url) {
  ASSIGN_OR_RETURN(HttpClient client, HttpClient::Open(url, "log"));
  // shared: a std::function must be copyable.
  auto http = std::make_shared<HttpClient>(std::move(client));
  return ReadResource(
      [http](const std::string& path, std::size_t bytes_max) -> Result<std::string> {
        ASSIGN_OR_RETURN(HttpReply reply, http->Get("/" + path, bytes_max));
        if (reply.status == 200) return std::move(reply.body);
        return Error{reply.status == 404 ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                     http->url() + "/" + path + ": HTTP status " + std::to_string(reply.status),
                     ExitCode::kUnavailable};
      });
}

}  // namespace

bool IsLogUrl(const std::string& from) {
  return from.starts_with("http://") || from.starts_with("https://");
}

Result<ReadResource> OpenLogFolder(const std::string& directory) {
  if (IsLogUrl(directory)) {
    return Error{ErrorCode::kInvalidInput,
                 directory + ": is a URL, want a directory; `farm log mirror` makes one of it"};
  }
  if (!FileExists(JoinPath(directory, "checkpoint"))) {
    return Error{ErrorCode::kNotFound, directory +
                                           ": is no log and no mirror of one (it has no "
                                           "file \"checkpoint\")"};
  }
  return ReadResource([directory](const std::string& path, std::size_t bytes_max) {
    auto bytes = ReadFile(JoinPath(directory, path), bytes_max);
    if (bytes || bytes.error().code != ErrorCode::kNotFound || !path.starts_with(kPayloadFolder)) {
      return bytes;
    }
    // A log keeps its payloads in sixteen folders.
    const std::string hex = path.substr(kPayloadFolder.size());
    auto nested =
        ReadFile(JoinPath(directory, "payload/" + hex.substr(0, 1) + "/" + hex), bytes_max);
    return nested ? nested : bytes;
  });
}

Result<ReadResource> OpenLogSource(const std::string& from) {
  return IsLogUrl(from) ? OpenUrl(from) : OpenLogFolder(from);
}

namespace {

// A hash tile has 32 bytes a hash; the entries of a bundle are for its readers to count.
Result<std::string> CheckedTile(const TileId& tile, std::string bytes) {
  if (tile.level == TileId::kEntries || bytes.size() == tile.width * Digest::kSize) return bytes;
  return Error{ErrorCode::kMismatch,
               TilePath(tile) + ": has " + std::to_string(bytes.size()) + " bytes, want " +
                   std::to_string(tile.width * Digest::kSize),
               ExitCode::kLogProof};
}

}  // namespace

Result<std::string> ReadTile(const ReadResource& read, const TileId& tile) {
  auto bytes = read(TilePath(tile), kTileFileBytesMax);
  if (bytes) return CheckedTile(tile, *std::move(bytes));
  if (bytes.error().code != ErrorCode::kNotFound || tile.width == kTileWidth) return bytes;
  TileId full = tile;
  full.width = kTileWidth;
  auto whole = read(TilePath(full), kTileFileBytesMax);
  if (!whole) return bytes;  // names the file that was looked for
  auto first = TruncateTile(tile, *whole);
  if (first) return first;
  return Error{ErrorCode::kMismatch, TilePath(full) + ": " + first.error().message,
               ExitCode::kLogProof};
}

Result<std::string> ReadPayload(const ReadResource& read, const Digest& digest) {
  const std::string path = std::string(kPayloadFolder) + digest.Hex();
  ASSIGN_OR_RETURN(std::string bytes, read(path, kPayloadFileBytesMax));
  if (Sha256(bytes) == digest) return bytes;
  return Error{ErrorCode::kMismatch, path + ": its bytes have the digest " + Sha256(bytes).Text(),
               ExitCode::kLogProof};
}

}  // namespace farm
