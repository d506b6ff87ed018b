// farm log check-proof
#include <optional>
#include <string>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/cli/log_commands.h"
#include "farm/cli/log_trust.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/tlog_proof.h"
#include "farm/json/json.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

// The leaf that a proof is about, and that line of the bundle, if one was given.
struct ProvedLeaf {
  std::string leaf;
  std::optional<std::size_t> line_number;
  std::optional<Bundle> line = {};
};
Result<ProvedLeaf> LeafOfProof(const LogArguments& arguments, const TlogProof& proof) {
  if (arguments.bundle.empty()) {
    if (proof.extra) return ProvedLeaf{*proof.extra, std::nullopt};
    return Error{ErrorCode::kInvalidInput,
                 arguments.proof + ": has no leaf in it; give --bundle FILE"};
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.bundle, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ParseBundleFile(text, arguments.bundle));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].log_entry || lines[i].log_entry->index != proof.index) continue;
    const Bundle& line = lines[i];
    if (line.key().kind() != KeyKind::kP256) {
      return Error{ErrorCode::kMismatch,
                   arguments.bundle + ": line " + std::to_string(i + 1) +
                       ": its key is not ECDSA P-256, as that of every entry is",
                   ExitCode::kLogProof};
    }
    return ProvedLeaf{CanonicalizedBody(line.envelope, line.certificate, line.key()), i + 1, line};
  }
  return Error{ErrorCode::kMismatch,
               arguments.proof + ": is of entry " + std::to_string(proof.index) +
                   ", and no line of " + arguments.bundle + " is",
               ExitCode::kLogProof};
}

// The tree that an entry is proved to be in.
struct ProvingTree {
  Checkpoint tree;
  std::vector<std::string> witnesses;  // who cosigned it, and counts
  UnixSeconds witnessed_at = 0;
  std::vector<std::string> not_counted = {};  // who cosigned it too, and why he does not count
};

Result<ProvingTree> ProveUnderPolicy(const LogArguments& arguments, const TlogProof& proof,
                                     const std::string& leaf) {
  ASSIGN_OR_RETURN(const TlogPolicy policy, ReadLogPolicyFile(arguments.trust.policy));
  const auto verdict = CheckTlogProof(proof, leaf, policy);
  if (!verdict) return Wrap(arguments.proof, verdict.error());
  ProvingTree proving{verdict->checkpoint, {}, verdict->witnessed_at};
  for (const std::size_t place : verdict->cosigned) {
    proving.witnesses.push_back(policy.witnesses[place].key.name);
  }
  return proving;
}

// Those of whom a checkpoint has a cosignature by a key that the root revokes.
struct RevokedWitnesses {
  std::vector<WitnessKey> to_judge;  // they did so before, as others attest, or theirs is bad
  std::vector<WitnessKey> others;    // perhaps they did not
  std::vector<std::string> reasons;  // of each of the others
};

// As a verdict does it: what a stolen key says of its time is nobody's word, so only the time stamp
// of the line makes it count; and a bad cosignature is refused, by whomever it is.
// line: null where it is not at hand.
RevokedWitnesses SortRevokedWitnesses(const TrustRoot& root, const Note& note, const Bundle* line) {
  RevokedWitnesses sorted;
  for (const Witness& witness : root.witnesses) {
    const std::string key_id = witness.key.KeyId();
    const Revocation* revocation = FindKeyRevocation(root, key_id);
    if (revocation == nullptr) continue;
    const auto time = CheckCosignature(note, witness.name, witness.key);
    if (!time && time.error().code == ErrorCode::kNotFound) continue;
    const WitnessKey known{witness.name, witness.key, root.development ? "" : witness.operator_id,
                           witness.valid_for};
    if (!time) {
      sorted.to_judge.push_back(known);
      continue;
    }
    std::string reason = "witness " + Printable(witness.name, 80) + " is revoked";
    const std::optional<UnixSeconds>& since = revocation->compromised_since;
    if (!since) {
      reason += ", whenever it has signed";
    } else if (line == nullptr) {
      reason += " since " + FormatTime(*since) +
                "; with --bundle FILE the line's time stamp can attest that it cosigned before";
    } else if (const auto token = VerifyToken(*line, *time, root); !token) {
      reason += " since " + FormatTime(*since) +
                ", and nobody attests that it cosigned before: " + token.error().message;
    } else if (IsRevoked(root, key_id, *token, *time)) {
      reason += " since " + FormatTime(*since) + "; the line was stamped at " + FormatTime(*token) +
                " and cosigned at " + FormatTime(*time);
    } else {
      sorted.to_judge.push_back(known);
      continue;
    }
    sorted.others.push_back(known);
    sorted.reasons.push_back(std::move(reason));
  }
  return sorted;
}

