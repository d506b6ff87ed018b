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

  // The next answer is lost after the state was kept.
  void LoseNextAnswer();
  void SetDown(bool down);
  void SetClock(UnixSeconds now);
  // Pretends to have seen a tree.
  void Pretend(const Checkpoint& seen);
  std::uint64_t seen_size();
  int asked();

 private:
  const std::string name_;
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kEd25519);
  Mutex mutex_;
  std::optional<Checkpoint> seen_ GUARDED_BY(mutex_);
  bool lose_next_ GUARDED_BY(mutex_) = false;
  bool down_ GUARDED_BY(mutex_) = false;
  int asked_ GUARDED_BY(mutex_) = 0;
  UnixSeconds time_ GUARDED_BY(mutex_) = 1'700'000'000;
};

}  // namespace farm
