#include "farm/log/payload_store.h"

#include <algorithm>
#include <chrono>

#include "farm/evidence/dsse.h"
#include "farm/log/write_group.h"

namespace farm {
namespace {

constexpr std::size_t kPaeFileBytesMax = kPayloadBytesMax + 256;
constexpr std::size_t kGroupPayloadsMax = 128;        // open files; a process has 1024
constexpr std::chrono::milliseconds kWaitStep{1000};  // a missed notification costs no more
constexpr char kPart[] = ".part";  // one server has the folder, one caller stores
constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

std::string PayloadStore::Path(const Digest& digest) const {
  const std::string hex = digest.Hex();
  return JoinPath(JoinPath(directory_, hex.substr(0, 1)), hex);
}

std::string PayloadStore::OldPath(const Digest& digest) const {
  return JoinPath(directory_, digest.Hex());
}

Status PayloadStore::Prepare() {
  RETURN_IF_ERROR(files_.MakeDirectory(directory_));
  for (const char digit : kHexDigits) {
    RETURN_IF_ERROR(files_.MakeDirectory(JoinPath(directory_, std::string(1, digit))));
  }
  return files_.SyncDirectory(directory_);
}

std::vector<PayloadStore::Waiting*> PayloadStore::TakeGroup() {
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kGroupPayloadsMax));
  std::vector<Waiting*> group(waiting_.begin(), waiting_.begin() + count);
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return group;
}

Status PayloadStore::WriteAll(const std::map<std::string, std::string_view>& missing) {
  WriteGroup files(files_);
  for (const auto& [path, bytes] : missing) RETURN_IF_ERROR(files.Write(path + kPart, bytes));
  RETURN_IF_ERROR(files.Sync());
  // Only now: what has its name already is taken to be whole.
  for (const auto& [path, bytes] : missing) RETURN_IF_ERROR(files_.Rename(path + kPart, path));
  return {};
}

Status PayloadStore::Store(const std::vector<Waiting*>& group) {
  std::map<std::string, std::string_view> missing;
  WriteGroup names(files_);
  for (const Waiting* one : group) {
    const std::string path = Path(one->digest);
    const bool old = !FileExists(path) && FileExists(OldPath(one->digest));
    // Also of those that are there: whoever gave them their names may not have lived to sync them.
    names.AddDirectory(old ? directory_ : DirectoryName(path));
    if (!old && !FileExists(path)) missing.emplace(path, one->bytes);
  }
  if (Status written = WriteAll(missing); !written) {
    for (const auto& [path, bytes] : missing) (void)files_.Remove(path + kPart);
    return written;
  }
  return names.Sync();
}

Status PayloadStore::Put(const Digest& digest, std::string_view bytes) {
  Waiting mine{digest, bytes};
  {
    MutexLock lock(mutex_);
    waiting_.push_back(&mine);
  }
  while (true) {
    std::vector<Waiting*> group;
    {
      MutexLock lock(mutex_);
      while (busy_ && !mine.stored) lock.WaitFor(stored_, kWaitStep);
      if (mine.stored) return *mine.stored;
      busy_ = true;
      group = TakeGroup();
    }
    const Status stored = Store(group);
    MutexLock lock(mutex_);
    for (Waiting* one : group) one->stored = stored;
    busy_ = false;
    stored_.notify_all();
  }
}

Result<std::string> PayloadStore::Read(const Digest& digest) const {
  auto bytes = ReadFile(Path(digest), kPaeFileBytesMax);
  if (bytes || bytes.error().code != ErrorCode::kNotFound) return bytes;
  return ReadFile(OldPath(digest), kPaeFileBytesMax);
}

}  // namespace farm
