// FileLock: a lock file, or a directory, that one process at a time holds, so that nobody writes
// beside it.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// Gone with the object, and with the process however that ends; the file stays and is empty.
class FileLock {
 public:
  // Makes the file (mode 0600) where it is missing, and does not wait.
  // Errors: kUnavailable (cannot be opened, or held by another process; then `held` says by which).
  static Result<FileLock> Take(const std::string& path, std::string_view held);
  // Of the directory itself, so that nothing is put into it; waits for whoever holds it.
  // Errors: kUnavailable.
  static Result<FileLock> WaitForDirectory(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace farm
