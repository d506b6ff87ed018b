// Test support for tile logs: a disk that loses what was not synced, and a witness with faults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/crypto/key.h"
#include "farm/log/witness_panel.h"

namespace farm {

// Files below one real directory, with a model of what a power cut would leave of them: bytes count
// once their file was synced, names once their directory was.  From operation `dies_at` on every
// operation fails, as it does for a program whose machine is going down.
class CrashFiles final : public FileSystem {
 public:
  explicit CrashFiles(std::string root) : root_(std::move(root)) {}

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;

  // The operation of this number (from 0) fails, and all after it.  `persisted`: the first of them
  // takes effect on disk all the same ("failed but persisted").
  void DieAt(std::uint64_t operation, bool persisted);
  std::uint64_t operations() const;
  // Puts the disk into the state after a power cut; afterwards all works again.
  Status PowerCut();

 private:
  struct Inode {
    std::string live;
    std::string synced;
  };
  class File;
  // False if the operation that begins now must do nothing; `fails` if it must report failure.
  struct Fate {
    bool acts = true;
    bool fails = false;
  };
  Fate Begin() REQUIRES(mutex_);
  Error Died(const std::string& path) const;

  const std::string root_;
  mutable Mutex mutex_;
  std::uint64_t operations_ GUARDED_BY(mutex_) = 0;
  std::optional<std::uint64_t> dies_at_ GUARDED_BY(mutex_);
  bool persisted_ GUARDED_BY(mutex_) = false;
  std::map<std::string, std::shared_ptr<Inode>> live_ GUARDED_BY(mutex_);     // shared: hard links
  std::map<std::string, std::shared_ptr<Inode>> durable_ GUARDED_BY(mutex_);  // of both name spaces
  std::set<std::string> live_directories_ GUARDED_BY(mutex_);
  std::set<std::string> durable_directories_ GUARDED_BY(mutex_);
};

// A witness in memory, as far as a log sees one.  Thread-safe.
class FakeWitness {
 public:
  explicit FakeWitness(std::string name);
  ConfiguredWitness Configured();
  HttpReply Handle(const std::string& body);

  // The next answer is lost after the state was kept.
  void LoseNextAnswer();
  void SetDown(bool down);
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
