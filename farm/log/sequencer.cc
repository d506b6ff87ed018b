#include "farm/log/sequencer.h"

#include <algorithm>
#include <deque>
#include <map>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/evidence/merkle.h"
#include "farm/log/errors.h"

namespace farm {
namespace {

constexpr std::size_t kBatchBytesMax = 8 << 20;
constexpr std::chrono::milliseconds kWaitStep{1000};  // a missed notification costs no more

using TimePoint = std::chrono::steady_clock::time_point;

struct Pending {
  Digest hash;
  std::string leaf;
};

// A published head and its note.
struct Published {
  Checkpoint checkpoint;
  std::string note;
};

Status CheckLeaf(const std::string& leaf) {
  if (!leaf.empty() && leaf.size() <= kEntryBytesMax) return {};
  return Error{ErrorCode::kLimitExceeded, "log entry of " + std::to_string(leaf.size()) +
                                              " bytes, want 1 to " +
                                              std::to_string(kEntryBytesMax)};
}

// What a log says that was found to have diverged before it was started.
Error StillDiverged(const std::string& origin) {
  return DivergedLog(
      origin,
      "the file \"diverged\" in its directory is a checkpoint that it has signed and "
      "does not have");
}

Suffices QuorumOf(const SequencerOptions& options) {
  if (options.quorum) {
    return [policy = *options.quorum](const std::set<std::size_t>& cosigned) {
      return QuorumMet(policy, cosigned);
    };
  }
  return [needed = options.cosignatures_needed](const std::set<std::size_t>& cosigned) {
    return cosigned.size() >= needed;
  };
}

// Who is to be asked is who the policy counts.
bool AreTheQuorums(const std::vector<ConfiguredWitness>& witnesses, const TlogPolicy& policy) {
  return std::equal(
      witnesses.begin(), witnesses.end(), policy.witnesses.begin(), policy.witnesses.end(),
      [](const ConfiguredWitness& one, const TlogPolicy::KnownWitness& other) {
        return one.identity.key == other.key.key && one.identity.name == other.key.name;
      });
}

}  // namespace

struct Sequencer::State {
  State(TileLog& l, SequencerOptions o)
      : log(l),
        options(std::move(o)),
        suffices(QuorumOf(options)),
        panel(std::move(options.witnesses), options.key->key()),
        log_id(NoteKeyIdFull(log.origin(), options.key->key())),
        next_index(log.head().size) {}

  void Run();
  Status CommitBatch();
  // Indexes of leaves with these hashes; those that the log does not have wait from now on.
  Result<std::vector<std::uint64_t>> Enqueue(const std::vector<std::string>& leaves,
                                             const std::vector<Digest>& hashes);
  Status CheckRoom(const std::vector<std::string>& leaves) REQUIRES(mutex);
  std::uint64_t Take(const std::string& leaf, const Digest& hash) REQUIRES(mutex);
  Result<Published> Await(std::uint64_t size, TimePoint deadline);
  void PublishHead();
  void Diverge(const WitnessPanel::Divergence& divergence);
  std::string WantedText() const;
  Result<Note> SignHead(const Checkpoint& head);
  void Report(const std::string& sentence) const {
    if (options.report) options.report(sentence);
  }
  void StopAll(const Error& error);
  std::optional<Error> Refusal() REQUIRES(mutex);
  bool Behind() REQUIRES(mutex) {
    return !diverged && (note.empty() || published.size < log.head().size);
  }
  bool IsBehind() {
    MutexLock lock(mutex);
    return Behind();
  }
  bool HasWork() REQUIRES(mutex) {
    if (ending || stopped) return true;
    if (diverged || !log.CheckOpen()) return false;
    if (cleared && !queue.empty()) return true;
    return (!cleared || Behind()) && std::chrono::steady_clock::now() >= retry_at;
  }

  TileLog& log;
  SequencerOptions options;
  const Suffices suffices;
  WitnessPanel panel;  // the thread's
  const std::string log_id;

