#include "farm/log/mirror.h"

#include <optional>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"
#include "farm/log/folder_writer.h"
#include "farm/log/load_tree.h"
#include "farm/log/right_edge.h"

namespace farm {
namespace {

constexpr std::string_view kMirrorFormat = "farm-mirror/1\n";
constexpr std::size_t kWaitingBytesMax = 64 << 20;  // of payloads in memory

Error NotWhatItSays(const std::string& what) {
  return {ErrorCode::kMismatch, "the log that is mirrored: " + what, ExitCode::kLogProof};
}

// The leaves of a bundle, as many as it must have, if they are what its level-0 tile hashes.
Result<std::vector<std::string>> LeavesOf(const TileId& bundle, const std::string& bytes,
                                          std::string_view tile) {
  auto leaves = ParseEntryBundle(bytes, bundle.width);
  if (!leaves) return NotWhatItSays(TilePath(bundle) + ": " + leaves.error().message);
  std::string hashes;
  for (const std::string& leaf : *leaves) hashes += LeafHash(leaf).bytes();
  if (hashes == tile) return leaves;
  return NotWhatItSays(TilePath(bundle) + ": is not what " +
                       TilePath({0, bundle.index, bundle.width}) + " is made of");
}

class Mirroring {
 public:
  Mirroring(FileSystem& files, const std::string& directory, const ReadResource& source,
            const CheckNote& check, const ReportProgress& progress)
      : files_(files),
        directory_(directory),
        source_(source),
        check_(check),
        progress_(progress),
        writer_(files, directory) {}

  Result<MirrorReport> Run() {
    RETURN_IF_ERROR(TakeDirectory());
    ASSIGN_OR_RETURN(const std::string note, source_("checkpoint", kNoteBytesMax));
    auto checked = check_(note);
    if (!checked) return Wrap("checkpoint", checked.error());
    const Checkpoint next = *checked;
    RETURN_IF_ERROR(LoadOld(next.origin));
    report_.old_size = old_ ? old_->size : 0;
    if (old_ && next.size <= old_->size) {
      RETURN_IF_ERROR(CompareWithOlder(next, note));
    } else if (Status grown = Grow(next); !grown) {
      return Diagnose(grown.error(), next, note);
    }
    RETURN_IF_ERROR(PutCheckpoint(next, note));
    report_.tree = next;
    return report_;
  }

 private:
  std::string Path(std::string_view name) const { return JoinPath(directory_, name); }

  Status TakeDirectory() {
    RETURN_IF_ERROR(files_.MakeDirectory(directory_));
    const bool old = FileExists(Path("format"));
    if (old) {
      ASSIGN_OR_RETURN(const std::string format, ReadFile(Path("format"), 64));
      if (format != kMirrorFormat) {
        return Error{ErrorCode::kInvalidInput,
                     directory_ + ": format " + Printable(format, 40) + ", want farm-mirror/1"};
      }
    } else {
      ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_));
      for (const std::string& name : names) {
        if (name == "lock" || name.find(".part") != std::string::npos) continue;
        return Error{
            ErrorCode::kInvalidInput,
            directory_ + ": is neither empty nor a mirror (has " + Printable(name, 40) + ")"};
      }
    }
    ASSIGN_OR_RETURN(lock_,
                     FileLock::Take(Path("lock"), "this mirror is being brought up to date"));
    RETURN_IF_ERROR(RemoveUnfinished(files_, directory_));
    return old ? Status() : WriteDurably(files_, Path("format"), kMirrorFormat);
  }

