// The commands of farm-verify beside the verdict, in one place: main runs them, and a shell's
// completion, and with it the tests of page and words, go through them.  Private to this folder.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "farm/verify/command_line.h"

namespace farm {

struct Command {
  const char* word;
  const char* description;  // one line, for a shell
  std::unique_ptr<CommandLine> (*line)();
  // Whether the words of the program ask for it, or for the verdict on a file of its name.
  bool (*is_asked)(int argc, const char* const* argv);
  int (*run)(int argc, char** argv);  // returns the exit code
};

// completion is none of them: it is made from them.
const std::vector<Command>& Commands();

}  // namespace farm
