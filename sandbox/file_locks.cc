#include "sandbox/file_locks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace sandbox {
namespace {

// A look takes one part in so many of the time.
constexpr std::int64_t kShare = 20;
// Others' are in the list, too: nobody makes us read for ever.
constexpr std::int64_t kLinesMax = 2 * kFileLocksMax;
constexpr std::size_t kReadBytes = 65536;

}  // namespace

FileLocks FileLocks::Open(const Spec& spec, UniqueFd list) {
  FileLocks locks;
  locks.list_ = std::move(list);
  for (const char* path : {"/", "/build", "/tmp", "/dev/pts", "/dev"}) {
    struct stat status = {};
    bool is_hosts = path == std::string_view("/build") && !spec.work_directory.empty();
    if (!is_hosts && stat(path, &status) == 0) locks.devices_.push_back(status.st_dev);
  }
  return locks;
}

// "1: POSIX  ADVISORY  WRITE 12 00:2f:7 0 EOF": of whom, on which file; who waits has a "->" more.
// A taker of another namespace is left out of the list. An open file description is nobody's.
bool FileLocks::IsOurs(const std::string& line) const {
  std::vector<std::string> words = Split(line, ' ');
  std::erase(words, "");
  std::erase(words, "->");
  if (words.size() < 6) return false;
  if (words[4] != "-1") return true;
  unsigned major_number = 0, minor_number = 0;
  if (std::sscanf(words[5].c_str(), "%x:%x:", &major_number, &minor_number) != 2) return true;
  return std::find(devices_.begin(), devices_.end(), makedev(major_number, minor_number)) !=
         devices_.end();
}

Result<std::int64_t> FileLocks::Count() {
  std::int64_t began = NowMilliseconds();
  if (!list_.valid() || began < next_look_) return count_;
  if (lseek(list_.get(), 0, SEEK_SET) != 0) return SystemError("reading /proc/locks");
  std::vector<char> buffer(kReadBytes);
  std::string rest;
  std::int64_t found = 0;
  std::int64_t lines = 0;
  while (found <= kFileLocksMax && lines <= kLinesMax) {
    ssize_t count = read(list_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("reading /proc/locks");
    if (count == 0) break;
    rest.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      ++lines;
      if (IsOurs(rest.substr(begin, end - begin))) ++found;
    }
    rest.erase(0, begin);
  }
  count_ = std::min(found, kFileLocksMax + 1);
  next_look_ = NowMilliseconds() + (NowMilliseconds() - began) * kShare;
  return count_;
}

}  // namespace sandbox
