#pragma once

namespace sandbox {

// How the launcher's program may treat the host's root.
enum class HostRoot {
  kNeverMapped,
  kMayBeMappedUnsafe,  // only the test launcher
};

// The program farm-sandbox: run, monitor, doctor, remove. Returns its exit code: 0, 2 usage,
// 26 cancelled, 40 ran but failed, 70 could not be set up.
int LauncherMain(int argc, char** argv, HostRoot host_root);

}  // namespace sandbox
