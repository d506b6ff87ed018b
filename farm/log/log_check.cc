#include "farm/log/log_check.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/client/log_source.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/log/right_edge.h"

namespace farm {
namespace {

constexpr std::size_t kHeadBytesMax = 1024;

// Reads a directory from its first leaf to its last.
class WholeLog {
 public:
  WholeLog(const std::string& directory, ReadResource read, const CheckNote& check,
           const ReportProgress& progress)
      : directory_(directory), read_(std::move(read)), check_(check), progress_(progress) {}

  Result<LogCheck> Check() {
    if (auto wrong = CheckAll(); !wrong) found_.wrong = Named(wrong.error());
    return std::move(found_);
  }

 private:
  // An error of ours is "<file>\n<problem>".
  static Error Wrong(const std::string& file, const std::string& problem) {
    return {ErrorCode::kMismatch, file + "\n" + problem, ExitCode::kLogProof};
  }
  static LogCheck::Wrong Named(const Error& error) {
    const std::size_t end = error.message.find('\n');
    CHECK(end != std::string::npos);
    return {error.message.substr(0, end), error.message.substr(end + 1)};
  }

  Status CheckAll() {
    RETURN_IF_ERROR(ReadHeads());
    for (const LogCheck::Head& head : found_.heads) size_ = std::max(size_, head.tree.size);
    RETURN_IF_ERROR(ReadLeafTiles());
    RETURN_IF_ERROR(CheckHeadsHere());
    while (edge_.size() < size_) {
      RETURN_IF_ERROR(CheckBundle(edge_.size() / kTileWidth));
      if (progress_) progress_({edge_.size(), size_});
    }
    for (const TileId& tile : edge_.Partials()) {
      RETURN_IF_ERROR(CheckPartials(tile, *edge_.Bytes(tile)));
    }
    return {};
  }

  Status ReadHeads() {
    const auto note = ReadFile(JoinPath(directory_, "checkpoint"), kNoteBytesMax);
    if (!note) return Wrong("checkpoint", note.error().message);
    const auto parsed = ParseNote(*note);
    if (!parsed) return Wrong("checkpoint", parsed.error().message);
    const auto published = check_ ? check_(*note) : ParseCheckpoint(parsed->text);
    if (!published) return Wrong("checkpoint", published.error().message);
    found_.heads.push_back({"checkpoint", *published});
    const auto text = ReadFile(JoinPath(directory_, "head"), kHeadBytesMax);
    if (text) {
      const auto tree = ParseCheckpoint(*text);
      if (!tree) return Wrong("head", tree.error().message);
      found_.heads.push_back({"head", *tree});
    } else if (text.error().code != ErrorCode::kNotFound) {
      return Wrong("head", text.error().message);
    }
    if (found_.heads.size() == 2 && found_.heads[0].tree.origin != found_.heads[1].tree.origin) {
      return Wrong("head", "is of another log than checkpoint");
    }
    if (found_.heads.size() == 2 && found_.heads[0].tree.size > found_.heads[1].tree.size) {
      return Wrong("head", "is older than checkpoint");
    }
    return {};
  }

  // Whether the level-0 tiles make the roots: where they do, an entry that is not hashed in them is
  // the wrong one; where they do not, they are.
  Status ReadLeafTiles() {
    Frontier frontier;
    leaf_tiles_hold_ = true;
    for (std::uint64_t index = 0; frontier.size() < size_; ++index) {
      const TileId id{0, index, TileWidthAt(0, index, size_)};
      const auto bytes = ReadTile(read_, id);
      if (!bytes) return Wrong(TilePath(id), bytes.error().message);
      for (std::size_t at = 0; at < bytes->size(); at += Digest::kSize) {
        frontier.Append(Digest::FromBytes(std::string_view(*bytes).substr(at, Digest::kSize)));
        for (const LogCheck::Head& head : found_.heads) {
          if (head.tree.size == frontier.size() && head.tree.root != frontier.Root()) {
            leaf_tiles_hold_ = false;
          }
        }
      }
    }
    return {};
  }

  // A bundle and its level-0 tile say different things: the tile is the wrong one if all bundles
  // make the roots.
  Status CompareWithLeafTile(const TileId& bundle, const std::vector<std::string>& entries) {
    TileId tile = bundle;
    tile.level = 0;
    std::string hashes;
    for (const std::string& entry : entries) hashes += LeafHash(entry).bytes();
    const auto bytes = ReadTile(read_, tile);
    if (bytes && *bytes == hashes) return {};
    if (leaf_tiles_hold_) {
      return Wrong(TilePath(bundle), "its entries are not those that the checkpoint's tree has");
    }
    if (BundlesHold()) return Wrong(TilePath(tile), "is not what the entries make");
    return Wrong(TilePath(bundle),
                 "neither it nor " + TilePath(tile) + " is what the checkpoint's tree has");
  }

  bool BundlesHold() const {
    Frontier frontier;
    for (std::uint64_t index = 0; frontier.size() < size_; ++index) {
      const TileId id{TileId::kEntries, index, TileWidthAt(TileId::kEntries, index, size_)};
      const auto bytes = ReadTile(read_, id);
      const auto entries = bytes ? ParseEntryBundle(*bytes, id.width) : bytes.error();
      if (!entries) return false;
      for (const std::string& entry : *entries) frontier.Append(LeafHash(entry));
    }
    return std::all_of(found_.heads.begin(), found_.heads.end(), [&](const LogCheck::Head& head) {
      return head.tree.size != size_ || head.tree.root == frontier.Root();
    });
  }

