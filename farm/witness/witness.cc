#include "farm/witness/witness.h"

#include <optional>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/client/witness_client.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";

HttpReply Refuse(int status, const std::string& why) {
  return {status, std::string(kText), why + "\n", false};
}

// One line of a note as a witness answers it.
std::string LineBytes(const NoteSignature& line) {
  const std::string note = WriteNote({"x\n", {line}});
  return note.substr(3);
}

// The latest checkpoint of a log that we have cosigned.
struct Seen {
  Checkpoint checkpoint;
  std::string note;
};

struct Watched {
  WitnessedLog log;
  std::string directory;  // of its state
  std::optional<Seen> seen;
};

Result<std::optional<Seen>> ReadSeen(const Watched& watched) {
  const std::string path = JoinPath(watched.directory, "checkpoint");
  if (!FileExists(path)) return std::optional<Seen>();
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kNoteBytesMax));
  auto note = ParseNote(bytes);
  if (!note) return Wrap(path, note.error());
  auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint) return Wrap(path, checkpoint.error());
  if (checkpoint->origin != watched.log.origin) {
    return Error{ErrorCode::kInvalidInput, path + ": is of another log"};
  }
  return std::optional<Seen>(Seen{*checkpoint, std::move(bytes)});
}

}  // namespace

struct WitnessCore::State {
  State(FileSystem& f, std::string n, std::unique_ptr<Signer> k, const Clock& c)
      : files(f), name(std::move(n)), key(std::move(k)), clock(c) {}
  Status TakeDirectory(const std::string& directory);
  Status Load(const std::string& directory, std::vector<WitnessedLog> logs);
  HttpReply Add(const AddCheckpointRequest& request, const Note& note,
                const Checkpoint& checkpoint);
  HttpReply CosignAndKeep(Watched& watched, const Note& note, const Checkpoint& checkpoint)
      REQUIRES(mutex);

  FileSystem& files;
  const std::string name;
  const std::unique_ptr<Signer> key;
  const Clock& clock;
  std::optional<FileLock> lock;
  Mutex mutex;  // check and store are one step
  std::map<std::string, Watched, std::less<>> logs GUARDED_BY(mutex);  // by origin
  std::map<std::string, std::string, std::less<>> origins;  // hex sha256 -> origin; fixed
  std::optional<Error> stopped GUARDED_BY(mutex);
};

Status WitnessCore::State::TakeDirectory(const std::string& directory) {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  ASSIGN_OR_RETURN(
      lock, FileLock::Take(JoinPath(directory, "lock"), "another witness has this directory"));
  return {};
}

Status WitnessCore::State::Load(const std::string& directory, std::vector<WitnessedLog> list) {
  MutexLock lock(mutex);
  for (WitnessedLog& log : list) {
    const std::string hash = Sha256(log.origin).Hex();
    const std::string origin = log.origin;
    if (log.key.kind() != KeyKind::kEd25519) {
      return Error{ErrorCode::kInvalidInput, "log " + origin + ": want its Ed25519 key"};
    }
    Watched watched{std::move(log), JoinPath(directory, hash), std::nullopt};
    RETURN_IF_ERROR(files.MakeDirectory(watched.directory));
    RETURN_IF_ERROR(RemoveUnfinished(files, watched.directory));
    ASSIGN_OR_RETURN(watched.seen, ReadSeen(watched));
    if (!logs.emplace(origin, std::move(watched)).second) {
      return Error{ErrorCode::kInvalidInput, "log " + origin + ": listed twice"};
    }
    origins[hash] = origin;
  }
  return files.SyncDirectory(directory);
}

HttpReply WitnessCore::State::CosignAndKeep(Watched& watched, const Note& note,
                                            const Checkpoint& checkpoint) {
  auto line = CosignWith(*key, note.text, name, clock.Now());
  if (!line) return Refuse(500, line.error().message);
  const NoteSignature* log_line = nullptr;
  const std::string hint = NoteKeyHint(checkpoint.origin, watched.log.key);
  for (const NoteSignature& one : note.signatures) {
    if (one.name == checkpoint.origin && one.key_hint == hint) log_line = &one;
  }
  CHECK(log_line != nullptr);  // its signature has been checked
  std::string bytes = WriteNote({note.text, {*log_line, *line}});
  if (!watched.seen || watched.seen->checkpoint.size != checkpoint.size) {
    const Status kept = WriteDurably(files, JoinPath(watched.directory, "checkpoint"), bytes);
    if (!kept) {
      stopped = kept.error();
      return Refuse(500, "the witness has stopped: its state could not be stored");
    }
    watched.seen = Seen{checkpoint, std::move(bytes)};
  }
  return {200, std::string(kText), LineBytes(*line), false};
}

