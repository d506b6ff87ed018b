// `farm-verify trust`: its command line.  Private to this folder.
#pragma once

namespace farm {

// True if the words after the program's name ask for it: "trust", and init, update or show, or
// --help and nothing else.  A file called "trust" is verified as `./trust`, or alone.
bool IsTrustCommand(int argc, const char* const* argv);

// Runs it; returns the exit code.
int RunTrustCommand(int argc, char** argv);

}  // namespace farm
