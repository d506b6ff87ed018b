#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

// What every hostile program says and returns. It prints one line and exits with one of these.
namespace behaviour {

constexpr uid_t kUnmapped = 65534;

enum Verdict : int {
  kRefused = 0,  // the harm was not possible
  kAllowed = 1,  // it was done
  kMissing = 2,  // the program's own condition is not there: a fault of the test
};

inline int Say(Verdict verdict, const char* what, const char* detail) {
  const char* const names[] = {"refused", "ALLOWED", "missing"};
  std::printf("%s: %s%s%s\n", names[verdict], what, *detail == '\0' ? "" : ": ", detail);
  std::fflush(stdout);
  return verdict;
}

inline int Refused(const char* what, const char* detail = "") {
  return Say(kRefused, what, detail);
}
inline int Allowed(const char* what, const char* detail = "") {
  return Say(kAllowed, what, detail);
}
inline int Missing(const char* what, const char* detail = "") {
  return Say(kMissing, what, detail);
}

// errno's name.
inline const char* ErrorName() {
  const char* name = strerrorname_np(errno);
  return name == nullptr ? "unknown error" : name;
}

// Something was left behind, and whether it does harm is to be seen from outside. Exits with 0, so
// that outputs are collected.
inline int Left(const char* what) {
  std::printf("left: %s\n", what);
  std::fflush(stdout);
  return 0;
}

// Whoever fills something up does not give up at the first refusal: so a watchdog sees it.
inline void Insist() { usleep(500000); }

inline int RefusedByKernel(const char* call) { return Refused(call, ErrorName()); }
inline int MissingByKernel(const char* call) { return Missing(call, ErrorName()); }

// Judges a system call by its result. An error that finds fault with the arguments proves nothing.
inline int Judge(const char* call, long result) {
  if (result != -1) return Allowed(call);
  if (errno == EFAULT || errno == EINVAL || errno == EBADF) return MissingByKernel(call);
  return RefusedByKernel(call);
}

// The same for what is left behind.
inline int Leave(const char* call, long result) {
  return result != -1 ? Left(call) : Judge(call, result);
}

// Judges a call that looks at the caller's rights first and then finds `error` in arguments that
// are wrong on purpose: nothing can happen, and that error says that it could have.
inline int JudgeRights(const char* call, long result, int error) {
  if (result != -1 || errno == error) return Allowed(call, "only the arguments were wrong");
  return RefusedByKernel(call);
}

// Whether the map of ids tells of another user namespace, in which this one is, and not of the
// host: then the host's root, whose /proc is, has no number here but the kernel's for nobody.
inline bool IsWithinAnother() {
  struct stat proc = {};
  return stat("/proc", &proc) == 0 && proc.st_uid == kUnmapped;
}

inline int JudgeOpen(const char* path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0600);
  return Judge(path, fd);
}

// Argument `index` (from 1) of the program.
inline const char* Word(int argc, char** argv, int index) {
  if (index >= argc) std::exit(Missing("an argument of the program"));
  return argv[index];
}
inline long Number(int argc, char** argv, int index) {
  return std::strtol(Word(argc, argv, index), nullptr, 10);
}

// Takes so many MiB of memory and keeps them for a second.
inline int TakeMemory(long mebibytes) {
  for (long i = 0; i < mebibytes; ++i) {
    void* memory =
        mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      Insist();
      return RefusedByKernel("mmap");
    }
    std::memset(memory, 1, 1 << 20);
  }
  sleep(1);
  return Allowed("mmap");
}

// The beginning of a file, ended by a NUL; NULs in it become spaces. -1 and errno if it cannot be
// read.
template <std::size_t kSize>
ssize_t ReadFile(const char* path, char (&text)[kSize]) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  std::size_t size = 0;
  ssize_t count = 0;
  while (size + 1 < kSize && (count = read(fd, text + size, kSize - 1 - size)) > 0) {
    size += static_cast<std::size_t>(count);
  }
  int error = errno;
  close(fd);
  errno = error;
  if (count < 0) return -1;
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '\0') text[i] = ' ';
  }
  text[size] = '\0';
  return static_cast<ssize_t>(size);
}

// The text of the secrets that the driver puts where nobody inside should come.
constexpr const char* kSecret = "secret-of-the-host";

// Judges by whether the file at `path` holds the secret.
inline int JudgeSecret(const char* path) {
  char text[4096];
  if (ReadFile(path, text) < 0) return RefusedByKernel(path);
  return std::strstr(text, kSecret) != nullptr ? Allowed(path, "read the secret")
                                               : Refused(path, "another file");
}

// Writes `text` into a new file or over an old one. False: errno says why.
inline bool WriteFile(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  bool written = write(fd, text, std::strlen(text)) >= 0;
  close(fd);
  return written;
}

}  // namespace behaviour
