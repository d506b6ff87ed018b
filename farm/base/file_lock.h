// FileLock: a lock file that one process at a time holds, so that nobody writes beside it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

constexpr std::chrono::seconds kLockWaitMax{60};  // a hundred verdicts, one after the other

// Gone with the object, and with the process however that ends; the file stays and is empty.  What
// is held is the file that has the name when it is given: one that was replaced while somebody
// waited for it is let go of, and the new one is waited for.  Nobody sees that it is gone while he
// holds it: whoever removes it lets in another.
class FileLock {
 public:
  // Makes the file where it is missing, gives it mode 0600, and does not wait.  A link is refused.
  // Errors: kUnavailable (cannot be opened, is replaced again and again, or held by another
  // process; then `held` says by which).
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
  static Result<FileLock> Acquire(const std::string& path,
                                  const std::function<Status(const FileLock&)>& take);
  Status Wait(const std::string& path, std::chrono::milliseconds limit,
              std::chrono::steady_clock::time_point end) const;
  // The file is still the one that has the name.
  bool Is(const std::string& path) const;
  int descriptor_;
};

}  // namespace farm
