// Whatever a source serves in the place of a log's files, a mirror of it ends, and holds nothing
// but the log.
//
// Input: its first byte says whether the mirror has the log's beginning already (odd), then pieces:
// which file (modulo their number), how many bytes (big-endian uint16), the bytes that are served
// for it.  A last piece without a length is a file that is not there.
#include "farm/log/mirror.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/log/right_edge.h"
#include "tests/support/crash_files.h"

namespace {

using Files = std::map<std::string, std::string>;

constexpr std::uint64_t kBeginning = 3;
constexpr std::uint64_t kSize = 258;  // one full tile and a partial one
constexpr int kReadsMax = 100;        // an honest source is asked for seven files
constexpr std::array<std::string_view, 6> kServed = {
    "tile/0/000",     "tile/entries/000",     "tile/0/001.p/2",
    "tile/1/000.p/1", "tile/entries/001.p/2", "checkpoint",
};

// As it is published, with a signature that nobody here looks at.
Files LogOfSize(std::uint64_t size) {
  farm::RightEdge edge;
  Files files;
  for (std::uint64_t i = 0; i < size; ++i) edge.Append("leaf " + std::to_string(i), files);
  for (const farm::TileId& tile : edge.Partials()) {
    files[farm::TilePath(tile)] = *edge.Bytes(tile);
  }
  const std::string text = farm::CheckpointText({"log.example", size, edge.Root()});
  files["checkpoint"] = farm::WriteNote({text, {{"log.example", "hint", "signature"}}});
  return files;
}

// Only what the log has signed: its beginning and the whole of it.
farm::Result<farm::Checkpoint> CheckNoteOf(const Files& beginning, const Files& log,
                                           std::string_view bytes) {
  if (bytes != beginning.at("checkpoint") && bytes != log.at("checkpoint")) {
    return farm::Error{farm::ErrorCode::kUntrusted, "not signed"};
  }
  ASSIGN_OR_RETURN(const farm::Note note, farm::ParseNote(bytes));
  return farm::ParseCheckpoint(note.text);
}

farm::ReadResource Serving(const Files& files) {
  return [&files, reads = 0](const std::string& path,
                             std::size_t) mutable -> farm::Result<std::string> {
    CHECK(++reads <= kReadsMax);
    const auto found = files.find(path);
    if (found != files.end()) return found->second;
    return farm::Error{farm::ErrorCode::kNotFound, path + ": not there"};
  };
}

// The log's files with those of the input in their place.
Files Changed(Files files, std::string_view pieces) {
  while (!pieces.empty()) {
    const std::string name(kServed[static_cast<unsigned char>(pieces[0]) % kServed.size()]);
    pieces.remove_prefix(1);
    if (pieces.size() < 2) {
      files.erase(name);
      break;
    }
    const std::size_t size = farm::ReadBigEndian16(pieces.substr(0, 2));
    files[name] = std::string(pieces.substr(2, size));
    pieces.remove_prefix(std::min(2 + size, pieces.size()));
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Files beginning = LogOfSize(kBeginning);
  static const Files log = LogOfSize(kSize);
  if (size == 0) return 0;
  const farm::CheckNote check = [](std::string_view bytes) {
    return CheckNoteOf(beginning, log, bytes);
  };
  const auto place = *farm::TemporaryDirectory::Make(farm::PlaceInMemory());
  const std::string directory = place.path() + "/mirror";
  const bool begun = data[0] % 2 != 0;
  farm::FileSystem& disk = farm::RealFileSystem();
  if (begun) CHECK(farm::MirrorLog(disk, directory, Serving(beginning), check, {}).has_value());
  const Files hostile =
      Changed(log, std::string_view(reinterpret_cast<const char*>(data), size).substr(1));
  const auto report = farm::MirrorLog(disk, directory, Serving(hostile), check, {});
  if (!report && !begun) {
    CHECK(!farm::FileExists(directory + "/checkpoint"));
  } else {
    CHECK(farm::RequireWholeLog(directory, check, {}).has_value());
  }
  // It can be brought up to date as if nothing had been.
  CHECK(farm::MirrorLog(disk, directory, Serving(log), check, {}).has_value());
  CHECK(farm::RequireWholeLog(directory, check, {})->entries == kSize);
  return 0;
}
