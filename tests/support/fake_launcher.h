// A farm-sandbox for tests: runs the words it gets with no walls at all, in a temporary directory
// that stands for /build, and answers as the real one does.  The test program is its own launcher
// and its own check program.
#pragma once

namespace farm {

// What `PROGRAM run --args-fd N` does.  Commands whose first word is "fake:..." make it answer what
// the real one would say of a limit, a missing sandbox and so on.
int FakeLauncherMain(int argc, char** argv);

}  // namespace farm
