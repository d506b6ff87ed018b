#include "sandbox/launcher.h"

int main(int argc, char** argv) {
  return sandbox::LauncherMain(argc, argv, sandbox::HostRoot::kNeverMapped);
}
