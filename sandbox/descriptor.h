#pragma once

#include <unistd.h>

#include <string_view>
#include <utility>

#include "sandbox/status.h"

namespace sandbox {

// Owns one file descriptor; -1 owns nothing.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    int fd = other.release();
    reset();
    fd_ = fd;
    return *this;
  }
  ~UniqueFd() { reset(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (valid()) close(release());
  }

 private:
  int fd_ = -1;
};

// Opens the existing file `path` for writing and writes `text` with one call, as /proc and
// /sys/fs/cgroup want it.
Status WriteControlFile(int directory, const char* path, std::string_view text);

}  // namespace sandbox
