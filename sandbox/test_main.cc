// The launchers of tests: one for tests that Bazel's own sandbox starts as root with no other user
// id to use, and one that leaves out the layers that it is told to.
#include "sandbox/launcher.h"

#ifdef SANDBOX_WITH_HOLES
#include "sandbox/holes.h"

int main(int argc, char** argv) {
  if (!sandbox::TakeLeaveOut(&argc, &argv)) return 2;
  return sandbox::LauncherMain(argc, argv, sandbox::HostRoot::kNeverMapped);
}
#else
int main(int argc, char** argv) {
  return sandbox::LauncherMain(argc, argv, sandbox::HostRoot::kMayBeMappedUnsafe);
}
#endif
