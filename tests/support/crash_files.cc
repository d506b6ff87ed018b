#include "tests/support/crash_files.h"

#include <utility>

namespace farm {

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
    if (fate.acts) inode_->synced = inode_->live;
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

Result<std::unique_ptr<WritableFile>> CrashFiles::Create(const std::string& path, bool truncate) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (!fate.acts) return Died(path);
  Adopt(path);
  ASSIGN_OR_RETURN(auto file, RealFileSystem().Create(path, truncate));
  std::shared_ptr<Inode>& inode = live_[path];
  if (!inode) inode = std::make_shared<Inode>();
  inode->live.clear();
  if (fate.fails) return Died(path);
  return std::unique_ptr<WritableFile>(new File(*this, path, inode, std::move(file)));
}

Status CrashFiles::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) {
    Adopt(from);
    Adopt(to);
    RETURN_IF_ERROR(RealFileSystem().Rename(from, to));
    live_[to] = live_.at(from);
    live_.erase(from);
  }
  if (fate.fails) return Died(to);
  return {};
}

Status CrashFiles::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) {
    Adopt(path);
    RETURN_IF_ERROR(RealFileSystem().Remove(path));
    live_.erase(path);
  }
  if (fate.fails) return Died(path);
  return {};
}

Status CrashFiles::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) {
    const auto inside = [&](const std::string& name) { return DirectoryName(name) == path; };
    std::erase_if(durable_, [&](const auto& item) { return inside(item.first); });
    for (const auto& [name, inode] : live_) {
      if (inside(name)) durable_[name] = inode;
    }
    for (const std::string& name : live_directories_) {
      if (inside(name)) durable_directories_.insert(name);
    }
  }
  if (fate.fails) return Died(path);
  return {};
}

Status CrashFiles::MakeDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (fate.acts) {
    if (!FileExists(path)) live_directories_.insert(path);
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

Status CrashFiles::PowerCut() {
  MutexLock lock(mutex_);
  dies_at_.reset();
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

}  // namespace farm
