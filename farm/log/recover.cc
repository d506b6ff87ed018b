#include "farm/log/recover.h"

#include <algorithm>
#include <optional>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/client/log_source.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"
#include "farm/log/folder_writer.h"
#include "farm/log/right_edge.h"
#include "farm/log/tile_log.h"

namespace farm {
namespace {

constexpr std::size_t kEpochsBytesMax = 1 << 20;
constexpr std::size_t kCopiedBytesMax = 64 << 20;  // of payloads in memory

Error Refused(const std::string& why) {
  return {ErrorCode::kMismatch, "not recovered: " + why, ExitCode::kLogProof};
}

class Recovering {
 public:
  Recovering(FileSystem& files, const Recovery& recovery)
      : files_(files),
        in_(recovery),
        old_(recovery.store),
        kept_(PlaceBeforeRecovery(recovery.store)),
        fresh_(PlaceOfRecovery(recovery.store)) {}

  Result<RecoveryReport> Run() {
    RETURN_IF_ERROR(OpenMirror());
    RETURN_IF_ERROR(OpenOld());
    RETURN_IF_ERROR(CheckOld("checkpoint"));
    RETURN_IF_ERROR(CheckOld("diverged"));
    RETURN_IF_ERROR(AskWitnesses());
    RETURN_IF_ERROR(Build());
    RETURN_IF_ERROR(PutInPlace());
    return report_;
  }

 private:
  Status OpenMirror() {
    if (!in_.check) return Error{ErrorCode::kInvalidInput, "nobody says whose log this is"};
    ASSIGN_OR_RETURN(mirrored_.read, OpenLogFolder(in_.mirror));
    ASSIGN_OR_RETURN(const LogCheck found, RequireWholeLog(in_.mirror, in_.check, in_.progress));
    CHECK(found.heads.front().file == "checkpoint");
    mirrored_.tree = report_.tree = found.heads.front().tree;
    ASSIGN_OR_RETURN(mirrored_.note, mirrored_.read("checkpoint", kNoteBytesMax));
    return {};
  }

  // The old directory, wherever an interrupted recovery has left it.
  Status OpenOld() {
    const bool there = FileExists(in_.store);
    const bool moved = FileExists(kept_);
    if (there && moved) {
      return Error{ErrorCode::kInvalidInput,
                   kept_ +
                       " is of an earlier recovery; it is evidence: move it to a safe place, "
                       "then try again"};
    }
    if (!there && !moved) return {};
    if (moved) old_ = kept_;
    ASSIGN_OR_RETURN(
        lock_, FileLock::Take(JoinPath(old_, "lock"), "a server has this log; stop it first"));
    report_.kept = kept_;
    auto head = ReadFile(JoinPath(old_, "head"), 1024);
    auto tree = head ? ParseCheckpoint(*head) : head.error();
    if (tree && tree->origin != report_.tree.origin) {
      return Error{ErrorCode::kInvalidInput, old_ + ": is the log " + Printable(tree->origin, 80) +
                                                 ", the mirror is of " + report_.tree.origin};
    }
    return {};
  }

  // A note in the old directory: what this log has published, or what a witness has shown it.  One
  // that cannot be read says nothing; the witnesses know.
  Status CheckOld(const std::string& name) {
    const auto note = ReadFile(JoinPath(old_, name), kNoteBytesMax);
    const auto parsed = note ? ParseNote(*note) : note.error();
    const auto tree = parsed ? ParseCheckpoint(parsed->text) : parsed.error();
    if (!tree) return {};
    const std::string file = JoinPath(old_, name);
    if (name == "checkpoint") report_.old_size = tree->size;
    if (tree->size > report_.tree.size) {
      return Refused("this mirror has size " + std::to_string(report_.tree.size) + ", and " + file +
                     " says that the log has signed size " + std::to_string(tree->size) +
                     "; find a mirror of at least that size");
    }
    ASSIGN_OR_RETURN(const std::vector<Digest> proof, ProofWithin(mirrored_, tree->size));
    if (CheckConsistency(tree->size, tree->root, report_.tree.size, report_.tree.root, proof)) {
      return {};
    }
    return Refused(file +
                   " is of another history than this mirror: the log has forked.  Keep both, "
                   "close this log and go on with a new one");
  }

