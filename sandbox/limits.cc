#include "sandbox/limits.h"

#include <sys/resource.h>

#include <algorithm>

#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr rlim_t kOpenFilesSoft = 1024;
constexpr rlim_t kOpenFilesHard = 65536;
// Of a caller who has less than this, the command has as much as he has.
constexpr rlim_t kOpenFilesOfCallerMin = 4096;
// Not 0: with a core_pattern that starts a program, the kernel starts it, as the host's root, for 0
// as well; 1 is the value by which it does not (core(5)), and too small for a file.
constexpr rlim_t kNoCore = 1;
constexpr rlim_t kStackBytes = 8 << 20;
constexpr rlim_t kLockedBytes = 8 << 20;
// Of these two the kernel counts, beside what each sandbox takes, what all of one caller's take,
// and what he takes himself; a third of the usual limit of the one, of the other little.
constexpr rlim_t kMessageQueueBytes = 262144;
constexpr rlim_t kPendingSignals = 1024;
// Room above a limit: for the watchdog's next look.
constexpr rlim_t kCpuRoomSeconds = 2;
constexpr rlim_t kProcessesRoom = 8;

Status SetRlimit(__rlimit_resource resource, const char* name, rlim_t soft, rlim_t hard) {
  rlimit wanted = {soft, hard};
  if (setrlimit(resource, &wanted) == 0) return {};
  // More than the caller has.
  rlimit now = {};
  if (getrlimit(resource, &now) != 0) return SystemError(std::string("getrlimit ") + name);
  wanted = {std::min(soft, now.rlim_max), std::min(hard, now.rlim_max)};
  if (setrlimit(resource, &wanted) != 0) return SystemError(std::string("setrlimit ") + name);
  return {};
}

rlim_t OpenFilesMax() {
  rlimit now = {};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return kOpenFilesSoft;
  return now.rlim_max;
}

}  // namespace

Status SetRlimits(const Spec& spec, bool memory_is_observed) {
  if (LeftOut(Layer::kRlimits)) return {};
  struct Row {
    __rlimit_resource resource;
    const char* name;
    rlim_t soft;
    rlim_t hard;
  };
  const Limits& limits = spec.limits;
  auto or_infinity = [](std::uint64_t value) { return value == 0 ? RLIM_INFINITY : value; };
  rlim_t cpu = or_infinity(limits.cpu_seconds);
  if (cpu != RLIM_INFINITY) cpu += kCpuRoomSeconds;
  rlim_t data = memory_is_observed ? or_infinity(limits.memory_bytes * 2) : RLIM_INFINITY;
  // A tmpfs bounds all files together; a directory of the host bounds none.
  rlim_t file = spec.work_directory.empty() ? RLIM_INFINITY : or_infinity(limits.disk_bytes);
  rlim_t processes = or_infinity(limits.pids);
  if (processes != RLIM_INFINITY) processes += processes / 4 + kProcessesRoom;
  rlim_t files = OpenFilesMax();
  // See RaiseOpenFiles.
  if (files >= kOpenFilesOfCallerMin) files = std::min(files / 2, kOpenFilesHard);
  const Row rows[] = {
      {RLIMIT_CORE, "CORE", kNoCore, kNoCore},
      {RLIMIT_CPU, "CPU", cpu, cpu == RLIM_INFINITY ? cpu : cpu + 1},
      {RLIMIT_DATA, "DATA", data, data},
      {RLIMIT_FSIZE, "FSIZE", file, file},
      {RLIMIT_NPROC, "NPROC", processes, processes},
      {RLIMIT_NOFILE, "NOFILE", kOpenFilesSoft, files},
      {RLIMIT_STACK, "STACK", kStackBytes, RLIM_INFINITY},
      {RLIMIT_MEMLOCK, "MEMLOCK", kLockedBytes, kLockedBytes},
      {RLIMIT_MSGQUEUE, "MSGQUEUE", kMessageQueueBytes, kMessageQueueBytes},
      {RLIMIT_SIGPENDING, "SIGPENDING", kPendingSignals, kPendingSignals},
      {RLIMIT_NICE, "NICE", 0, 0},
      {RLIMIT_RTPRIO, "RTPRIO", 0, 0},
  };
  for (const Row& row : rows) {
    if (Status status = SetRlimit(row.resource, row.name, row.soft, row.hard); !status.ok()) {
      return status;
    }
  }
  return {};
}

Status RaiseFileSize(const Spec& spec) {
  rlimit wanted = {RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &wanted) == 0) return {};
  rlimit now = {};
  if (getrlimit(RLIMIT_FSIZE, &now) != 0) return SystemError("getrlimit FSIZE");
  std::uint64_t wanted_bytes = spec.limits.disk_bytes;
  if (wanted_bytes == 0 || now.rlim_max < wanted_bytes) {
    std::string most = std::to_string(now.rlim_max);
    return Status::Failed(
        "the caller may write no file larger than " + most + " bytes" +
        (wanted_bytes == 0 ? ", and --disk-bytes is without a limit" : ", less than --disk-bytes") +
        ": raise his limit (ulimit -f), or give --disk-bytes, at most " + most);
  }
  wanted = {now.rlim_max, now.rlim_max};
  return setrlimit(RLIMIT_FSIZE, &wanted) == 0 ? Status() : SystemError("setrlimit FSIZE");
}

Status RaiseOpenFiles() {
  rlim_t most = OpenFilesMax();
  return SetRlimit(RLIMIT_NOFILE, "NOFILE", most, most);
}

Status LowerOpenFiles() {
  return SetRlimit(RLIMIT_NOFILE, "NOFILE", kOpenFilesSoft, OpenFilesMax());
}

}  // namespace sandbox
