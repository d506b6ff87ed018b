#include "farm/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace farm {
namespace {

constexpr std::chrono::milliseconds kPause{20};  // little beside a verdict
constexpr int kReplacedMax = 100;                // who does so more often does nothing else

}  // namespace

Result<FileLock> FileLock::Open(const std::string& path) {
  FileLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ >= 0) {
    // Somebody may have opened it to others since (chmod -R); whose it is not cannot, and need not.
    (void)fchmod(lock.descriptor_, 0600);
    return lock;
  }
  return Error{ErrorCode::kUnavailable, "opening " + path + ": " + std::strerror(errno)};
}

bool FileLock::Is(const std::string& path) const {
  struct stat held {};
  struct stat named {};
  return fstat(descriptor_, &held) == 0 && lstat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

// The kernel would wait without an end.
Status FileLock::Wait(const std::string& path, std::chrono::milliseconds limit,
                      std::chrono::steady_clock::time_point end) const {
  while (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      return Error{ErrorCode::kUnavailable, "locking " + path + ": " + std::strerror(errno)};
    }
    if (std::chrono::steady_clock::now() >= end) {
      return Error{ErrorCode::kUnavailable, path + ": another process has held its lock for " +
                                                std::to_string(limit.count()) +
                                                " ms; end that one (lslocks shows it)"};
    }
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

Result<FileLock> FileLock::Take(const std::string& path, std::string_view held) {
  return Acquire(path, [&](const FileLock& lock) -> Status {
    if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return {};
    return Error{ErrorCode::kUnavailable, path + ": " + std::string(held)};
  });
}

Result<FileLock> FileLock::WaitFor(const std::string& path, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  return Acquire(path, [&](const FileLock& lock) { return lock.Wait(path, limit, end); });
}

// Who cleans up removes the file, and the next one makes another: a lock on the old one shuts
// nobody out.
Result<FileLock> FileLock::Acquire(const std::string& path,
                                   const std::function<Status(const FileLock&)>& take) {
  for (int replaced = 0; replaced < kReplacedMax; ++replaced) {
    ASSIGN_OR_RETURN(FileLock lock, Open(path));
    RETURN_IF_ERROR(take(lock));
    if (lock.Is(path)) return lock;
  }
  return Error{ErrorCode::kUnavailable,
               "locking " + path + ": it is replaced by another file again and again"};
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
