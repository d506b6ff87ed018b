// The launcher for tests that Bazel's own sandbox starts as root with no other user id to use.
#include "sandbox/launcher.h"

int main(int argc, char** argv) {
  return sandbox::LauncherMain(argc, argv, sandbox::HostRoot::kMayBeMappedUnsafe);
}
