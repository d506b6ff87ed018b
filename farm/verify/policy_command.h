// `farm-verify policy explain|list|show`: policies in plain words, and templates of them.  Private
// to this folder.
#pragma once

#include <string>

#include "farm/verify/command_line.h"

namespace farm {

struct PolicyArguments {
  std::string file;
  std::string name;
  bool json = false;
};

struct PolicyCommandLine final : CommandLine {
  PolicyCommandLine();

  PolicyArguments arguments;
  CLI::App* explain = nullptr;
  CLI::App* list = nullptr;
  CLI::App* show = nullptr;
};

// Returns the exit code: 0 done, 2 usage or a malformed policy, 22 no such file.
int RunPolicyCommand(int argc, char** argv);

}  // namespace farm
