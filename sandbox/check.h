#pragma once

#include <sys/types.h>

#include <string>

#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

constexpr std::size_t kCheckOutputBytesMax = 64 << 10;
constexpr std::size_t kCheckProgramBytesMax = std::size_t{512} << 20;

// A check that runs: a program of the host, on the host's files, as the sandbox's inside root with
// no capability but to read every file of the sandbox.
struct RunningCheck {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd output;  // its stdout, not blocking
};

// A sealed copy of the program at `path`, to execute by descriptor: the new identity need not be
// able to reach the file.
Result<UniqueFd> LoadCheckProgram(const std::string& path);

// Starts it with descriptor 3 = `directory`, stdin /dev/null, stderr = `log`, and an environment of
// PATH and LC_ALL only. It dies with this process.
Result<RunningCheck> StartCheck(const Check& check, int program, int user_namespace, bool has_range,
                                int directory, int log);

}  // namespace sandbox
