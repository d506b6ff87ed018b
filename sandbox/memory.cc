#include "sandbox/memory.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr int kPidfdThread = O_EXCL;  // Linux 6.9

void* Pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }

}  // namespace

pid_t ProcessOfThread(pid_t thread) {
  std::string path = "/proc/" + std::to_string(thread) + "/status";
  Result<std::string> status = ReadFile(path.c_str(), 65536);
  if (!status.ok()) return thread;
  constexpr std::string_view kKey = "\nTgid:\t";
  std::size_t at = status->find(kKey);
  return at == std::string::npos ? thread : std::atoi(status->c_str() + at + kKey.size());
}

bool ReadMemory(pid_t thread, std::uint64_t address, void* bytes, std::size_t size) {
  iovec here = {bytes, size};
  iovec there = {Pointer(address), size};
  return process_vm_readv(thread, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

bool WriteMemory(pid_t thread, std::uint64_t address, const void* bytes, std::size_t size) {
  iovec here = {const_cast<void*>(bytes), size};
  iovec there = {Pointer(address), size};
  return process_vm_writev(thread, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
}

bool ReadString(pid_t thread, std::uint64_t address, std::size_t size_max, std::string* text) {
  text->clear();
  while (text->size() < size_max) {
    // To the end of the page: the next one need not be there.
    char bytes[kPage];
    std::size_t size = std::min<std::size_t>(kPage - address % kPage, size_max - text->size());
    if (!ReadMemory(thread, address, bytes, size)) return false;
    const void* end = std::memchr(bytes, 0, size);
    if (end != nullptr) {
      text->append(static_cast<const char*>(bytes), static_cast<const char*>(end));
      return true;
    }
    text->append(bytes, size);
    address += size;
  }
  return false;
}

UniqueFd CopyDescriptor(pid_t thread, pid_t process, int descriptor) {
  UniqueFd pidfd(PidfdOpen(process));
  if (!pidfd.valid()) {
    pidfd = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, thread, kPidfdThread)));
  }
  if (!pidfd.valid()) return UniqueFd();
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), descriptor, 0)));
}

}  // namespace sandbox