  // The heads of the tree as far as it has been read: their root, and their partial tiles.
  Status CheckHeadsHere() {
    for (const LogCheck::Head& head : found_.heads) {
      if (head.tree.size != edge_.size()) continue;
      if (head.tree.root != edge_.Root()) {
        return Wrong(head.file, "the entries below it make another root at size " +
                                    std::to_string(head.tree.size));
      }
      for (const TileId& tile : edge_.Partials()) {
        RETURN_IF_ERROR(CheckTile(tile, *edge_.Bytes(tile)));
      }
    }
    return {};
  }

  Status CheckTile(const TileId& tile, const std::string& want) {
    const std::string path = TilePath(tile);
    const auto bytes = ReadTile(read_, tile);
    if (!bytes) return Wrong(path, bytes.error().message);
    ++found_.tiles;
    if (*bytes == want) return {};
    return Wrong(path, tile.level <= 0 ? "is not what the entries make"
                                       : "is not what the tiles below it make");
  }

  // Partial tiles of earlier trees, if they are still there: beginnings of `bytes`, the tile as it
  // is now.
  Status CheckPartials(TileId tile, const std::string& bytes) {
    const std::uint64_t width = tile.width;
    tile.width = 1;
    const auto names = ListDirectory(DirectoryName(JoinPath(directory_, TilePath(tile))));
    if (!names) return {};
    for (const std::string& name : *names) {
      const auto at = ParseDecimal(name, kTileWidth - 1);
      if (!at || *at == 0 || *at > width) continue;  // beyond the heads nothing counts
      tile.width = *at;
      const auto there = ReadFile(JoinPath(directory_, TilePath(tile)), kTileFileBytesMax);
      if (!there) return Wrong(TilePath(tile), there.error().message);
      if (!bytes.starts_with(*there) ||
          (tile.level != TileId::kEntries && there->size() != tile.width * Digest::kSize) ||
          (tile.level == TileId::kEntries && !ParseEntryBundle(*there, tile.width))) {
        return Wrong(TilePath(tile), "is not the beginning of the tile as it is now");
      }
      ++found_.tiles;
    }
    return {};
  }

  Status CheckBundle(std::uint64_t index) {
    const TileId id{TileId::kEntries, index, TileWidthAt(TileId::kEntries, index, size_)};
    const auto bytes = ReadTile(read_, id);
    if (!bytes) return Wrong(TilePath(id), bytes.error().message);
    const auto entries = ParseEntryBundle(*bytes, id.width);
    if (!entries) return Wrong(TilePath(id), entries.error().message);
    RETURN_IF_ERROR(CompareWithLeafTile(id, *entries));
    RightEdge::Tiles filled;
    for (const std::string& entry : *entries) {
      edge_.Append(entry, filled);
      ++found_.entries;
      RETURN_IF_ERROR(CheckPayload(entry));
      RETURN_IF_ERROR(CheckHeadsHere());
    }
    for (const auto& [path, want] : filled) {
      const auto tile = ParseTilePath(path);
      CHECK(tile.has_value());
      RETURN_IF_ERROR(CheckTile(*tile, want));
      RETURN_IF_ERROR(CheckPartials(*tile, want));
    }
    return {};
  }

  Status CheckPayload(const std::string& entry) {
    const auto facts = ParseCanonicalizedBody(entry);
    if (!facts) {
      ++found_.without_payload;
      return {};
    }
    const auto payload = ReadPayload(read_, facts->pae_digest);
    if (!payload) {
      return Wrong(
          "payload/" + facts->pae_digest.Hex(),
          "named by entry " + std::to_string(edge_.size() - 1) + ": " + payload.error().message);
    }
    ++found_.payloads;
    return {};
  }

  const std::string& directory_;
  const ReadResource read_;
  const CheckNote& check_;
  const ReportProgress& progress_;
  LogCheck found_;
  std::uint64_t size_ = 0;
  bool leaf_tiles_hold_ = false;
  RightEdge edge_;
};

}  // namespace

CheckNote CheckNoteBy(TlogPolicy policy) {
  return [policy = std::move(policy)](std::string_view bytes) -> Result<Checkpoint> {
    ASSIGN_OR_RETURN(const Note note, ParseNote(bytes));
    ASSIGN_OR_RETURN(const PolicyVerdict verdict, CheckUnderPolicy(note, policy));
    return verdict.checkpoint;
  };
}

CheckNote CheckNoteBy(LogTrust trust) {
  return [trust = std::move(trust)](std::string_view bytes) -> Result<Checkpoint> {
    ASSIGN_OR_RETURN(const WitnessedHead head, CheckHead(bytes, trust));
    return head.checkpoint;
  };
}

Result<LogCheck> CheckWholeLog(const std::string& directory, const CheckNote& check,
                               const ReportProgress& progress) {
  ASSIGN_OR_RETURN(ReadResource read, OpenLogFolder(directory));
  return WholeLog(directory, std::move(read), check, progress).Check();
}

Result<LogCheck> RequireWholeLog(const std::string& directory, const CheckNote& check,
                                 const ReportProgress& progress) {
  ASSIGN_OR_RETURN(LogCheck found, CheckWholeLog(directory, check, progress));
  if (!found.wrong) return found;
  return Error{ErrorCode::kMismatch,
               JoinPath(directory, found.wrong->file) + ": " + found.wrong->problem,
               ExitCode::kLogProof};
}

}  // namespace farm
