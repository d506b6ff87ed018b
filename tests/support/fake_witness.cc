#include "tests/support/fake_witness.h"

#include "farm/crypto/hash.h"
#include "farm/evidence/merkle.h"

namespace farm {

FakeWitness::FakeWitness(std::string name) : name_(std::move(name)) {}

ConfiguredWitness FakeWitness::Configured() {
  const auto answer = [this](HttpReply reply) -> Result<HttpReply> {
    if (reply.status == 0) return Error{ErrorCode::kUnavailable, name_ + ": no answer"};
    return reply;
  };
  return {{name_, key_.public_key()},
          [this, answer](const std::string& body) { return answer(Handle(body)); },
          [this, answer](const std::string& path) { return answer(Latest(path)); }};
}

HttpReply FakeWitness::Latest(const std::string& path) {
  MutexLock lock(mutex_);
  if (down_) return {0, "", "", false};
  if (refuse_latest_ != 0) return {refuse_latest_, "", "", false};
  if (latest_.empty()) return {404, "", "none", false};
  const std::string origin = ParseCheckpoint(ParseNote(latest_)->text)->origin;
  if (path != "/" + Sha256(origin).Hex() + "/checkpoint") return {404, "", "unknown log", false};
  return {200, "text/plain", latest_, false};
}

HttpReply FakeWitness::Handle(const std::string& body) {
  MutexLock lock(mutex_);
  ++asked_;
  if (down_) return {0, "", "", false};
  auto request = ParseAddCheckpoint(body);
  if (!request) return {400, "", request.error().message, false};
  const Note note = *ParseNote(request->note);
  const Checkpoint checkpoint = *ParseCheckpoint(note.text);
  const std::uint64_t size = seen_ ? seen_->size : 0;
  const Digest root = seen_ ? seen_->root : EmptyTreeRoot();
  if (request->old_size != size) {
    return {409, "text/x.tlog.size", std::to_string(size) + "\n", false};
  }
  if (!CheckConsistency(size, root, checkpoint.size, checkpoint.root, request->proof)) {
    return {422, "", "another history", false};
  }
  seen_ = checkpoint;
  const NoteSignature line = Cosign(note.text, name_, key_, ++time_);
  latest_ = WriteNote({note.text, {note.signatures.at(0), line}});
  if (lose_next_) {
    lose_next_ = false;
    return {0, "", "", false};
  }
  return {200, "text/plain", WriteNote({"x\n", {line}}).substr(3), false};
}

void FakeWitness::LoseNextAnswer() {
  MutexLock lock(mutex_);
  lose_next_ = true;
}

void FakeWitness::SetClock(UnixSeconds now) {
  MutexLock lock(mutex_);
  time_ = now;
}

void FakeWitness::SetDown(bool down) {
  MutexLock lock(mutex_);
  down_ = down;
}

void FakeWitness::Pretend(const Checkpoint& seen) {
  MutexLock lock(mutex_);
  seen_ = seen;
  latest_.clear();
}

void FakeWitness::HasSeen(const Checkpoint& seen, const PrivateKey& log_key) {
  MutexLock lock(mutex_);
  const std::string text = CheckpointText(seen);
  seen_ = seen;
  latest_ =
      WriteNote({text, {SignNote(text, seen.origin, log_key), Cosign(text, name_, key_, ++time_)}});
}

void FakeWitness::RefuseLatest(int status) {
  MutexLock lock(mutex_);
  refuse_latest_ = status;
}

std::string FakeWitness::latest() {
  MutexLock lock(mutex_);
  return latest_;
}

std::uint64_t FakeWitness::seen_size() {
  MutexLock lock(mutex_);
  return seen_ ? seen_->size : 0;
}

int FakeWitness::asked() {
  MutexLock lock(mutex_);
  return asked_;
}

}  // namespace farm
