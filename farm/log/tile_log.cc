#include "farm/log/tile_log.h"

#include <sys/statvfs.h>

#include <optional>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/base/mutex.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"
#include "farm/log/leaf_index.h"
#include "farm/log/load_tree.h"
#include "farm/log/payload_store.h"
#include "farm/log/right_edge.h"
#include "farm/log/write_group.h"

namespace farm {
namespace {

constexpr std::string_view kFormat = "farm-tlog/1\n";
constexpr std::size_t kTileFileBytesMax = kTileWidth * (kEntryBytesMax + 2);
constexpr std::size_t kKnownDirectoriesMax = 4096;  // a hundred bytes each
constexpr std::size_t kReservePieceBytes = 1 << 20;

Result<std::uint64_t> FreeBytes(const std::string& path) {
  struct statvfs status {};
  if (statvfs(path.c_str(), &status) != 0)
    return LogUnavailable("asking for free space at " + path);
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

// Whether this log may begin from nothing.
Status CheckNoRecovery(const std::string& directory) {
  for (const std::string& place : {PlaceOfRecovery(directory), PlaceBeforeRecovery(directory)}) {
    if (!FileExists(place)) continue;
    return Error{
        ErrorCode::kMismatch,
        directory + ": is no log, and " + place +
            " is of one: finish its recovery (farm log recover), an empty log would fork it",
        ExitCode::kLogProof};
  }
  return {};
}

}  // namespace

struct TileLog::State {
  State(FileSystem& f, std::string d, TileLogOptions o)
      : files(f),
        directory(std::move(d)),
        options(std::move(o)),
        origin(options.origin),
        payloads(f, Path("payload")) {}

  std::string Path(std::string_view name) const { return JoinPath(directory, name); }
  std::string HeadText(const Checkpoint& head) const { return CheckpointText(head); }

  Status Create();
  Status Load();
  Status MendPartials() REQUIRES(commit_mutex, mutex);
  void FindOldPartials() REQUIRES(mutex);
  std::vector<TileId> NewPartials(const RightEdge& next);
  Result<Checkpoint> Commit(const std::vector<std::string>& leaves) REQUIRES(commit_mutex);
  Status MakeParents(const std::string& name, WriteGroup& group) REQUIRES(commit_mutex);
  Status WriteTiles(const RightEdge::Tiles& tiles) REQUIRES(commit_mutex);
  Status SwapHead(const Checkpoint& next) REQUIRES(commit_mutex);
  void DropPartials(std::uint64_t published_size);
  Status Stop(const Error& error);
  Result<std::string> FullOrPartial(const TileId& tile);

  FileSystem& files;
  const std::string directory;
  const TileLogOptions options;
  const std::string& origin;
  PayloadStore payloads;
  std::optional<FileLock> lock;
  std::string successor;  // of a closed log, else ""; as it was at the start

  Mutex commit_mutex;  // one Commit at a time; taken before `mutex`
  std::set<std::string> known_directories GUARDED_BY(commit_mutex);