// Where there are too few witnesses: who is revoked, and exit 17 where there are enough with them.
Error NameRevoked(Error error, const TlogProof& proof, LogTrust trust,
                  const RevokedWitnesses& revoked) {
  if (revoked.others.empty() || error.Exit() != ExitCode::kWitnesses) return error;
  error.message += "; " + Join(revoked.reasons, "; ");
  trust.witnesses.insert(trust.witnesses.end(), revoked.others.begin(), revoked.others.end());
  if (CheckHead(proof.checkpoint, trust)) error.exit = ExitCode::kRevoked;
  return error;
}

// A proof outlives its witnesses: the policy of the root as it is today would not know them.
Result<ProvingTree> ProveUnderRoot(const LogArguments& arguments, const TlogProof& proof,
                                   const ProvedLeaf& proved) {
  ASSIGN_OR_RETURN(const TrustRoot root, ReadRootFile(arguments.trust.root));
  ASSIGN_OR_RETURN(const Note note, ParseNote(proof.checkpoint));
  ASSIGN_OR_RETURN(const Checkpoint said, ParseCheckpoint(note.text));
  const std::string& origin = arguments.trust.origin.empty() ? said.origin : arguments.trust.origin;
  auto trust = TrustIn(root, origin, arguments.trust);
  if (!trust) {
    Error error = Wrap(arguments.trust.root, trust.error());
    if (error.code == ErrorCode::kNotFound) error.exit = ExitCode::kLogProof;
    return error;
  }
  const RevokedWitnesses revoked =
      SortRevokedWitnesses(root, note, proved.line ? &*proved.line : nullptr);
  const auto never_revoked = static_cast<std::ptrdiff_t>(trust->witnesses.size());
  trust->witnesses.insert(trust->witnesses.end(), revoked.to_judge.begin(), revoked.to_judge.end());
  auto head = CheckHead(proof.checkpoint, *trust);
  // The stamp that speaks for them stands on keys of its own, of which the time of all the
  // witnesses is asked, not that of the stolen key.
  if (head && !revoked.to_judge.empty() && proved.line &&
      !VerifyToken(*proved.line, head->witnessed_at, root)) {
    trust->witnesses.erase(trust->witnesses.begin() + never_revoked, trust->witnesses.end());
    head = CheckHead(proof.checkpoint, *trust);
  }
  if (!head) return Wrap(arguments.proof, NameRevoked(head.error(), proof, *trust, revoked));
  const Checkpoint& tree = head->checkpoint;
  const Status included =
      CheckInclusion(LeafHash(proved.leaf), proof.index, tree.size, proof.hashes, tree.root);
  if (!included) return Wrap(arguments.proof, included.error());
  ProvingTree proving{tree, {}, head->witnessed_at, revoked.reasons};
  for (const WitnessKey& witness : trust->witnesses) {
    const auto time = CheckCosignature(note, witness.name, witness.key);
    if (time && witness.valid_for.Contains(*time)) proving.witnesses.push_back(witness.name);
  }
  return proving;
}

Status RunCheckProof(const LogArguments& arguments, const Output& output) {
  RETURN_IF_ERROR(CheckOneTrust(arguments.trust));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.proof, kTlogProofBytesMax));
  ASSIGN_OR_RETURN(const TlogProof proof, ParseTlogProof(text, arguments.proof));
  ASSIGN_OR_RETURN(const ProvedLeaf proved, LeafOfProof(arguments, proof));
  const bool by_root = !arguments.trust.root.empty();
  ASSIGN_OR_RETURN(const ProvingTree proving,
                   by_root ? ProveUnderRoot(arguments, proof, proved)
                           : ProveUnderPolicy(arguments, proof, proved.leaf));
  const auto facts = ParseCanonicalizedBody(proved.leaf);
  if (!facts) return Wrap(arguments.proof + ": leaf", facts.error());
  const auto& [tree, witnesses, witnessed_at, not_counted] = proving;
  Say(output, "logged: entry " + std::to_string(proof.index) + " of " + tree.origin + " at size " +
                  std::to_string(tree.size) + ", cosigned by " +
                  (witnesses.empty() ? "nobody" : Join(witnesses, ", ")));
  for (const std::string& reason : not_counted) Say(output, "does not count: " + reason);
  Say(output, "it names the signed thing " + facts->pae_digest.Text() +
                  (proved.line_number
                       ? ": line " + std::to_string(*proved.line_number) + " of " + arguments.bundle
                       : ""));
  Json answer = {{"tree", TreeJson(tree)},          {"index", proof.index},
                 {"pae", facts->pae_digest.Text()}, {"witnesses", witnesses},
                 {"witnessedAt", witnessed_at},     {"notCounted", not_counted}};
  if (proved.line_number) answer["line"] = *proved.line_number;
  Answer(output, answer);
  return {};
}

}  // namespace

int RunLogCheckProofCommand(const LogArguments& arguments, const Output& output) {
  const Status status = RunCheckProof(arguments, output);
  return status ? 0 : FailAndSayWhatToDo(output, "farm log check-proof", status.error());
}

}  // namespace farm