  // What the mirror has; its tiles must make its checkpoint.
  Status LoadOld(const std::string& origin) {
    auto note = ReadFile(Path("checkpoint"), kNoteBytesMax);
    if (!note && note.error().code == ErrorCode::kNotFound) return {};
    if (!note) return note.error();
    ASSIGN_OR_RETURN(const Note parsed, ParseNote(*note));
    ASSIGN_OR_RETURN(old_, ParseCheckpoint(parsed.text));
    if (old_->origin != origin) {
      return Error{ErrorCode::kInvalidInput, directory_ + ": mirrors the log " +
                                                 Printable(old_->origin, 80) + ", not " +
                                                 Printable(origin, 80)};
    }
    ASSIGN_OR_RETURN(LoadedTree tree, LoadTree(directory_, *old_));
    edge_ = std::move(tree.edge);
    old_partials_ = edge_.Partials();
    return {};
  }

  Status CompareWithOlder(const Checkpoint& next, const std::string& note) {
    const ReadResource ours = [this](const std::string& path, std::size_t bytes_max) {
      return ReadFile(Path(path), bytes_max);
    };
    ASSIGN_OR_RETURN(const Digest root,
                     TreeRoot(next.size, SubtreeHashFromTiles(old_->size, [&](const TileId& tile) {
                                return ReadTile(ours, tile);
                              })));
    if (root != next.root) return Forked(next, note);
    if (next.size == old_->size) return {};
    return LogUnavailable("the log serves a checkpoint of size " + std::to_string(next.size) +
                          ", this mirror has size " + std::to_string(old_->size) +
                          " of the same tree; nothing was changed.  If it stays so the log was set "
                          "back: recover it from this mirror");
  }

  Status Grow(const Checkpoint& next) {
    while (edge_.size() < next.size) {
      RETURN_IF_ERROR(BringBundle(edge_.size() / kTileWidth, next.size));
      if (progress_) progress_({edge_.size(), next.size});
    }
    if (edge_.Root() != next.root) {
      return NotWhatItSays("checkpoint: its entries make another root at size " +
                           std::to_string(next.size));
    }
    std::map<std::string, std::string> partials;
    for (const TileId& tile : edge_.Partials()) {
      const std::string want = *edge_.Bytes(tile);
      RETURN_IF_ERROR(CompareTile(tile, want));
      partials[TilePath(tile)] = want;
    }
    return writer_.PutAll(partials);
  }

  Status CompareTile(const TileId& tile, const std::string& want) {
    auto bytes = ReadTile(source_, tile);
    if (!bytes) return bytes.error();
    if (*bytes == want) return {};
    return NotWhatItSays(TilePath(tile) + ": is not what the entries make");
  }

  // The entries of a bundle, which the source's level-0 tile hashes; from this directory if an
  // earlier run has brought them.
  Result<std::vector<std::string>> EntriesOf(const TileId& bundle) {
    ASSIGN_OR_RETURN(const std::string hashes, ReadTile(source_, {0, bundle.index, bundle.width}));
    if (bundle.width == kTileWidth) {
      const auto there = ReadFile(Path(TilePath(bundle)), kTileFileBytesMax);
      if (there) {
        auto leaves = LeavesOf(bundle, *there, hashes);
        if (leaves) {
          ++report_.bundles_found;
          return leaves;
        }
      }
    }
    ASSIGN_OR_RETURN(const std::string bytes, ReadTile(source_, bundle));
    ++report_.bundles_read;
    return LeavesOf(bundle, bytes, hashes);
  }

  Status BringBundle(std::uint64_t index, std::uint64_t size) {
    const TileId id{TileId::kEntries, index, TileWidthAt(TileId::kEntries, index, size)};
    ASSIGN_OR_RETURN(const std::vector<std::string> leaves, EntriesOf(id));
    RightEdge::Tiles filled;
    std::map<std::string, std::string> contents;
    for (std::uint64_t i = edge_.size() % kTileWidth; i < id.width; ++i) {
      edge_.Append(leaves[i], filled);
      RETURN_IF_ERROR(BringPayload(leaves[i], contents));
    }
    for (const auto& [path, bytes] : filled) {
      const auto tile = ParseTilePath(path);
      CHECK(tile.has_value());
      // The bundle is made of our own leaves: what we have of it already must be the same.
      RETURN_IF_ERROR(CompareTile(*tile, bytes));
    }
    contents.insert(filled.begin(), filled.end());
    waiting_bytes_ = 0;
    return writer_.PutAll(contents);
  }

