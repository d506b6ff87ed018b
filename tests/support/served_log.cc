#include "tests/support/served_log.h"

#include <algorithm>
#include <utility>

#include "farm/client/tiles.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

using Files = std::map<std::string, std::string>;

void AddBundles(const std::vector<std::string>& leaves, Files& files) {
  for (std::size_t first = 0; first < leaves.size(); first += kTileWidth) {
    const std::size_t end = std::min<std::size_t>(first + kTileWidth, leaves.size());
    files["/" + TilePath({TileId::kEntries, first / kTileWidth, end - first})] =
        WriteEntryBundle({leaves.begin() + static_cast<std::ptrdiff_t>(first),
                          leaves.begin() + static_cast<std::ptrdiff_t>(end)});
  }
}

void AddHashTiles(std::vector<Digest> hashes, Files& files) {
  for (int level = 0; !hashes.empty(); ++level) {
    std::vector<Digest> above;
    for (std::size_t first = 0; first < hashes.size(); first += kTileWidth) {
      const std::size_t end = std::min<std::size_t>(first + kTileWidth, hashes.size());
      std::string tile;
      Frontier subtree;
      for (std::size_t i = first; i < end; ++i) {
        tile += hashes[i].bytes();
        subtree.Append(hashes[i]);
      }
      files["/" + TilePath({level, first / kTileWidth, end - first})] = tile;
      if (end - first == kTileWidth) above.push_back(subtree.Root());
    }
    hashes = std::move(above);
  }
}

}  // namespace

ServedLog::ServedLog(std::string origin, PrivateKey key)
    : origin_(std::move(origin)), key_(std::move(key)) {
  auto server = StartHttpServer(
      "127.0.0.1:0",
      [this](const HttpRequest& request) -> HttpReply {
        if (request.path.starts_with("/payload/")) {
          ++payloads_asked_;
          if (payload_status_ != 200) return {payload_status_, "", "", false};
        }
        MutexLock lock(mutex_);
        const auto found = files_.find(request.path);
        if (found == files_.end()) return {404, "", "", false};
        return {200, "", found->second, false};
      },
      1000);
  CHECK(server);
  server_ = *std::move(server);
}

void ServedLog::Serve(const std::vector<std::string>& leaves) {
  Frontier frontier;
  std::vector<Digest> hashes;
  for (const std::string& leaf : leaves) {
    hashes.push_back(LeafHash(leaf));
    frontier.Append(hashes.back());
  }
  head_ = {origin_, leaves.size(), frontier.Root()};
  const std::string text = CheckpointText(head_);
  MutexLock lock(mutex_);
  files_["/checkpoint"] = WriteNote({text, {SignNote(text, origin_, key_)}});
  AddBundles(leaves, files_);
  AddHashTiles(std::move(hashes), files_);
}

void ServedLog::Put(const std::string& path, const std::string& bytes) {
  MutexLock lock(mutex_);
  files_[path] = bytes;
}

void ServedLog::AnswerPayloadsWith(int status) { payload_status_ = status; }

std::string ServedLog::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = files_.find(path);
  CHECK(found != files_.end());
  std::string bytes = std::move(found->second);
  files_.erase(found);
  return bytes;
}

}  // namespace farm
