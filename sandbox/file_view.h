#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sandbox/family.h"
#include "sandbox/notifier.h"
#include "sandbox/spec.h"

namespace sandbox {

// The device and inode numbers that a command under a level of Determinism sees. A file gets the
// number of its path when it is first seen, and keeps it; two files never have one number.
class FileNumbers {
 public:
  // As it is shown: by the order of AddDevice; all that were not added are one.
  std::uint64_t ShownDevice(std::uint64_t device) const;
  void AddDevice(std::uint64_t device);

  struct Shown {
    std::uint64_t number = 0;
    bool is_own = false;  // lies where the command may write
  };
  std::optional<Shown> Find(std::uint64_t device, std::uint64_t inode) const;
  // `path`: where it lies, or any text that is the same in every run.
  Shown Add(std::uint64_t device, std::uint64_t inode, const std::string& path);

 private:
  std::map<std::uint64_t, std::uint64_t> devices_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Shown> shown_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> taken_;  // both as they are shown
};

// The files that a command sees: their numbers, the order of directories, and under kFull also
// times and sizes of what the file system may count as it likes. Lives in the stage's namespaces;
// used by one thread, the notifier's.
class FileView {
 public:
  // `family`: of kFull; null for kFixed.
  explicit FileView(Family* family) : family_(family) {}
  // Learns the devices of the stage's file systems, which are in place. `binds`: more places.
  void FindDevices(const std::vector<Bind>& binds);
  FileView(const FileView&) = delete;
  void AddHandlers(CallHandlers* handlers);

 private:
  // A file as a call names it.
  struct Name {
    int directory = -1;
    std::string path;
    bool follows = true;
    bool is_descriptor = false;  // `directory` itself
  };
  UniqueFd Open(const Call& call, const Name& name) const;
  Answer Look(const Call& call, const Name& name, struct statx* shown);
  // The same, written to `address` as a struct stat.
  Answer LookInOldForm(const Call& call, const Name& name, std::uint64_t address);
  void Show(const Call& call, const std::string& path, struct statx* status);
  void ShowAsFull(const FileNumbers::Shown& file, bool is_random_device, struct statx* status);
  Answer Stat(const Call& call, bool follows);
  Answer Fstat(const Call& call);
  Answer Newfstatat(const Call& call);
  Answer Statx(const Call& call);
  Answer Statfs(const Call& call, const std::string& place);
  Answer Getdents(const Call& call);
  std::uint64_t NumberOf(const Call& call, int directory, std::uint64_t device,
                         const std::string& path, const std::string& name, std::uint64_t inode);

  Family* family_;
  FileNumbers numbers_;
  std::uint64_t proc_device_ = 0;
  std::uint64_t random_device_ = 0;
};

// Where the open file is now; empty: it cannot be said.
std::string PathOf(int descriptor);

// Where in its directory an entry stands: "." and ".." first, all others by this number, which is
// the same on every machine; getdents64 continues from it. At most 2^40.
std::uint64_t DirectoryOrder(const std::string& name);

}  // namespace sandbox