  Mutex mutex;
  Checkpoint head GUARDED_BY(mutex);
  RightEdge edge GUARDED_BY(mutex);
  LeafIndex index GUARDED_BY(mutex);
  std::string published GUARDED_BY(mutex);
  std::string diverged GUARDED_BY(mutex);
  std::vector<TileId> partials_on_disk GUARDED_BY(mutex);
  std::optional<Error> stopped GUARDED_BY(mutex);
};

Status TileLog::State::Create() {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {
    // What a crash in the middle of Create may have left.
    if (name == "lock" || name == "head" || name.find(".part.") != std::string::npos) continue;
    return Error{ErrorCode::kInvalidInput, directory + ": is neither empty nor a log (has " +
                                               Printable(name, 40) + " but no file \"format\")"};
  }
  RETURN_IF_ERROR(WriteDurably(files, Path("head"), HeadText({origin, 0, EmptyTreeRoot()})));
  return WriteDurably(files, Path("format"), kFormat);
}

Status TileLog::State::Load() {
  ASSIGN_OR_RETURN(const std::string format, ReadFile(Path("format"), 64));
  if (format != kFormat) {
    return Error{ErrorCode::kInvalidInput,
                 directory + ": format " + Printable(format, 40) + ", want farm-tlog/1"};
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(Path("head"), 1024));
  auto read = ParseCheckpoint(text);
  if (!read || HeadText(*read) != text) return DamagedLog(directory, "malformed head");
  if (read->origin != origin) {
    return Error{ErrorCode::kInvalidInput,
                 directory + ": is the log " + Printable(read->origin, 80) + ", not " + origin};
  }
  ASSIGN_OR_RETURN(LoadedTree tree, LoadTree(directory, *read));
  MutexLock commits(commit_mutex);
  MutexLock guard(mutex);
  head = *read;
  edge = std::move(tree.edge);
  index = std::move(tree.index);
  auto note = ReadFile(Path("checkpoint"), kNoteBytesMax);
  if (!note && note.error().code != ErrorCode::kNotFound) return note.error();
  if (note) {
    ASSIGN_OR_RETURN(const Note parsed, ParseNote(*note));
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(parsed.text));
    if (checkpoint.origin != origin || checkpoint.size > head.size) {
      return DamagedLog(directory, "has published more than its head has");
    }
    published = std::move(*note);
  }
  auto evidence = ReadFile(Path("diverged"), kNoteBytesMax);
  if (!evidence && evidence.error().code != ErrorCode::kNotFound) return evidence.error();
  if (evidence) diverged = std::move(*evidence);
  ASSIGN_OR_RETURN(successor, ReadSuccessor(directory));
  RETURN_IF_ERROR(MendPartials());
  FindOldPartials();
  return {};
}

// Partial tiles of the committed tree that are not as the full ones and the last bundle make them:
// older logs wrote some of them in place, where a power cut could tear them.
Status TileLog::State::MendPartials() {
  for (const TileId& tile : edge.Partials()) {
    const std::string name = TilePath(tile);
    const std::string want = *edge.Bytes(tile);
    auto there = ReadFile(Path(name), kTileFileBytesMax);
    if (there && *there == want) continue;
    WriteGroup parents(files);
    RETURN_IF_ERROR(MakeParents(name, parents));
    RETURN_IF_ERROR(WriteDurably(files, Path(name), want));
    RETURN_IF_ERROR(parents.Sync());
  }
  return {};
}

// Partial tiles beside those at the right edge, so that the next Publish drops them.
void TileLog::State::FindOldPartials() {
  std::uint64_t count = head.size;
  for (int level = TileId::kEntries; count > 0; ++level) {
    const TileId last{level, count / kTileWidth, 1};
    auto names = ListDirectory(DirectoryName(Path(TilePath(last))));
    if (names) {
      for (const std::string& name : *names) {
        auto width = ParseDecimal(name, kTileWidth - 1);
        if (width && *width > 0) partials_on_disk.push_back({level, last.index, *width});
      }
    }
    if (level >= 0) count /= kTileWidth;
  }
}

Status TileLog::State::Stop(const Error& error) {
  Error reason = LogUnavailable("log " + origin + " has stopped: " + error.message +
                                "; look after the disk, then start the log again");
  {
    MutexLock guard(mutex);
    if (stopped) return *stopped;
    stopped = reason;
  }
  if (options.on_stopped) options.on_stopped(reason);
  return reason;
}

// The directories above a file of the log, and what must be synced so that its name counts.
Status TileLog::State::MakeParents(const std::string& name, WriteGroup& group) {
  std::string parent = directory;
  const std::vector<std::string> parts = Split(name, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::string path = JoinPath(parent, parts[i]);
    if (known_directories.insert(path).second) {
      RETURN_IF_ERROR(files.MakeDirectory(path));
      group.AddDirectory(parent);
    }
    parent = path;
  }
  group.AddDirectory(parent);
  return {};
}

Status TileLog::State::WriteTiles(const RightEdge::Tiles& tiles) {
  // Making and syncing one twice is no harm.
  if (known_directories.size() > kKnownDirectoriesMax) known_directories.clear();
  WriteGroup group(files);
  for (const auto& [name, bytes] : tiles) {
    RETURN_IF_ERROR(MakeParents(name, group));
    // No tree that was committed has a file of this name, so whatever lies there is what a crash
    // has left: nothing refers to it.
    RETURN_IF_ERROR(group.Write(Path(name), bytes));
  }
  return group.Sync();
}

Status TileLog::State::SwapHead(const Checkpoint& next) {
  Checkpoint current;
  {
    MutexLock guard(mutex);
    current = head;
  }
  ASSIGN_OR_RETURN(const std::string on_disk, ReadFile(Path("head"), 1024));
  if (on_disk != HeadText(current)) {
    return LogUnavailable("the head on disk is not ours: another server wrote to " + directory);
  }
  return WriteDurably(files, Path("head"), HeadText(next));
}

// The partial tiles of `next` that the committed tree does not have: those that both have stay as
// they are, for a file that somebody may read is never written again.
std::vector<TileId> TileLog::State::NewPartials(const RightEdge& next) {
  MutexLock guard(mutex);
  std::vector<TileId> tiles = next.Partials();
  std::erase_if(tiles, [this](const TileId& tile) REQUIRES(mutex) {
    return tile.width == TileWidthAt(tile.level, tile.index, head.size);
  });
  return tiles;
}

Result<Checkpoint> TileLog::State::Commit(const std::vector<std::string>& leaves) {
  RightEdge next;
  {
    MutexLock guard(mutex);
    if (stopped) return *stopped;
    next = edge;
  }
  RightEdge::Tiles tiles;
  std::vector<Digest> hashes;
  for (const std::string& leaf : leaves) hashes.push_back(next.Append(leaf, tiles));
  const std::vector<TileId> partials = NewPartials(next);
  for (const TileId& tile : partials) tiles[TilePath(tile)] = *next.Bytes(tile);
  const Checkpoint tree{origin, next.size(), next.Root()};
  if (Status written = WriteTiles(tiles); !written) return Stop(written.error()).error();
  if (Status swapped = SwapHead(tree); !swapped) return Stop(swapped.error()).error();
  MutexLock guard(mutex);
  std::uint64_t place = edge.size();
  for (const Digest& hash : hashes) index.Add(hash, place++);
  edge = std::move(next);
  head = tree;
  partials_on_disk.insert(partials_on_disk.end(), partials.begin(), partials.end());
  return tree;
}

// Partial tiles that neither the published nor the committed tree has.  What cannot be removed
// stays: it is never wrong.
void TileLog::State::DropPartials(std::uint64_t published_size) {
  std::vector<TileId> gone;
  {
    MutexLock guard(mutex);
    std::vector<TileId> kept;
    for (const TileId& tile : partials_on_disk) {
      const bool needed = tile.width == TileWidthAt(tile.level, tile.index, published_size) ||
                          tile.width == TileWidthAt(tile.level, tile.index, head.size);
      (needed ? kept : gone).push_back(tile);
    }
    partials_on_disk = std::move(kept);
  }
  for (const TileId& tile : gone) (void)files.Remove(Path(TilePath(tile)));
}

Result<std::string> TileLog::State::FullOrPartial(const TileId& tile) {
  {
    MutexLock guard(mutex);
    if (tile.width > TileWidthAt(tile.level, tile.index, head.size)) {
      return Error{ErrorCode::kNotFound, TilePath(tile) + ": the log is not that long"};
    }
    if (auto bytes = edge.Bytes(tile)) return std::move(*bytes);
  }
  TileId full = tile;
  full.width = kTileWidth;
  auto bytes = ReadFile(Path(TilePath(full)), kTileFileBytesMax);
  if (!bytes) return LogUnavailable(bytes.error().message);
  if (tile.level == TileId::kEntries && tile.width == kTileWidth) return bytes;
  auto first = TruncateTile(tile, *bytes);
  if (!first) return LogUnavailable(TilePath(full) + ": damaged on disk");
  return first;
}

TileLog::TileLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
TileLog::~TileLog() = default;

std::string PlaceOfRecovery(const std::string& directory) { return directory + ".recovering"; }
std::string PlaceBeforeRecovery(const std::string& directory) {
  return directory + ".before-recovery";
}

Result<std::unique_ptr<TileLog>> TileLog::Open(FileSystem& files, const std::string& directory,
                                               TileLogOptions options) {
  auto state = std::make_unique<State>(files, directory, std::move(options));
  if (!FileExists(state->Path("format"))) RETURN_IF_ERROR(CheckNoRecovery(directory));
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  RETURN_IF_ERROR(MakeDirectoriesDurably(files, directory));  // one that died may have made it
  ASSIGN_OR_RETURN(state->lock, FileLock::Take(state->Path("lock"),
                                               "another server has this log; stop it first"));
  if (!FileExists(state->Path("format"))) RETURN_IF_ERROR(state->Create());
  RETURN_IF_ERROR(state->Load());
  RETURN_IF_ERROR(state->payloads.Prepare());
  RETURN_IF_ERROR(RemoveUnfinished(files, directory));
  RETURN_IF_ERROR(files.SyncDirectory(directory));
  return std::unique_ptr<TileLog>(new TileLog(std::move(state)));
}

const std::string& TileLog::origin() const { return state_->origin; }

Checkpoint TileLog::head() const {
  MutexLock guard(state_->mutex);
  return state_->head;
}

std::string TileLog::published() const {
  MutexLock guard(state_->mutex);
  return state_->published;
}

std::string TileLog::diverged() const {
  MutexLock guard(state_->mutex);
  return state_->diverged;
}

Status TileLog::KeepDivergence(std::string_view note) {
  State& state = *state_;
  if (Status kept = WriteDurably(state.files, state.Path("diverged"), note); !kept) {
    return state.Stop(kept.error());
  }
  MutexLock guard(state.mutex);
  state.diverged = std::string(note);
  return {};
}

Result<std::string> ReadSuccessor(const std::string& directory) {
  const auto text = ReadFile(JoinPath(directory, kClosedFile), kClosedBytesMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  if (!text) return text.error();
  const std::string origin = text->substr(0, text->find('\n'));
  if (origin.empty() || *text != origin + "\n") return DamagedLog(directory, "malformed closed");
  return origin;
}

Result<std::optional<std::uint64_t>> TileLog::Find(const Digest& leaf_hash) const {
  std::vector<std::uint64_t> candidates;
  {
    MutexLock guard(state_->mutex);
    candidates = state_->index.Candidates(leaf_hash);
  }
  for (const std::uint64_t index : candidates) {
    const TileId tile{0, index / kTileWidth, index % kTileWidth + 1};
    ASSIGN_OR_RETURN(const std::string hashes, state_->FullOrPartial(tile));
    if (std::string_view(hashes).ends_with(leaf_hash.bytes())) return index;
  }
  return std::nullopt;
}

Result<Checkpoint> TileLog::Commit(const std::vector<std::string>& leaves) {
  CHECK(leaves.size() <= kCommitLeavesMax);
  for (const std::string& leaf : leaves) CHECK(leaf.size() <= kEntryBytesMax);
  MutexLock guard(state_->commit_mutex);
  return state_->Commit(leaves);
}

Status TileLog::CheckWritable() {
  State& state = *state_;
  {
    MutexLock guard(state.mutex);
    if (state.stopped) return *state.stopped;
  }
  const DiskLimits& limits = state.options.limits;
  ASSIGN_OR_RETURN(const std::uint64_t free, limits.free_bytes ? limits.free_bytes(state.directory)
                                                               : FreeBytes(state.directory));
  const std::string reserve = state.Path("reserve");
  if (free < limits.floor_bytes) {
    // The reserve's room is for finishing what was already taken.
    if (FileExists(reserve)) (void)state.files.Remove(reserve);
    return LogUnavailable("log " + state.origin + ": " + std::to_string(free >> 20) +
                          " MiB free in " + state.directory + ", takes new entries from " +
                          std::to_string(limits.floor_bytes >> 20) +
                          " MiB up; make room, then ask again");
  }
  if (FileExists(reserve) || free < limits.floor_bytes + 2 * limits.reserve_bytes) return {};
  MutexLock guard(state.commit_mutex);
  if (!FileExists(reserve)) {
    auto file = state.files.Create(reserve, true);
    const std::string piece(kReservePieceBytes, '\0');
    for (std::uint64_t size = 0; file && size < limits.reserve_bytes; size += piece.size()) {
      if (!(*file)->Append(piece)) break;
    }
  }
  return {};
}

Status TileLog::CheckOpen() const {
  if (state_->successor.empty()) return {};
  return ClosedLogError(state_->origin, state_->successor);
}

Status TileLog::PutPayload(const Digest& digest, std::string_view pae) {
  if (Status open = CheckOpen(); !open) return Read("payload/" + digest.Hex()) ? Status() : open;
  if (Status stored = state_->payloads.Put(digest, pae); !stored) {
    return state_->Stop(stored.error());
  }
  return {};
}

Status TileLog::Publish(const Checkpoint& checkpoint, std::string_view note) {
  State& state = *state_;
  if (Status written = WriteDurably(state.files, state.Path("checkpoint"), note); !written) {
    return state.Stop(written.error());
  }
  {
    MutexLock guard(state.mutex);
    CHECK(checkpoint.size <= state.head.size);
    state.published = std::string(note);
  }
  state.DropPartials(checkpoint.size);
  return {};
}

Result<std::vector<std::vector<Digest>>> TileLog::Inclusions(
    const std::vector<std::uint64_t>& indexes, std::uint64_t tree_size) const {
  const SubtreeHash hash = SubtreeHashFromTiles(
      tree_size, [this](const TileId& tile) { return state_->FullOrPartial(tile); });
  std::vector<std::vector<Digest>> proofs;
  for (const std::uint64_t index : indexes) {
    ASSIGN_OR_RETURN(std::vector<Digest> proof, InclusionProof(index, tree_size, hash));
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

Result<std::vector<Digest>> TileLog::Consistency(std::uint64_t old_size,
                                                 std::uint64_t new_size) const {
  return ConsistencyHashes(old_size, new_size,
                           SubtreeHashFromTiles(new_size, [this](const TileId& tile) {
                             return state_->FullOrPartial(tile);
                           }));
}

Result<TileLog::Resource> TileLog::Read(std::string_view path) const {
  const Error missing{ErrorCode::kNotFound, "no such resource"};
  if (path == "checkpoint") {
    Resource resource{"text/plain; charset=utf-8", published(), false};
    if (resource.bytes.empty()) return missing;
    return resource;
  }
  if (path.starts_with("payload/")) {
    auto digest = Digest::ParseHex(path.substr(8));
    if (!digest) return missing;
    auto bytes = state_->payloads.Read(*digest);
    if (!bytes) return bytes.error();
    return Resource{"application/octet-stream", std::move(*bytes), true};
  }
  auto tile = ParseTilePath(path);
  if (!tile) return missing;
  auto bytes = state_->FullOrPartial(*tile);
  if (!bytes) return bytes.error();
  return Resource{"application/octet-stream", std::move(*bytes), true};
}

}  // namespace farm
