// FakeWitness: a witness in memory, as far as a log sees one, with faults.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "farm/base/mutex.h"
#include "farm/crypto/key.h"
#include "farm/log/witness_panel.h"

namespace farm {

// Thread-safe.
class FakeWitness {
 public:
  explicit FakeWitness(std::string name);
  ConfiguredWitness Configured();
  HttpReply Handle(const std::string& body);
  HttpReply Latest(const std::string& path);

  // The next answer is lost after the state was kept.
  void LoseNextAnswer();
  void SetDown(bool down);
  void SetClock(UnixSeconds now);
  // Claims to have seen a tree, and shows no checkpoint of it.
  void Pretend(const Checkpoint& seen);
  // Has cosigned a tree that the log of this key has signed.
  void HasSeen(const Checkpoint& seen, const PrivateKey& log_key);
  // Answers the next requests for its latest checkpoint with this status.
  void RefuseLatest(int status);
  // What it serves as its latest checkpoint, "" if nothing.
  std::string latest();
  std::uint64_t seen_size();
  int asked();

 private:
  const std::string name_;
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  Mutex mutex_;
  std::optional<Checkpoint> seen_ GUARDED_BY(mutex_);
  std::string latest_ GUARDED_BY(mutex_);
  int refuse_latest_ GUARDED_BY(mutex_) = 0;
  bool lose_next_ GUARDED_BY(mutex_) = false;
  bool down_ GUARDED_BY(mutex_) = false;
  int asked_ GUARDED_BY(mutex_) = 0;
  UnixSeconds time_ GUARDED_BY(mutex_) = 1'700'000'000;
};

}  // namespace farm