  Mutex mutex;
  std::condition_variable work;      // something to do
  std::condition_variable progress;  // something published, or refused
  std::deque<Pending> queue GUARDED_BY(mutex);
  std::size_t queue_bytes GUARDED_BY(mutex) = 0;
  // What is in the queue or being committed, by the index that it will have: nobody else commits.
  std::map<Digest, std::uint64_t> taken GUARDED_BY(mutex);
  std::uint64_t next_index GUARDED_BY(mutex);
  Checkpoint published GUARDED_BY(mutex);  // of `note`
  std::string note GUARDED_BY(mutex);
  std::string not_yet GUARDED_BY(mutex);  // why the head is not published
  std::optional<Error> diverged GUARDED_BY(mutex);
  std::optional<Error> doubt GUARDED_BY(mutex);  // of a witness, when last asked
  std::optional<Error> stopped GUARDED_BY(mutex);
  bool ending GUARDED_BY(mutex) = false;
  bool cleared = false;  // the thread's: enough witnesses, none in doubt, have cosigned our history
  TimePoint retry_at{};  // the thread's
  std::thread thread;
};

std::optional<Error> Sequencer::State::Refusal() {
  if (stopped) return stopped;
  if (diverged) return diverged;
  if (doubt) return doubt;
  if (ending) return LogUnavailable("log " + log.origin() + ": is shutting down; ask again");
  return std::nullopt;
}

void Sequencer::State::StopAll(const Error& error) {
  Report(error.message);
  {
    MutexLock lock(mutex);
    stopped = error;
  }
  progress.notify_all();
}

// At most a batch of what waits, if anything does.
Status Sequencer::State::CommitBatch() {
  std::vector<std::string> leaves;
  std::vector<Digest> hashes;
  {
    MutexLock lock(mutex);
    for (std::size_t bytes = 0; !queue.empty() && leaves.size() < kCommitLeavesMax &&
                                bytes + queue.front().leaf.size() <= kBatchBytesMax;
         queue.pop_front()) {
      bytes += queue.front().leaf.size();
      queue_bytes -= queue.front().leaf.size();
      hashes.push_back(queue.front().hash);
      leaves.push_back(std::move(queue.front().leaf));
    }
    if (!leaves.empty()) CHECK(taken.at(hashes.front()) == log.head().size);
  }
  if (leaves.empty()) return {};
  RETURN_IF_ERROR(log.Commit(leaves));
  // From here on the log finds them.
  MutexLock lock(mutex);
  for (const Digest& hash : hashes) taken.erase(hash);
  return {};
}

Result<Note> Sequencer::State::SignHead(const Checkpoint& head) {
  Note signed_note{CheckpointText(head), {}};
  ASSIGN_OR_RETURN(NoteSignature line, SignNoteWith(*options.key, signed_note.text, head.origin));
  signed_note.signatures.push_back(std::move(line));
  ASSIGN_OR_RETURN(NoteSignature second,
                   SignNoteWith(*options.ecdsa_key, signed_note.text, head.origin));
  signed_note.signatures.push_back(std::move(second));
  return signed_note;
}

void Sequencer::State::PublishHead() {
  retry_at = std::chrono::steady_clock::now() + options.retry_after;
  const Checkpoint head = log.head();
  auto signed_note = SignHead(head);
  if (!signed_note) {
    MutexLock lock(mutex);
    not_yet = signed_note.error().message;
    return;
  }
  WitnessPanel::Answers answers = panel.Ask(log, head, *signed_note, suffices);
  const std::string problems = Join(answers.problems, "; ");
  if (!problems.empty()) Report(problems);
  if (answers.diverged) return Diverge(*answers.diverged);
  cleared = !answers.doubt && suffices(answers.cosigned);
  {
    MutexLock lock(mutex);
    doubt = answers.doubt;
    if (doubt) progress.notify_all();
    if (!cleared) {
      not_yet =
          std::to_string(answers.lines.size()) + " cosignatures, " + WantedText() + "; " + problems;
    }
  }
  if (answers.doubt) Report(answers.doubt->message);
  if (!cleared || !IsBehind()) return;
  for (NoteSignature& line : answers.lines) signed_note->signatures.push_back(std::move(line));
  const std::string bytes = WriteNote(*signed_note);
  if (Status done = log.Publish(head, bytes); !done) return StopAll(done.error());
  MutexLock lock(mutex);
  published = head;
  note = bytes;
  progress.notify_all();
}

std::string Sequencer::State::WantedText() const {
  if (options.quorum) return "not the quorum " + Printable(options.quorum->quorum, 80);
  return "want " + std::to_string(options.cosignatures_needed);
}

void Sequencer::State::Diverge(const WitnessPanel::Divergence& divergence) {
  Report(divergence.error.message);
  cleared = false;
  {
    MutexLock lock(mutex);
    diverged = divergence.error;
    queue.clear();  // their callers are refused
    queue_bytes = 0;
    taken.clear();
  }
  progress.notify_all();
  if (Status kept = log.KeepDivergence(divergence.note); !kept) StopAll(kept.error());
}

void Sequencer::State::Run() {
  while (true) {
    {
      MutexLock lock(mutex);
      while (!HasWork()) lock.WaitFor(work, std::min(kWaitStep, options.retry_after));
      if (ending || stopped) return;
    }
    if (!cleared) PublishHead();
    if (!cleared) continue;
    if (Status committed = CommitBatch(); !committed) return StopAll(committed.error());
    if (IsBehind()) PublishHead();
  }
}

Sequencer::Sequencer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Sequencer::~Sequencer() {
  Shutdown();
  state_->thread.join();
}

Status Sequencer::health() const {
  MutexLock lock(state_->mutex);
  if (state_->stopped) return *state_->stopped;
  if (state_->diverged) return *state_->diverged;
  return {};
}

void Sequencer::Shutdown() {
  {
    MutexLock lock(state_->mutex);
    state_->ending = true;
  }
  state_->work.notify_all();
  state_->progress.notify_all();
}

Result<std::unique_ptr<Sequencer>> Sequencer::Start(TileLog& log, SequencerOptions options) {
  if (options.key->key().kind() != KeyKind::kEd25519 ||
      options.ecdsa_key->key().kind() != KeyKind::kP256) {
    return Error{ErrorCode::kInvalidInput,
                 "log " + log.origin() + ": want an Ed25519 key and a P-256 second key"};
  }
  if (options.quorum && !AreTheQuorums(options.witnesses, *options.quorum)) {
    return Error{ErrorCode::kInvalidInput,
                 "log " + log.origin() + ": its witnesses are not those of its quorum"};
  }
  if (options.cosignatures_needed > options.witnesses.size()) {
    return Error{ErrorCode::kInvalidInput,
                 "log " + log.origin() + ": " + std::to_string(options.cosignatures_needed) +
                     " cosignatures needed, but only " + std::to_string(options.witnesses.size()) +
                     " witnesses configured"};
  }
  auto state = std::make_unique<State>(log, std::move(options));
  const std::string note = log.published();
  if (!note.empty()) {
    ASSIGN_OR_RETURN(const Note parsed, ParseNote(note));
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(parsed.text));
    MutexLock lock(state->mutex);
    state->published = checkpoint;
    state->note = note;
  }
  if (!log.diverged().empty()) {
    MutexLock lock(state->mutex);
    state->diverged = StillDiverged(log.origin());
  }
  State* const running = state.get();
  state->thread = std::thread([running] { running->Run(); });
  return std::unique_ptr<Sequencer>(new Sequencer(std::move(state)));
}

