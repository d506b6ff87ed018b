// CrashFiles: the file system of tests that lose power, fill the disk or fail a sync.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/mutex.h"

namespace farm {

// What survives a power cut beside what was synced: of the operations that no sync has made
// durable, the first so many in the order in which they were done, and half the bytes of the next
// if it is a write that was torn.
struct UnsyncedKept {
  std::size_t first = 0;
  bool torn_next = false;
};

// What no sync has made durable.
struct Unsynced {
  std::size_t count = 0;       // of operations
  bool torn_possible = false;  // whether the first operation that was not kept is a write
};

// Where tests of CrashFiles have their folder: in memory if this machine has such a place, as no
// test of what a crash leaves depends on the disk; else "".
std::string PlaceInMemory();

// Real files, with a model of what a power cut would leave of them: bytes count once their file was
// synced, names once their directory was.  What was there before, and what others put there, stays.
// A directory that was moved must be synced by its parent before names in it are.
// Keeps all bytes in memory: for small files.  Thread-safe.
class CrashFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) override;
  Result<std::unique_ptr<WritableFile>> CreateSecret(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Exchange(const std::string& one, const std::string& other) override;
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
  // The same after a power cut: only what was synced is still there, and what is kept beside it.
  Status PowerCut(const UnsyncedKept& kept);
  Status PowerCut() { return PowerCut({}); }
  // So far, those that failed among them.
  std::uint64_t operations() const;
  // What a power cut would lose now.
  Unsynced UnsyncedAt(const UnsyncedKept& kept) const;

 private:
  struct Inode {
    std::string live;
    std::string synced;
  };
  // A directory has another name, or two have each other's.
  struct Move {
    std::string from = {};  // "": nothing was moved
    std::string to = {};
    bool both = false;
    std::string After(const std::string& path) const;
    template <typename T>
    std::map<std::string, T> After(const std::map<std::string, T>& names) const {
      std::map<std::string, T> after;
      for (const auto& [path, named] : names) after.emplace(After(path), named);
      return after;
    }
    std::set<std::string> After(const std::set<std::string>& names) const {
      std::set<std::string> after;
      for (const std::string& path : names) after.insert(After(path));
      return after;
    }
  };
  // What one operation has changed, as far as no sync has made it durable.
  struct Change {
    std::shared_ptr<Inode> inode = nullptr;  // the file that it has cleared or written to
    bool clears = false;
    std::string bytes = {};
    // What paths name from then on; null: nothing any more.
    std::map<std::string, std::shared_ptr<Inode>> names = {};
    std::string directory = {};  // that it has made or removed
    bool removes = false;
    Move move = {};
    // Whose entry it has changed: which sync makes it durable.  "": of names, or of none.
    std::string ParentOfDirectory() const;
  };
  class File;
  // What an operation that begins now must do.
  struct Fate {
    bool acts = true;
    bool fails = false;
  };
  Fate Begin() REQUIRES(mutex_);
  Error Died(const std::string& path) const;
  // Create, by whatever makes the real file.
  Result<std::unique_ptr<WritableFile>> CreateBy(
      const std::function<Result<std::unique_ptr<WritableFile>>()>& create,
      const std::string& path);
  // Takes in a file that was there before.
  void Adopt(const std::string& path) REQUIRES(mutex_);
  void AdoptDirectory(const std::string& path) REQUIRES(mutex_);
  Status MoveDirectory(const Move& move) REQUIRES(mutex_);
  void MakeDirectoriesDurable(const std::string& parent) REQUIRES(mutex_);
  void MakeNamesDurable(const std::string& directory) REQUIRES(mutex_);
  void Keep(const Change& change) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint64_t operations_ GUARDED_BY(mutex_) = 0;
  std::optional<std::uint64_t> dies_at_ GUARDED_BY(mutex_);
  bool persisted_ GUARDED_BY(mutex_) = false;
  std::uint64_t bytes_left_ GUARDED_BY(mutex_) = UINT64_MAX;
  std::map<std::string, std::shared_ptr<Inode>> live_ GUARDED_BY(mutex_);     // shared: hard links
  std::map<std::string, std::shared_ptr<Inode>> durable_ GUARDED_BY(mutex_);  // of both name spaces
  std::set<std::string> live_directories_ GUARDED_BY(mutex_);
  std::set<std::string> durable_directories_ GUARDED_BY(mutex_);
  std::vector<Change> unsynced_ GUARDED_BY(mutex_);
};

// A power cut after so many operations.
struct Cut {
  std::uint64_t operations = 0;
  UnsyncedKept kept;
};
std::string TextOf(const Cut& cut);  // for people
// Tries every cut of a program that does so many operations: after each of them, with every number
// of unsynced ones kept, torn writes among them.  `attempt` lets the program run into the cut, then
// checks what is left.  Returns how many it has tried.
std::size_t TryEveryCut(std::uint64_t operations,
                        const std::function<Unsynced(const Cut&)>& attempt);

}  // namespace farm
