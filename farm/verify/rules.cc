#include "farm/verify/rules.h"

namespace farm {
namespace {

struct Words {
  std::string_view name;
  std::string_view remedy;
};

// The names are stable: --json and other people's scripts use them.
Words WordsOf(Rule rule) {
  switch (rule) {
    case Rule::kRoot:
      return {"root", "get the newest root of the farm"};
    case Rule::kRootVersion:
      return {"root-version",
              "use the newest root; --allow-older accepts the older one, nothing accepts another "
              "of the same version"};
    case Rule::kDevelopmentRoot:
      return {"development-root",
              "use a production root; for a trial add --allow-development-root, with a policy that "
              "does not refuse such roots"};
    case Rule::kRelease:
      return {"release",
              "download file and bundle again, of the product and version that you want; the "
              "bundle's first line is the release"};
    case Rule::kStatements:
      return {"statements", "download the bundle file again; if it stays so, tell the farm"};
    case Rule::kArtifact:
      return {"artifact", "do not use the file; download it again, with its bundle"};
    case Rule::kSignatures:
      return {"signatures", "do not use the file; the evidence was changed after signing"};
    case Rule::kIdentities:
      return {"identities", "check that the root is the farm's newest; else do not use the file"};
    case Rule::kTimeStamps:
      return {"time-stamps", "download the bundle again; each line needs a known time stamp"};
    case Rule::kSites:
      return {"sites", "do not use the file; too few sites have built it"};
    case Rule::kOutputs:
      return {"outputs", "do not use the file; the sites built something else"};
    case Rule::kOperators:
      return {"operators", "ask for a release built by more operators, or change your policy"};
    case Rule::kCountries:
      return {"countries", "ask for a release built in the countries that your policy names"};
    case Rule::kCertifiers:
      return {"certifiers",
              "get the certifiers' statements of the farm's sites into the folder `certifications` "
              "beside the root, or change your policy"};
    case Rule::kLimits:
      return {"limits", "ask for a release built under the kernel's limits"};
    case Rule::kApprovals:
      return {"approvals", "do not use the file; ask the farm for the auditors' approvals"};
    case Rule::kLog:
      return {"log", "download the bundle again; each line needs its proof from the log"};
    case Rule::kConsistency:
      return {"consistency", "keep the bundle and tell the witnesses: the log may have forked"};
    case Rule::kWitnesses:
      return {"witnesses", "download the bundle again later, or ask why witnesses are missing"};
    case Rule::kRevocations:
      return {"revocations", "do not use the file; get a newer release"};
    case Rule::kStatus:
      return {"status",
              "get the newest status.json of the farm or of its monitor and name it with --status"};
    case Rule::kWithdrawn:
      return {"withdrawn", "do not use the file; get the newest release of the product"};
    case Rule::kValidity:
      return {"validity", "check that the root is the farm's newest; else do not use the file"};
    case Rule::kOrder:
      return {"order", "keep the bundle and tell the farm; times contradict each other"};
    case Rule::kLines:
      return {"lines", "download the bundle again; it is not complete"};
    case Rule::kManifest:
      return {"manifest", "do not use the file; the evidence is about different recipes"};
    case Rule::kAgreement:
      return {"agreement", "do not use the file; the sites disagree"};
    case Rule::kReplays:
      return {"replays",
              "ask the replayers for their signed verdicts and name their folder with --replays; a "
              "MISMATCH means that somebody else did not get these bytes"};
    case Rule::kSequence:
      return {"sequence",
              "use the newest release; --allow-older accepts an older one, nothing accepts another "
              "of the same number"};
  }
  CHECK(false);
}

}  // namespace

std::string_view RuleName(Rule rule) { return WordsOf(rule).name; }
std::string_view RuleRemedy(Rule rule) { return WordsOf(rule).remedy; }

std::vector<ExitCode> RuleExits(Rule rule) {
  switch (rule) {
    case Rule::kRoot:
      return {};  // it only warns
    case Rule::kRelease:
      return {ExitCode::kUsage, ExitCode::kArtifactUnknown};
    case Rule::kStatements:
      return {ExitCode::kUsage};
    case Rule::kArtifact:
      return {ExitCode::kArtifactUnknown};
    case Rule::kSignatures:
    case Rule::kIdentities:
      return {ExitCode::kBadSignature};
    case Rule::kTimeStamps:
      return {ExitCode::kBadSignature, ExitCode::kNotValidThen};
    case Rule::kSites:
    case Rule::kOutputs:
      return {ExitCode::kQuorum};
    case Rule::kDevelopmentRoot:
    case Rule::kOperators:
    case Rule::kCountries:
    case Rule::kCertifiers:
    case Rule::kLimits:
      return {ExitCode::kJurisdiction};
    case Rule::kApprovals:
      return {ExitCode::kApproval};
    case Rule::kLog:
    case Rule::kConsistency:
      return {ExitCode::kLogProof};
    case Rule::kWitnesses:
      return {ExitCode::kWitnesses};
    case Rule::kRevocations:
    case Rule::kWithdrawn:
      return {ExitCode::kRevoked};
    case Rule::kStatus:  // all that can be wrong with a line is wrong with the status
      return {ExitCode::kUsage,        ExitCode::kBadSignature, ExitCode::kLogProof,
              ExitCode::kWitnesses,    ExitCode::kRevoked,      ExitCode::kNotValidThen,
              ExitCode::kStatusTooOld, ExitCode::kRollback};
    case Rule::kValidity:
    case Rule::kOrder:
      return {ExitCode::kNotValidThen};
    case Rule::kLines:
    case Rule::kManifest:
      return {ExitCode::kInputMissing};
    case Rule::kAgreement:
      return {ExitCode::kDissent};
    case Rule::kReplays:
      return {ExitCode::kUsage,          ExitCode::kBadSignature,      ExitCode::kLogProof,
              ExitCode::kWitnesses,      ExitCode::kRevoked,           ExitCode::kNotValidThen,
              ExitCode::kReplayMismatch, ExitCode::kReplayInconclusive};
    case Rule::kRootVersion:
    case Rule::kSequence:
      return {ExitCode::kRollback};
  }
  CHECK(false);
}

void NameProblems(const std::string& name, Problems& problems) {
  for (Problem& problem : problems) problem.message = name + ": " + problem.message;
}

Error WorstOf(const Problems& problems) {
  CHECK(!problems.empty());
  const Problem* worst = &problems.front();
  for (const Problem& problem : problems) {
    // A rule that could not be judged has no code of its own.
    if (problem.exit != worst->exit && Worse(problem.exit, worst->exit) == problem.exit) {
      worst = &problem;
    }
  }
  const bool contradicts = worst->rule == Rule::kManifest || worst->rule == Rule::kAgreement ||
                           worst->rule == Rule::kOutputs || worst->rule == Rule::kLines;
  const ErrorCode code = worst->exit == ExitCode::kUsage ? ErrorCode::kInvalidInput
                         : contradicts                   ? ErrorCode::kMismatch
                                                         : ErrorCode::kUntrusted;
  return Error{code, worst->message, worst->exit};
}

}  // namespace farm
