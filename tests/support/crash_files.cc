#include "tests/support/crash_files.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace farm {

std::string PlaceInMemory() {
  const std::string place = "/dev/shm";
  return access(place.c_str(), W_OK) == 0 ? place : "";
}

namespace {

bool IsDirectory(const std::string& path) {
  return std::filesystem::is_directory(std::filesystem::symlink_status(path));
}

}  // namespace

std::string CrashFiles::Move::After(const std::string& path) const {
  const auto behind = [&](const std::string& directory) -> std::optional<std::string> {
    if (path == directory || path.starts_with(directory + "/")) {
      return path.substr(directory.size());
    }
    return std::nullopt;
  };
  if (const auto rest = behind(from)) return to + *rest;
  if (const auto rest = behind(to); rest && both) return from + *rest;
  return path;
}

std::string CrashFiles::Change::ParentOfDirectory() const {
  if (!move.from.empty()) return DirectoryName(move.from);
  return directory.empty() ? "" : DirectoryName(directory);
}

class CrashFiles::File final : public WritableFile {
 public:
  File(CrashFiles& owner, std::string path, std::shared_ptr<Inode> inode,
       std::unique_ptr<WritableFile> file)
      : owner_(owner), path_(std::move(path)), inode_(std::move(inode)), file_(std::move(file)) {}

  Status Append(std::string_view bytes) override {
    MutexLock lock(owner_.mutex_);
    const Fate fate = owner_.Begin();
    if (fate.acts) {
      const std::string_view fits = bytes.substr(0, owner_.bytes_left_);
      owner_.bytes_left_ -= fits.size();
      inode_->live += fits;
      owner_.unsynced_.push_back({.inode = inode_, .bytes = std::string(fits)});
      RETURN_IF_ERROR(file_->Append(fits));
      if (fits.size() < bytes.size()) {
        return Error{ErrorCode::kUnavailable, path_ + ": No space left on device"};
      }
    }
    if (fate.fails) return owner_.Died(path_);
    return {};
  }

  Status Sync() override {
    MutexLock lock(owner_.mutex_);
    const Fate fate = owner_.Begin();
    if (fate.acts) {
      inode_->synced = inode_->live;
      std::erase_if(owner_.unsynced_, [&](const Change& one) { return one.inode == inode_; });
    }
    if (fate.fails) return owner_.Died(path_);
    return {};
  }

 private:
  CrashFiles& owner_;
  const std::string path_;
  const std::shared_ptr<Inode> inode_;
  const std::unique_ptr<WritableFile> file_;
};

CrashFiles::Fate CrashFiles::Begin() {
  const std::uint64_t operation = operations_++;
  if (!dies_at_ || operation < *dies_at_) return {};
  return {persisted_ && operation == *dies_at_, true};
}

Error CrashFiles::Died(const std::string& path) const {
  return {ErrorCode::kUnavailable, path + ": Input/output error"};
}

void CrashFiles::Adopt(const std::string& path) {
  if (live_.contains(path)) return;
  auto bytes = ReadFile(path, UINT64_MAX);
  if (!bytes) return;
  live_[path] = durable_[path] = std::make_shared<Inode>(Inode{*bytes, *bytes});
}

void CrashFiles::AdoptDirectory(const std::string& path) {
  if (live_directories_.insert(path).second) durable_directories_.insert(path);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    const std::string below = entry.path();
    if (!IsDirectory(below)) {
      Adopt(below);
    } else if (live_directories_.insert(below).second) {
      durable_directories_.insert(below);
    }
  }
}

Status CrashFiles::MoveDirectory(const Move& move) {
  CHECK(DirectoryName(move.from) == DirectoryName(move.to));
  AdoptDirectory(move.from);
  if (move.both) AdoptDirectory(move.to);
  RETURN_IF_ERROR(move.both ? RealFileSystem().Exchange(move.from, move.to)
                            : RealFileSystem().Rename(move.from, move.to));
  live_ = move.After(live_);
  live_directories_ = move.After(live_directories_);
  unsynced_.push_back({.move = move});
  return {};
}

Result<std::unique_ptr<WritableFile>> CrashFiles::Create(const std::string& path, bool truncate) {
  return CreateBy([&] { return RealFileSystem().Create(path, truncate); }, path);
}

