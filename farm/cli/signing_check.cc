#include "farm/cli/signing_check.h"

#include <algorithm>
#include <memory>

#include "farm/base/files.h"
#include "farm/client/farm_client.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "farm/sign/doctor.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

// At least one: without it nobody has said a time.
Result<std::size_t> WitnessesOf(const std::string& policy_path) {
  if (policy_path.empty()) return std::size_t{1};
  ASSIGN_OR_RETURN(const std::string text, ReadFile(policy_path, kPolicyBytesMax));
  ASSIGN_OR_RETURN(const Policy policy, ParsePolicy(text, policy_path));
  return static_cast<std::size_t>(std::max<std::int64_t>(policy.witnesses, 1));
}

Result<UnixSeconds> WitnessedTimeAt(const Endpoint& farm, const OwnTrust& trust) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(trust.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(const TrustRoot root, ParseTrustRoot(text, trust.root));
  ASSIGN_OR_RETURN(const std::size_t witnesses, WitnessesOf(trust.policy));
  ASSIGN_OR_RETURN(const std::unique_ptr<FarmClient> client, FarmClient::Open(farm));
  ASSIGN_OR_RETURN(const std::string checkpoint, client->Head());
  ASSIGN_OR_RETURN(const Note note, ParseNote(checkpoint));
  ASSIGN_OR_RETURN(const Checkpoint head, ParseCheckpoint(note.text));
  ASSIGN_OR_RETURN(const LogTrust log, LogTrustOf(root, head.origin, witnesses));
  ASSIGN_OR_RETURN(const WitnessedHead witnessed, CheckHead(checkpoint, log));
  return witnessed.witnessed_at;
}

}  // namespace

Status CheckReadyToSign(Signer& signer, const std::optional<Endpoint>& farm, const OwnTrust& trust,
                        const Clock& clock, const Output& output) {
  const auto warn = [&](const std::string& line) { SayProgress(output, "warning: " + line); };
  SignerHealth health{.signers = {&signer}, .now = clock.Now()};
  if (farm) {
    const std::string who = "the witnesses of the farm's log";
    if (const auto time = WitnessedTimeAt(*farm, trust)) {
      health.foreign_times.push_back({who, *time, true});
    } else {
      warn("the clock was not compared with what " + who + " say: " + time.error().message);
    }
  }
  return CheckSignerHealth(health, warn);
}

}  // namespace farm
