// The exit codes of every program of the farm (DESIGN section 7).  Defined here and nowhere else.
#pragma once

namespace farm {

// What a program's exit status says.  When several failures are found all are printed and the
// lowest code is returned.  kProved is never returned by default: a caller has to name it.
enum class ExitCode : int {
  kProved = 0,            // proved, or done
  kUsage = 2,             // usage, or malformed input (file and field named)
  kArtifactUnknown = 10,  // artifact not in the release
  kBadSignature = 11,     // bad or unknown signature
  kQuorum = 12,           // quorum unmet
  kJurisdiction = 13,     // jurisdiction or operator policy unmet, development root not allowed
  kApproval = 14,         // approval missing, or auditor is requester or operator
  kLogProof = 15,         // log proof bad or missing
  kWitnesses = 16,        // witnesses too few
  kRevoked = 17,          // revoked or withdrawn
  kNotValidThen = 18,     // not valid at that time
  kStatusTooOld = 19,     // status too old
  kReplayMismatch = 20,   // replay mismatch
  kReplayInconclusive = 21,
  kInputMissing = 22,  // input missing or with another digest
  kDissent = 23,       // unresolved dissent
  kRollback = 24,      // older than a release already accepted
  kRefused = 25,       // refused by the server (identity or role)
  kCancelled = 26,
  kUnavailable = 30,  // network, I/O, disk full, or no answer in time
  kBuildFailed = 40,
  kInternal = 70,
};

// The lower (more specific) of two codes; kProved counts as "nothing wrong".
constexpr ExitCode Worse(ExitCode a, ExitCode b) {
  if (a == ExitCode::kProved) return b;
  if (b == ExitCode::kProved) return a;
  return a < b ? a : b;
}

}  // namespace farm
