// `farm-verify policy explain|list|show`: policies in plain words, and templates of them.  Private
// to this folder.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace farm {

struct PolicyArguments {
  std::string file;
  std::string name;
  bool json = false;
};

struct PolicyCommandLine {
  PolicyCommandLine();
  PolicyCommandLine(const PolicyCommandLine&) = delete;
  PolicyCommandLine& operator=(const PolicyCommandLine&) = delete;

  PolicyArguments arguments;
  CLI::App app;
  CLI::App* explain = nullptr;
  CLI::App* list = nullptr;
  CLI::App* show = nullptr;
};

// True for `policy explain ...`, `policy list ...`, `policy show ...`, and `policy --help` alone: a
// file of that name given first, alone or before options, is judged like any other.
bool IsPolicyCommand(int argc, const char* const* argv);

// Returns the exit code: 0 done, 2 usage or a malformed policy, 22 no such file.
int RunPolicyCommand(int argc, char** argv);

}  // namespace farm
