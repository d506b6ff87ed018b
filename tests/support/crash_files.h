// CrashFiles: the file system of tests that lose power, fill the disk or fail a sync.
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

namespace farm {

// Real files, with a model of what a power cut would leave of them: bytes count once their file was
// synced, names once their directory was.  What was there before, and what others put there, stays.
// Keeps all bytes in memory: for small files.  Thread-safe.
class CrashFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;

  // So many more operations succeed; from then on all fail, as they do for a program whose machine
  // is going down.  `persisted`: the first that fails takes effect all the same ("failed but
  // persisted").
  void DieAfter(std::uint64_t operations, bool persisted);
  // After so many more bytes the disk is full.
  void FillAfter(std::uint64_t bytes);
  // All works again, and nothing is lost: another program starts.
  void Revive();
  // The same after a power cut: only what was synced is still there.
  Status PowerCut();
  // So far, those that failed among them.
  std::uint64_t operations() const;

 private:
  struct Inode {
    std::string live;
    std::string synced;
  };
  class File;
  // What an operation that begins now must do.
  struct Fate {
    bool acts = true;
    bool fails = false;
  };
  Fate Begin() REQUIRES(mutex_);
  Error Died(const std::string& path) const;
  // Takes in a file that was there before.
  void Adopt(const std::string& path) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint64_t operations_ GUARDED_BY(mutex_) = 0;
  std::optional<std::uint64_t> dies_at_ GUARDED_BY(mutex_);
  bool persisted_ GUARDED_BY(mutex_) = false;
  std::uint64_t bytes_left_ GUARDED_BY(mutex_) = UINT64_MAX;
  std::map<std::string, std::shared_ptr<Inode>> live_ GUARDED_BY(mutex_);     // shared: hard links
  std::map<std::string, std::shared_ptr<Inode>> durable_ GUARDED_BY(mutex_);  // of both name spaces
  std::set<std::string> live_directories_ GUARDED_BY(mutex_);
  std::set<std::string> durable_directories_ GUARDED_BY(mutex_);
};

}  // namespace farm
