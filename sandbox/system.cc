#include "sandbox/system.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <ctime>
#include <system_error>

namespace sandbox {
namespace {

// Little, for each process here is new and pays for every page of its stack.
constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kStatusBytesMax = 65536;

}  // namespace

pid_t Clone(std::uint64_t flags, int* pidfd, int cgroup) {
  clone_args arguments = {};
  arguments.flags = flags;
  if (cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(cgroup);
  }
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

int OpenAt2(int directory, const char* path, int flags, mode_t mode, std::uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = mode;
  how.resolve = resolve;
  return static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how));
}

int PidfdOpen(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

int PidfdSendSignal(int pidfd, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

int CapabilitiesSet(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (int i = 0; i < 2; ++i) {
    data[i].effective = static_cast<std::uint32_t>(effective >> (32 * i));
    data[i].permitted = static_cast<std::uint32_t>(permitted >> (32 * i));
    data[i].inheritable = static_cast<std::uint32_t>(inheritable >> (32 * i));
  }
  return static_cast<int>(syscall(SYS_capset, &header, data));
}

int CapabilitiesGet(std::uint64_t* effective, std::uint64_t* permitted,
                    std::uint64_t* inheritable) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  *effective = data[0].effective | std::uint64_t{data[1].effective} << 32;
  *permitted = data[0].permitted | std::uint64_t{data[1].permitted} << 32;
  *inheritable = data[0].inheritable | std::uint64_t{data[1].inheritable} << 32;
  return 0;
}

Status CloseAllExcept(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = 3;
  bool closed = true;
  for (int fd : keep) {
    if (fd < 3) continue;
    unsigned kept = static_cast<unsigned>(fd);
    if (kept > first) closed = close_range(first, kept - 1, 0) == 0 && closed;
    first = kept + 1;
  }
  closed = close_range(first, ~0U, 0) == 0 && closed;
  return closed ? Status() : SystemError("close_range (a container must allow it)");
}

Result<std::string> ReadAll(int fd, std::size_t bytes_max) {
  std::string text;
  char buffer[kReadBytes];
  while (true) {
    ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read");
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > bytes_max) return Status::Failed("more bytes than allowed");
  }
}

Result<std::string> ReadFile(const char* path, std::size_t bytes_max) {
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return SystemError(std::string("opening ") + path);
  return ReadAll(fd.get(), bytes_max);
}

Result<std::uint64_t> StatusMask(std::string_view name) {
  Result<std::string> text = ReadFile("/proc/self/status", kStatusBytesMax);
  if (!text.ok()) return text.status();
  for (const std::string& line : Split(*text, '\n')) {
    if (line.rfind(name, 0) != 0 || line.compare(name.size(), 2, ":\t") != 0) continue;
    std::uint64_t mask = 0;
    const char* begin = line.data() + name.size() + 2;
    const char* end = line.data() + line.size();
    auto [read, error] = std::from_chars(begin, end, mask, 16);
    if (error == std::errc() && read == end && begin != end) return mask;
  }
  return Status::Failed("/proc/self/status does not say " + std::string(name));
}

Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

std::int64_t NowMilliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool ParseNumber(std::string_view text, std::uint64_t max, std::uint64_t* value, int base) {
  if (text.empty()) return false;
  std::uint64_t number = 0;
  for (char c : text) {
    int digit = c - '0';
    if (digit < 0 || digit >= base) return false;
    if (number > (max - static_cast<std::uint64_t>(digit)) / static_cast<std::uint64_t>(base)) {
      return false;
    }
    number = number * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit);
  }
  *value = number;
  return number <= max;
}

}  // namespace sandbox