Result<std::unique_ptr<WritableFile>> CrashFiles::CreateSecret(const std::string& path) {
  return CreateBy([&] { return RealFileSystem().CreateSecret(path); }, path);
}

Result<std::unique_ptr<WritableFile>> CrashFiles::CreateBy(
    const std::function<Result<std::unique_ptr<WritableFile>>()>& create, const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (!fate.acts) return Died(path);
  Adopt(path);
  ASSIGN_OR_RETURN(auto file, create());
  std::shared_ptr<Inode>& inode = live_[path];
  if (!inode) {
    inode = std::make_shared<Inode>();
    unsynced_.push_back({.names = {{path, inode}}});
  } else if (!inode->live.empty()) {
    inode->live.clear();
    unsynced_.push_back({.inode = inode, .clears = true});
  }
  if (fate.fails) return Died(path);
  return std::unique_ptr<WritableFile>(new File(*this, path, inode, std::move(file)));
}

Status CrashFiles::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts && IsDirectory(from)) {
    RETURN_IF_ERROR(MoveDirectory({from, to, false}));
  } else if (fate.acts) {
    Adopt(from);
    Adopt(to);
    RETURN_IF_ERROR(RealFileSystem().Rename(from, to));
    live_[to] = live_.at(from);
    live_.erase(from);
    unsynced_.push_back({.names = {{from, nullptr}, {to, live_[to]}}});
  }
  if (fate.fails) return Died(to);
  return {};
}

Status CrashFiles::Exchange(const std::string& one, const std::string& other) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  CHECK(IsDirectory(one) && IsDirectory(other));  // all that anybody exchanges
  if (fate.acts) RETURN_IF_ERROR(MoveDirectory({one, other, true}));
  if (fate.fails) return Died(other);
  return {};
}

Status CrashFiles::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts && IsDirectory(path)) {
    AdoptDirectory(path);
    RETURN_IF_ERROR(RealFileSystem().Remove(path));
    live_directories_.erase(path);
    unsynced_.push_back({.directory = path, .removes = true});
  } else if (fate.acts) {
    Adopt(path);
    RETURN_IF_ERROR(RealFileSystem().Remove(path));
    live_.erase(path);
    unsynced_.push_back({.names = {{path, nullptr}}});
  }
  if (fate.fails) return Died(path);
  return {};
}

void CrashFiles::MakeDirectoriesDurable(const std::string& parent) {
  std::vector<Change> others;
  for (const Change& one : unsynced_) {
    CHECK(one.move.from.empty() || (parent != one.move.from && parent != one.move.to));
    if (one.ParentOfDirectory() != parent) {
      others.push_back(one);
      continue;
    }
    Keep(one);
    if (one.move.from.empty()) continue;
    // What was changed in it before is now found under its new name.
    for (Change& earlier : others) {
      earlier.names = one.move.After(earlier.names);
      earlier.directory = one.move.After(earlier.directory);
      earlier.move.from = one.move.After(earlier.move.from);
      earlier.move.to = one.move.After(earlier.move.to);
    }
  }
  unsynced_ = std::move(others);
}

void CrashFiles::MakeNamesDurable(const std::string& directory) {
  const auto inside = [&](const std::string& name) { return DirectoryName(name) == directory; };
  std::erase_if(durable_, [&](const auto& item) { return inside(item.first); });
  for (const auto& [name, inode] : live_) {
    if (inside(name)) durable_[name] = inode;
  }
  MakeDirectoriesDurable(directory);
  std::erase_if(unsynced_, [&](Change& one) {
    if (one.inode || !one.ParentOfDirectory().empty()) return false;
    std::erase_if(one.names, [&](const auto& item) { return inside(item.first); });
    return one.names.empty();
  });
}

Status CrashFiles::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) MakeNamesDurable(path);
  if (fate.fails) return Died(path);
  return {};
}

Status CrashFiles::MakeDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) {
    if (!FileExists(path)) {
      live_directories_.insert(path);
      unsynced_.push_back({.directory = path});
    }
    RETURN_IF_ERROR(RealFileSystem().MakeDirectory(path));
  }
  if (fate.fails) return Died(path);
  return {};
}

