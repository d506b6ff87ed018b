// farm-verify --version: which program this is.  Private to this folder.
#pragma once

namespace farm {

// True for `--version` alone: beside other words it is the option that wants a release's version.
bool IsVersionCommand(int argc, const char* const* argv);

// Prints the digest of the program's own file, of its rules, and the formats that it reads and
// writes; returns the exit code.
int RunVersionCommand();

}  // namespace farm
