#include "farm/log/testing.h"

#include "farm/evidence/merkle.h"

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
      inode_->live += bytes;
      RETURN_IF_ERROR(file_->Append(bytes));
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

Result<std::unique_ptr<WritableFile>> CrashFiles::Create(const std::string& path, bool truncate) {
  MutexLock lock(mutex_);
  const Fate fate = Begin();
  if (!fate.acts) return Died(path);
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
    RETURN_IF_ERROR(RealFileSystem().MakeDirectory(path));
    live_directories_.insert(path);
  }
  if (fate.fails) return Died(path);
  return {};
}

void CrashFiles::DieAt(std::uint64_t operation, bool persisted) {
  MutexLock lock(mutex_);
  dies_at_ = operation;
  persisted_ = persisted;
}

std::uint64_t CrashFiles::operations() const {
  MutexLock lock(mutex_);
  return operations_;
}

Status CrashFiles::PowerCut() {
  MutexLock lock(mutex_);
  dies_at_.reset();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(root_));
  for (const std::string& name : names) RETURN_IF_ERROR(RemoveTree(JoinPath(root_, name)));
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

FakeWitness::FakeWitness(std::string name) : name_(std::move(name)) {}

ConfiguredWitness FakeWitness::Configured() {
  return {{name_, key_.public_key()},
          [this](const std::string& body) -> Result<HttpReply> {
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
