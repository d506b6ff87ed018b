// FileLock: a lock file that one process at a time holds, so that nobody writes beside it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

constexpr std::chrono::seconds kLockWaitMax{60};  // a hundred verdicts, one after the other

// Gone with the object, and with the process however that ends; the file stays and is empty.
class FileLock {
 public:
  // Makes the file where it is missing, gives it mode 0600, and does not wait.  A link is refused.
  // Errors: kUnavailable (cannot be opened, or held by another process; then `held` says by which).
  static Result<FileLock> Take(const std::string& path, std::string_view held);
  // The same, but waits up to `limit` for whoever holds it.  Only the file's owner can open it, so
  // nobody else can hold it: never lock what others can read.
  // Errors: kUnavailable (cannot be opened, or is still held).
  static Result<FileLock> WaitFor(const std::string& path, std::chrono::milliseconds limit);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  static Result<FileLock> Open(const std::string& path);
  Status Wait(const std::string& path, std::chrono::milliseconds limit) const;
  int descriptor_;
};

}  // namespace farm
