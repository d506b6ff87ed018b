#include "farm/verify/commands.h"

#include "farm/verify/policy_command.h"
#include "farm/verify/sigstore_command.h"
#include "farm/verify/trust_command.h"

namespace farm {
namespace {

template <typename Line>
std::unique_ptr<CommandLine> LineOf() {
  return std::make_unique<Line>();
}

template <typename Line>
bool IsSubcommandAsked(int argc, const char* const* argv) {
  return AsksForSubcommand(Line().app, argc, argv);
}

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"sigstore", "judge a bundle that others signed", LineOf<SigstoreCommandLine>,
       IsSigstoreCommand, RunSigstoreCommand},
      {"policy", "policies in plain words, and templates", LineOf<PolicyCommandLine>,
       IsSubcommandAsked<PolicyCommandLine>, RunPolicyCommand},
      {"trust", "which root you trust: pin one, follow it", LineOf<TrustCommandLine>,
       IsSubcommandAsked<TrustCommandLine>, RunTrustCommand},
  };
  return commands;
}

}  // namespace farm
