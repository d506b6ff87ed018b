#include "farm/log/sequencer.h"

#include <deque>
#include <set>
#include <thread>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr std::size_t kBatchLeavesMax = 1024;
constexpr std::chrono::milliseconds kWaitStep{1000};  // a missed notification costs no more

struct Pending {
  Digest hash;
  std::string leaf;
};

Error Unavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message), ExitCode::kUnavailable};
}

}  // namespace

struct Sequencer::State {
  State(TileLog& l, SequencerOptions o)
      : log(l),
        options(std::move(o)),
        panel(std::move(options.witnesses)),
        log_id(NoteKeyIdFull(log.origin(), options.key->key())) {}

  void Run();
  std::vector<std::string> TakeBatch();
  void PublishHead();
  Result<Note> SignHead(const Checkpoint& head);
  void Report(const std::string& sentence) const {
    if (options.report) options.report(sentence);
  }
  void StopAll(const Error& error);
  std::optional<Error> Refusal() REQUIRES(mutex);
  bool Behind() REQUIRES(mutex) {
    return !diverged && (note.empty() || published.size < log.head().size);
  }
  bool HasWork() REQUIRES(mutex) {
    return ending || stopped || !queue.empty() ||
           (Behind() && std::chrono::steady_clock::now() >= retry_at);
  }

  TileLog& log;
  SequencerOptions options;
  WitnessPanel panel;  // the thread's
  const std::string log_id;

  Mutex mutex;
  std::condition_variable work;      // something to do
  std::condition_variable progress;  // something published, or refused
  std::deque<Pending> queue GUARDED_BY(mutex);
  std::set<Digest> queued GUARDED_BY(mutex);
  Checkpoint published GUARDED_BY(mutex);  // of `note`
  std::string note GUARDED_BY(mutex);
  std::string not_yet GUARDED_BY(mutex);  // why the head is not published
  std::optional<Error> diverged GUARDED_BY(mutex);
  std::optional<Error> stopped GUARDED_BY(mutex);
  bool ending GUARDED_BY(mutex) = false;
  std::chrono::steady_clock::time_point retry_at{};  // the thread's
  std::thread thread;
};

std::optional<Error> Sequencer::State::Refusal() {
  if (stopped) return stopped;
  if (diverged) return diverged;
  if (ending) return Unavailable("log " + log.origin() + ": is shutting down; ask again");
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

std::vector<std::string> Sequencer::State::TakeBatch() {
  std::vector<std::string> leaves;
  MutexLock lock(mutex);
  if (diverged) {  // their callers have been refused
    queue.clear();
    queued.clear();
  }
  while (!queue.empty() && leaves.size() < kBatchLeavesMax) {
    if (!log.Find(queue.front().hash)) leaves.push_back(std::move(queue.front().leaf));
    queued.erase(queue.front().hash);
    queue.pop_front();
  }
  return leaves;
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
  WitnessPanel::Answers answers = panel.Ask(log, head, *signed_note, options.cosignatures_needed);
  const std::string problems = Join(answers.problems, "; ");
  if (!problems.empty()) Report(problems);
  if (answers.diverged) {
    Report(answers.diverged->message);
    MutexLock lock(mutex);
    diverged = std::move(answers.diverged);
    progress.notify_all();
    return;
  }
  if (answers.lines.size() < options.cosignatures_needed) {
    MutexLock lock(mutex);
    not_yet = std::to_string(answers.lines.size()) + " of " +
              std::to_string(options.cosignatures_needed) + " cosignatures; " + problems;
    return;
  }
  for (NoteSignature& line : answers.lines) signed_note->signatures.push_back(std::move(line));
  const std::string bytes = WriteNote(*signed_note);
  if (Status done = log.Publish(head, bytes); !done) return StopAll(done.error());
  MutexLock lock(mutex);
  published = head;
  note = bytes;
  progress.notify_all();
}

void Sequencer::State::Run() {
  while (true) {
    bool behind = false;
    {
      MutexLock lock(mutex);
      while (!HasWork()) lock.WaitFor(work, std::min(kWaitStep, options.retry_after));
      if (ending || stopped) return;
      behind = Behind();
    }
    const std::vector<std::string> leaves = TakeBatch();
    if (!leaves.empty()) {
      if (auto committed = log.Commit(leaves); !committed) return StopAll(committed.error());
      behind = true;
    }
    if (behind) PublishHead();
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
  State* const running = state.get();
  state->thread = std::thread([running] { running->Run(); });
  return std::unique_ptr<Sequencer>(new Sequencer(std::move(state)));
}

const std::string& Sequencer::log_id() const { return state_->log_id; }

Result<Placement> Sequencer::Append(const std::string& leaf) {
  State& state = *state_;
  if (leaf.empty() || leaf.size() > kEntryBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "log entry of " + std::to_string(leaf.size()) +
                                                " bytes, want 1 to " +
                                                std::to_string(kEntryBytesMax)};
  }
  const Digest hash = LeafHash(leaf);
  const auto deadline = std::chrono::steady_clock::now() + state.options.answer_within;
  const bool known = state.log.Find(hash).has_value();
  if (!known) RETURN_IF_ERROR(state.log.CheckWritable());
  Placement placement;
  {
    MutexLock lock(state.mutex);
    if (!known) {
      if (auto refusal = state.Refusal()) return *refusal;
      if (state.queue.size() >= kPendingLeavesMax) {
        return Unavailable("log " + state.log.origin() + ": too many entries wait; ask again");
      }
      if (state.queued.insert(hash).second) state.queue.push_back({hash, leaf});
      state.work.notify_all();
    }
    while (true) {
      const auto index = state.log.Find(hash);
      if (index && *index < state.published.size) {
        placement.index = *index;
        placement.checkpoint = state.published;
        placement.note = state.note;
        break;
      }
      if (auto refusal = state.Refusal()) return *refusal;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) {
        return Unavailable("log " + state.log.origin() + ": entry is " +
                           (index ? "stored under index " + std::to_string(*index) : "taken") +
                           " but not witnessed yet (" + state.not_yet + "); ask again");
      }
      lock.WaitFor(state.progress, std::min(left, kWaitStep));
    }
  }
  ASSIGN_OR_RETURN(placement.inclusion,
                   state.log.Inclusion(placement.index, placement.checkpoint.size));
  return placement;
}

}  // namespace farm
