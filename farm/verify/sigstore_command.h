// `farm-verify sigstore`: its command line.  Private to this folder.
#pragma once

#include <string>

#include "farm/verify/command_line.h"

namespace farm {

struct SigstoreOptions {
  std::string artifact;
  std::string bundle;
  std::string trusted_root;
  std::string key;
  std::string identity;
  std::string issuer;
  bool json = false;
};

struct SigstoreCommandLine final : CommandLine {
  SigstoreCommandLine();

  SigstoreOptions options;
};

// True if the words after the program's name ask for it: "sigstore", and either a word that the
// verification of a file called "sigstore" cannot have, or --help and nothing else.
bool IsSigstoreCommand(int argc, const char* const* argv);

// Runs it; returns the exit code.
int RunSigstoreCommand(int argc, char** argv);

}  // namespace farm
