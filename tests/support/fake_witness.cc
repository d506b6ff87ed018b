#include "tests/support/fake_witness.h"

#include "farm/evidence/merkle.h"

namespace farm {

FakeWitness::FakeWitness(std::string name) : name_(std::move(name)) {}

ConfiguredWitness FakeWitness::Configured() {
  return {{name_, key_.public_key()}, [this](const std::string& body) -> Result<HttpReply> {
            HttpReply reply = Handle(body);
            if (reply.status == 0) return Error{ErrorCode::kUnavailable, name_ + ": no answer"};
            return reply;
          }};
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
  if (lose_next_) {
    lose_next_ = false;
    return {0, "", "", false};
  }
  const std::string lines = WriteNote({"x\n", {Cosign(note.text, name_, key_, ++time_)}});
  return {200, "text/plain", lines.substr(3), false};
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