  Status BringPayload(const std::string& leaf, std::map<std::string, std::string>& contents) {
    const auto facts = ParseCanonicalizedBody(leaf);
    if (!facts) {
      ++report_.without_payload;
      return {};
    }
    const std::string name = "payload/" + facts->pae_digest.Hex();
    if (FileExists(Path(name)) || contents.contains(name)) return {};
    auto bytes = ReadPayload(source_, facts->pae_digest);
    if (!bytes) {
      Error error = Wrap("payload of entry " + std::to_string(edge_.size() - 1), bytes.error());
      if (error.code == ErrorCode::kNotFound) error.exit = ExitCode::kLogProof;
      return error;
    }
    ++report_.payloads_read;
    waiting_bytes_ += bytes->size();
    contents[name] = std::move(*bytes);
    if (waiting_bytes_ < kWaitingBytesMax) return {};
    RETURN_IF_ERROR(writer_.PutAll(contents));
    contents.clear();
    waiting_bytes_ = 0;
    return {};
  }

  // Why the source's files do not go on from ours: the log has forked, or they are damaged.
  Error Diagnose(const Error& error, const Checkpoint& next, const std::string& note) {
    if (error.code != ErrorCode::kMismatch || !old_ || old_->size == 0) return error;
    Frontier theirs;
    std::optional<Digest> then;
    for (std::uint64_t index = 0; theirs.size() < next.size; ++index) {
      const auto hashes = ReadTile(source_, {0, index, TileWidthAt(0, index, next.size)});
      if (!hashes) return error;
      for (std::size_t at = 0; at + Digest::kSize <= hashes->size(); at += Digest::kSize) {
        theirs.Append(Digest::FromBytes(std::string_view(*hashes).substr(at, Digest::kSize)));
        if (theirs.size() == old_->size) then = theirs.Root();
      }
    }
    if (theirs.Root() != next.root || !then || *then == old_->root) return error;
    return Forked(next, note).error();
  }

  Status Forked(const Checkpoint& next, const std::string& note) {
    const std::string name = "fork/" + Sha256(note).Hex() + ".note";
    RETURN_IF_ERROR(writer_.PutAll({{name, note}}));
    return Error{ErrorCode::kMismatch,
                 "log forked: " + next.origin + " has signed a checkpoint of size " +
                     std::to_string(next.size) + " that contradicts the one of size " +
                     std::to_string(old_->size) + " in this mirror; the other is kept as " +
                     Path(name) + ".  Keep this directory as it is and tell the log's witnesses",
                 ExitCode::kLogProof};
  }

  Status PutCheckpoint(const Checkpoint& next, const std::string& note) {
    RETURN_IF_ERROR(WriteDurably(files_, Path("checkpoint"), note));
    for (const TileId& tile : old_partials_) {
      if (tile.width == TileWidthAt(tile.level, tile.index, next.size)) continue;
      (void)files_.Remove(Path(TilePath(tile)));  // what stays is never wrong
    }
    return {};
  }

  FileSystem& files_;
  const std::string& directory_;
  const ReadResource& source_;
  const CheckNote& check_;
  const ReportProgress& progress_;
  FolderWriter writer_;
  std::optional<FileLock> lock_;
  std::optional<Checkpoint> old_;
  std::vector<TileId> old_partials_;
  RightEdge edge_;
  std::size_t waiting_bytes_ = 0;  // of payloads that are not written yet
  MirrorReport report_;
};

}  // namespace

Result<MirrorReport> MirrorLog(FileSystem& files, const std::string& directory,
                               const ReadResource& source, const CheckNote& check,
                               const ReportProgress& progress) {
  return Mirroring(files, directory, source, check, progress).Run();
}

}  // namespace farm
