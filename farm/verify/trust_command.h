// `farm-verify trust init|update|show`: which root a customer trusts.  Private to this folder.
#pragma once

#include <string>

#include "farm/base/exit_code.h"
#include "farm/verify/command_line.h"

namespace farm {

struct TrustOptions {
  std::string root;
  std::string fingerprint;
  std::string tree;
  std::string directory;  // "": the user's
  std::string at;
  bool json = false;
};

struct TrustCommandLine final : CommandLine {
  TrustCommandLine();

  TrustOptions options;
  Result<ExitCode> (*run)(const TrustOptions& options) =
      nullptr;  // of the subcommand that was read
};

// Returns the exit code.
int RunTrustCommand(int argc, char** argv);

}  // namespace farm