HttpReply WitnessCore::State::Add(const AddCheckpointRequest& request, const Note& note,
                                  const Checkpoint& checkpoint) {
  MutexLock lock(mutex);
  if (stopped) return Refuse(500, "the witness has stopped: its state could not be stored");
  const auto found = logs.find(checkpoint.origin);
  if (found == logs.end()) {
    return Refuse(404, "unknown log: " + Printable(checkpoint.origin, 80));
  }
  Watched& watched = found->second;
  if (!CheckNoteSignature(note, checkpoint.origin, watched.log.key)) {
    return Refuse(403, "no good signature by the log's key");
  }
  if (watched.log.end && IsBeyondEnd(checkpoint, *watched.log.end)) {
    return Refuse(403, "the log was closed at size " + std::to_string(watched.log.end->size));
  }
  if (request.old_size > checkpoint.size) return Refuse(400, "old size is beyond the checkpoint's");
  const std::uint64_t seen_size = watched.seen ? watched.seen->checkpoint.size : 0;
  if (request.old_size != seen_size) {
    return {409, "text/x.tlog.size", std::to_string(seen_size) + "\n", false};
  }
  const Digest seen_root = watched.seen ? watched.seen->checkpoint.root : EmptyTreeRoot();
  if (checkpoint.size == 0 && checkpoint.root != EmptyTreeRoot()) {
    return Refuse(422, "an empty tree has another root");
  }
  if (Status grows = CheckConsistency(request.old_size, seen_root, checkpoint.size, checkpoint.root,
                                      request.proof);
      !grows) {
    return Refuse(422, grows.error().message);
  }
  return CosignAndKeep(watched, note, checkpoint);
}

WitnessCore::WitnessCore(std::unique_ptr<State> state) : state_(std::move(state)) {}
WitnessCore::~WitnessCore() = default;

Result<std::unique_ptr<WitnessCore>> WitnessCore::Open(
    FileSystem& files, const std::string& directory, std::string name, std::unique_ptr<Signer> key,
    std::vector<WitnessedLog> logs, const Clock& clock) {
  if (key->key().kind() != KeyKind::kEd25519) {
    return Error{ErrorCode::kInvalidInput, "witness " + name + ": want an Ed25519 key"};
  }
  auto state = std::make_unique<State>(files, std::move(name), std::move(key), clock);
  RETURN_IF_ERROR(state->TakeDirectory(directory));
  RETURN_IF_ERROR(state->Load(directory, std::move(logs)));
  return std::unique_ptr<WitnessCore>(new WitnessCore(std::move(state)));
}

HttpReply WitnessCore::AddCheckpoint(std::string_view body) {
  auto request = ParseAddCheckpoint(body);
  if (!request) return Refuse(400, request.error().message);
  auto note = ParseNote(request->note);
  if (!note) return Refuse(400, note.error().message);
  auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint) return Refuse(400, checkpoint.error().message);
  return state_->Add(*request, *note, *checkpoint);
}

HttpReply WitnessCore::LatestCheckpoint(std::string_view origin_hash) const {
  const auto origin = state_->origins.find(origin_hash);
  if (origin == state_->origins.end()) return Refuse(404, "unknown log");
  MutexLock lock(state_->mutex);
  const Watched& watched = state_->logs.at(origin->second);
  if (!watched.seen) return Refuse(404, "no checkpoint seen yet");
  return {200, std::string(kText), watched.seen->note, false};
}

std::uint64_t WitnessCore::CosignedSize(std::string_view origin) const {
  MutexLock lock(state_->mutex);
  const auto found = state_->logs.find(origin);
  if (found == state_->logs.end() || !found->second.seen) return 0;
  return found->second.seen->checkpoint.size;
}

HttpReply WitnessCore::Handle(const HttpRequest& request) {
  constexpr std::string_view kCheckpoint = "/checkpoint";
  if (request.path == "/add-checkpoint") {
    if (request.method != "POST") return Refuse(405, "want POST");
    return AddCheckpoint(request.body);
  }
  const std::string_view path = request.path;
  if (request.method == "GET" && path.ends_with(kCheckpoint) && path.size() > kCheckpoint.size()) {
    return LatestCheckpoint(path.substr(1, path.size() - 1 - kCheckpoint.size()));
  }
  return Refuse(404, "not found");
}

Status WitnessCore::Health() const {
  MutexLock lock(state_->mutex);
  if (state_->stopped) return *state_->stopped;
  return {};
}

}  // namespace farm