void CrashFiles::DieAfter(std::uint64_t operations, bool persisted) {
  MutexLock lock(mutex_);
  dies_at_ = operations_ + operations;
  persisted_ = persisted;
}

void CrashFiles::FillAfter(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  bytes_left_ = bytes;
}

void CrashFiles::Revive() {
  MutexLock lock(mutex_);
  dies_at_.reset();
  bytes_left_ = UINT64_MAX;
}

std::uint64_t CrashFiles::operations() const {
  MutexLock lock(mutex_);
  return operations_;
}

Unsynced CrashFiles::UnsyncedAt(const UnsyncedKept& kept) const {
  MutexLock lock(mutex_);
  return {unsynced_.size(), kept.first < unsynced_.size() && !unsynced_[kept.first].bytes.empty()};
}

void CrashFiles::Keep(const Change& change) {
  if (change.clears) change.inode->synced.clear();
  if (change.inode) change.inode->synced += change.bytes;
  for (const auto& [path, inode] : change.names) {
    if (inode) {
      durable_[path] = inode;
    } else {
      durable_.erase(path);
    }
  }
  if (change.removes) {
    durable_directories_.erase(change.directory);
  } else if (!change.directory.empty()) {
    durable_directories_.insert(change.directory);
  }
  if (change.move.from.empty()) return;
  durable_ = change.move.After(durable_);
  durable_directories_ = change.move.After(durable_directories_);
}

Status CrashFiles::PowerCut(const UnsyncedKept& kept) {
  MutexLock lock(mutex_);
  dies_at_.reset();
  const std::size_t first = std::min(kept.first, unsynced_.size());
  for (std::size_t i = 0; i < first; ++i) Keep(unsynced_[i]);
  if (kept.torn_next && first < unsynced_.size() && !unsynced_[first].bytes.empty()) {
    Change torn = unsynced_[first];
    torn.bytes.resize(torn.bytes.size() / 2);
    Keep(torn);
  }
  unsynced_.clear();
  for (const auto& [path, inode] : live_) RETURN_IF_ERROR(RealFileSystem().Remove(path));
  for (const std::string& path : live_directories_) {
    if (!durable_directories_.contains(path)) RETURN_IF_ERROR(RemoveTree(path));
  }
  live_.clear();
  live_directories_.clear();
  // Sorted: parents come before what is in them.
  for (const std::string& path : durable_directories_) {
    if (!FileExists(DirectoryName(path))) continue;
    RETURN_IF_ERROR(RealFileSystem().MakeDirectory(path));
    live_directories_.insert(path);
  }
  durable_directories_ = live_directories_;
  for (const auto& [path, inode] : durable_) {
    if (!FileExists(DirectoryName(path))) continue;
    inode->live = inode->synced;
    ASSIGN_OR_RETURN(const auto file, RealFileSystem().Create(path, true));
    RETURN_IF_ERROR(file->Append(inode->synced));
    live_[path] = inode;
  }
  durable_ = live_;
  return {};
}

std::string TextOf(const Cut& cut) {
  return "power cut after " + std::to_string(cut.operations) + " operations, " +
         std::to_string(cut.kept.first) + " unsynced ones kept" +
         (cut.kept.torn_next ? ", the next torn" : "");
}

std::size_t TryEveryCut(std::uint64_t operations,
                        const std::function<Unsynced(const Cut&)>& attempt) {
  std::size_t tried = 0;
  std::vector<std::size_t> counts;  // after so many operations
  for (std::uint64_t i = 0; i <= operations; ++i, ++tried) {
    counts.push_back(attempt({i, {.first = SIZE_MAX}}).count);
  }
  for (std::uint64_t i = 0; i <= operations; ++i) {
    // One more unsynced operation: what can be left now is among what can be left then.
    if (i < operations && counts[i + 1] == counts[i] + 1) continue;
    for (std::size_t first = 0; first < counts[i]; ++first, ++tried) {
      if (!attempt({i, {first, false}}).torn_possible) continue;
      (void)attempt({i, {first, true}});
      ++tried;
    }
  }
  return tried;
}

}  // namespace farm
