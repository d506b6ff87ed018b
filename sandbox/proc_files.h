#pragma once

#include <string>
#include <vector>

#include "sandbox/spec.h"

namespace sandbox {

// What a command sees of the machine's kind is the same everywhere: one processor (a build that
// wants more jobs says so itself), the memory that it may use, no load. Under Determinism::kFull
// also the kernel, which is a Debian 12's, and the uptime.
constexpr const char* kShownRelease = "6.1.0";
constexpr const char* kShownVersion = "#1 SMP PREEMPT_DYNAMIC";
std::uint64_t ShownMemoryBytes(const Spec& spec);

// A file of /proc that a command sees instead of the machine's: name and content.
struct ProcFile {
  const char* name;
  std::string text;
};
// `boot_seconds`: when the machine seems to have been started, since 1970.
std::vector<ProcFile> ProcFiles(const Spec& spec, std::int64_t boot_seconds);

}  // namespace sandbox