const std::string& Sequencer::log_id() const { return state_->log_id; }

Status Sequencer::State::CheckRoom(const std::vector<std::string>& leaves) {
  std::size_t bytes = queue_bytes;
  for (const std::string& leaf : leaves) bytes += leaf.size();
  if (queue.size() + leaves.size() <= kPendingLeavesMax && bytes <= kPendingBytesMax) return {};
  return LogUnavailable("log " + log.origin() + ": too many entries wait; ask again");
}

std::uint64_t Sequencer::State::Take(const std::string& leaf, const Digest& hash) {
  const auto [place, is_new] = taken.emplace(hash, next_index);
  if (is_new) {
    queue.push_back({hash, leaf});
    queue_bytes += leaf.size();
    ++next_index;
  }
  return place->second;
}

Result<std::vector<std::uint64_t>> Sequencer::State::Enqueue(const std::vector<std::string>& leaves,
                                                             const std::vector<Digest>& hashes) {
  const Status writable = log.CheckWritable();
  MutexLock lock(mutex);
  std::vector<std::optional<std::uint64_t>> known;
  for (const Digest& hash : hashes) {
    const auto place = taken.find(hash);
    if (place != taken.end()) {
      known.emplace_back(place->second);
    } else {
      ASSIGN_OR_RETURN(const std::optional<std::uint64_t> index, log.Find(hash));
      known.push_back(index);
    }
  }
  if (std::find(known.begin(), known.end(), std::nullopt) != known.end()) {
    RETURN_IF_ERROR(log.CheckOpen());
    if (auto refusal = Refusal()) return *refusal;
    RETURN_IF_ERROR(writable);
    RETURN_IF_ERROR(CheckRoom(leaves));
  }
  std::vector<std::uint64_t> indexes;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    indexes.push_back(known[i] ? *known[i] : Take(leaves[i], hashes[i]));
  }
  work.notify_all();
  return indexes;
}

