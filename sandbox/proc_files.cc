#include "sandbox/proc_files.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kMemoryWithoutLimit = std::uint64_t{4} << 30;

}  // namespace

std::uint64_t ShownMemoryBytes(const Spec& spec) {
  return spec.limits.memory_bytes != 0 ? spec.limits.memory_bytes : kMemoryWithoutLimit;
}

std::vector<ProcFile> ProcFiles(const Spec& spec, std::int64_t boot_seconds) {
  std::uint64_t memory = ShownMemoryBytes(spec);
  std::string kilobytes = std::to_string(memory / 1024) + " kB\n";
  std::string half = std::to_string(memory / 2048) + " kB\n";
  std::vector<ProcFile> files = {
      {"cpuinfo",
       "processor\t: 0\nvendor_id\t: unknown\nmodel name\t: x86-64\ncpu cores\t: 1\n"
       "flags\t\t: fpu cx8 cmov mmx fxsr sse sse2 syscall lm\n\n"},
      {"loadavg", "0.00 0.00 0.00 1/1 1\n"},
      {"meminfo", "MemTotal:       " + kilobytes + "MemFree:        " + half +
                      "MemAvailable:   " + half + "SwapTotal:      0 kB\nSwapFree:       0 kB\n"},
      {"stat", "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nctxt 0\nbtime " +
                   std::to_string(boot_seconds) +
                   "\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"},
  };
  if (spec.determinism != Determinism::kFull) return files;
  std::string uptime = std::to_string(kUptimeSeconds) + ".00";
  files.push_back({"uptime", uptime + " " + uptime + "\n"});
  files.push_back(
      {"version", std::string("Linux version ") + kShownRelease + " " + kShownVersion + "\n"});
  return files;
}

}  // namespace sandbox
