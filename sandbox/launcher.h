#pragma once

namespace sandbox {

// How the launcher's program may treat the host's root.
enum class HostRoot {
  kNeverMapped,
  kMayBeMappedUnsafe,  // only the test launcher
};

// The program farm-sandbox: run, monitor, doctor, remove. Returns its exit code: 0, 2 usage,
// 22 something that was named is not there, 26 cancelled, 30 this machine does not give what is
// needed, 40 ran but failed, 70 internal.
int LauncherMain(int argc, char** argv, HostRoot host_root);

}  // namespace sandbox
