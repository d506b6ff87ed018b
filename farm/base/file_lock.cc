#include "farm/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace farm {

Result<FileLock> FileLock::Take(const std::string& path, std::string_view held) {
  FileLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.descriptor_ < 0) {
    return Error{ErrorCode::kUnavailable, "opening " + path + ": " + std::strerror(errno)};
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kUnavailable, path + ": " + std::string(held)};
  }
  return lock;
}

Result<FileLock> FileLock::WaitForDirectory(const std::string& path) {
  FileLock lock(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.descriptor_ < 0) {
    return Error{ErrorCode::kUnavailable, "opening " + path + ": " + std::strerror(errno)};
  }
  while (flock(lock.descriptor_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    return Error{ErrorCode::kUnavailable, "locking " + path + ": " + std::strerror(errno)};
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace farm