// A published head of at least this size.
Result<Published> Sequencer::State::Await(std::uint64_t size, TimePoint deadline) {
  MutexLock lock(mutex);
  while (published.size < size) {
    if (auto refusal = Refusal()) return *refusal;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return LogUnavailable("log " + log.origin() + ": entry " + std::to_string(size - 1) + " is " +
                            (size <= log.head().size ? "stored" : "taken") +
                            " but not witnessed yet (" + not_yet + "); ask again");
    }
    lock.WaitFor(progress, std::min(left, kWaitStep));
  }
  return Published{published, note};
}

Result<std::vector<Placement>> Sequencer::AppendAll(const std::vector<std::string>& leaves) {
  State& state = *state_;
  const TimePoint deadline = std::chrono::steady_clock::now() + state.options.answer_within;
  if (leaves.size() > kCommitLeavesMax) {
    return Error{ErrorCode::kLimitExceeded, std::to_string(leaves.size()) +
                                                " log entries at once, want at most " +
                                                std::to_string(kCommitLeavesMax)};
  }
  if (leaves.empty()) return std::vector<Placement>();
  std::vector<Digest> hashes;
  std::size_t bytes = 0;
  for (const std::string& leaf : leaves) {
    RETURN_IF_ERROR(CheckLeaf(leaf));
    hashes.push_back(LeafHash(leaf));
    bytes += leaf.size();
  }
  if (bytes > kPendingBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::to_string(bytes) +
                                                " bytes of log entries at once, want at most " +
                                                std::to_string(kPendingBytesMax)};
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, state.Enqueue(leaves, hashes));
  const std::uint64_t last = *std::max_element(indexes.begin(), indexes.end());
  ASSIGN_OR_RETURN(const Published under, state.Await(last + 1, deadline));
  ASSIGN_OR_RETURN(auto proofs, state.log.Inclusions(indexes, under.checkpoint.size));
  std::vector<Placement> placements;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    placements.push_back({indexes[i], under.checkpoint, under.note, std::move(proofs[i])});
  }
  return placements;
}

Result<Placement> Sequencer::Append(const std::string& leaf) {
  ASSIGN_OR_RETURN(std::vector<Placement> placements, AppendAll({leaf}));
  return std::move(placements.front());
}

}  // namespace farm