  Status AskWitnesses() {
    auto asked = ConfirmTree(mirrored_, in_.witnesses, in_.absent);
    if (!asked && asked.error().code == ErrorCode::kMismatch) return Refused(asked.error().message);
    if (!asked) return asked.error();
    report_.asked = *std::move(asked);
    return {};
  }

  Status Build() {
    RETURN_IF_ERROR(RemoveTree(files_, fresh_));
    RETURN_IF_ERROR(files_.MakeDirectory(fresh_));
    FolderWriter writer(files_, fresh_);
    RightEdge edge;
    while (edge.size() < report_.tree.size) RETURN_IF_ERROR(CopyBundle(edge, writer));
    if (edge.Root() != report_.tree.root) return Refused("the mirror changes while it is read");
    std::map<std::string, std::string> rest;
    for (const TileId& tile : edge.Partials()) rest[TilePath(tile)] = *edge.Bytes(tile);
    // What peers must not go back behind.
    if (auto epochs = ReadFile(JoinPath(old_, "epochs.json"), kEpochsBytesMax)) {
      rest["epochs.json"] = std::move(*epochs);
      report_.epochs_kept = true;
    }
    // A closed log stays closed.
    auto closed = ReadFile(JoinPath(old_, kClosedFile), kClosedBytesMax);
    if (closed) {
      rest[std::string(kClosedFile)] = std::move(*closed);
    } else if (closed.error().code != ErrorCode::kNotFound) {
      return closed.error();
    }
    rest["checkpoint"] = mirrored_.note;
    rest["head"] = CheckpointText(report_.tree);
    RETURN_IF_ERROR(writer.PutAll(rest));
    return writer.PutAll({{"format", "farm-tlog/1\n"}});
  }

  Status CopyBundle(RightEdge& edge, FolderWriter& writer) {
    const std::uint64_t index = edge.size() / kTileWidth;
    const TileId id{TileId::kEntries, index,
                    TileWidthAt(TileId::kEntries, index, report_.tree.size)};
    ASSIGN_OR_RETURN(const std::string bytes, ReadTile(mirrored_.read, id));
    ASSIGN_OR_RETURN(const std::vector<std::string> leaves, ParseEntryBundle(bytes, id.width));
    RightEdge::Tiles filled;
    std::map<std::string, std::string> contents;
    std::size_t waiting = 0;
    for (const std::string& leaf : leaves) {
      edge.Append(leaf, filled);
      const auto facts = ParseCanonicalizedBody(leaf);
      if (!facts) continue;
      const std::string hex = facts->pae_digest.Hex();
      ASSIGN_OR_RETURN(std::string payload, ReadPayload(mirrored_.read, facts->pae_digest));
      waiting += payload.size();
      contents["payload/" + hex.substr(0, 1) + "/" + hex] = std::move(payload);
      if (waiting < kCopiedBytesMax) continue;
      RETURN_IF_ERROR(writer.PutAll(contents));
      contents.clear();
      waiting = 0;
    }
    contents.insert(filled.begin(), filled.end());
    return writer.PutAll(contents);
  }

  Status PutInPlace() {
    const std::string parent = DirectoryName(in_.store);
    if (FileExists(in_.store)) RETURN_IF_ERROR(files_.Rename(in_.store, kept_));
    RETURN_IF_ERROR(files_.SyncDirectory(parent));
    RETURN_IF_ERROR(files_.Rename(fresh_, in_.store));
    return files_.SyncDirectory(parent);
  }

  FileSystem& files_;
  const Recovery& in_;
  std::string old_;
  const std::string kept_;
  const std::string fresh_;
  TreeToConfirm mirrored_{"this mirror", {}, {}, {}};
  std::optional<FileLock> lock_;
  RecoveryReport report_;
};

}  // namespace

Result<RecoveryReport> RecoverLogFromMirror(FileSystem& files, const Recovery& recovery) {
  return Recovering(files, recovery).Run();
}

}  // namespace farm
