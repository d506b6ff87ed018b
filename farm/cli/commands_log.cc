// farm log mirror | check | recover | close | policy | check-proof
#include <map>
#include <optional>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/time_words.h"
#include "farm/cli/log_commands.h"
#include "farm/client/log_reader.h"
#include "farm/client/witness_client.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/tlog_proof.h"
#include "farm/json/json.h"
#include "farm/log/close.h"
#include "farm/log/mirror.h"
#include "farm/log/recover.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr int kLogDone = static_cast<int>(ExitCode::kProved);

Error LogUsage(const std::string& what) { return {ErrorCode::kInvalidInput, what}; }

Result<TlogPolicy> ReadPolicyFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTlogPolicyBytesMax));
  return ParseTlogPolicy(text, path);
}

Result<TrustRoot> ReadRootFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTrustRootBytesMax));
  return ParseTrustRoot(text, path);
}

Result<std::string> OriginIn(const TrustRoot& root, const LogTrustArguments& arguments) {
  if (!arguments.origin.empty()) return arguments.origin;
  if (root.logs.size() == 1) return root.logs.front().origin;
  std::vector<std::string> origins;
  for (const Log& log : root.logs) origins.push_back(log.origin);
  return LogUsage(arguments.root + " lists the logs " + Join(origins, ", ") +
                  "; say which with --origin");
}

Result<std::map<std::string, std::string>> UrlsOf(const LogTrustArguments& arguments) {
  std::map<std::string, std::string> urls;
  for (const std::string& word : arguments.urls) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return LogUsage("--url " + Printable(word, 80) + ": want NAME=URL");
    }
    urls[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return urls;
}

// The root's log and witnesses as a policy.
Result<TlogPolicy> PolicyOfRoot(const LogTrustArguments& arguments, UnixSeconds at) {
  ASSIGN_OR_RETURN(const TrustRoot root, ReadRootFile(arguments.root));
  ASSIGN_OR_RETURN(const auto urls, UrlsOf(arguments));
  if (arguments.cosignatures < 0) return LogUsage("--cosignatures: want 0 or more");
  ASSIGN_OR_RETURN(TlogPolicy policy,
                   TlogPolicyOf(root, static_cast<std::size_t>(arguments.cosignatures), at, urls));
  if (arguments.origin.empty()) return policy;
  std::erase_if(policy.logs,
                [&](const TlogPolicy::KnownLog& log) { return log.key.name != arguments.origin; });
  if (policy.logs.empty()) {
    return LogUsage(arguments.root + ": has no log " + Printable(arguments.origin, 80));
  }
  return policy;
}

Status CheckOneTrust(const LogTrustArguments& arguments) {
  if (arguments.policy.empty() == arguments.root.empty()) {
    return LogUsage("want either --policy FILE or --root FILE: whose signatures count");
  }
  return {};
}

Result<TlogPolicy> PolicyOf(const LogTrustArguments& arguments) {
  RETURN_IF_ERROR(CheckOneTrust(arguments));
  return arguments.root.empty() ? ReadPolicyFile(arguments.policy)
                                : PolicyOfRoot(arguments, SystemClock().Now());
}

// The root's log and its witnesses, who count for the times at which they cosigned.
Result<LogTrust> TrustIn(const TrustRoot& root, const std::string& origin,
                         const LogTrustArguments& arguments) {
  if (arguments.cosignatures < 0) return LogUsage("--cosignatures: want 0 or more");
  return LogTrustOf(root, origin, static_cast<std::size_t>(arguments.cosignatures));
}

Result<CheckNote> CheckOf(const LogTrustArguments& arguments) {
  RETURN_IF_ERROR(CheckOneTrust(arguments));
  if (arguments.root.empty()) {
    ASSIGN_OR_RETURN(TlogPolicy policy, ReadPolicyFile(arguments.policy));
    return CheckNoteBy(std::move(policy));
  }
  ASSIGN_OR_RETURN(const TrustRoot root, ReadRootFile(arguments.root));
  ASSIGN_OR_RETURN(const std::string origin, OriginIn(root, arguments));
  ASSIGN_OR_RETURN(LogTrust trust, TrustIn(root, origin, arguments));
  return CheckNoteBy(std::move(trust));
}

ReportProgress LogProgressOn(const Output& output) {
  return [&output, percent = -1](const LogProgress& progress) mutable {
    const int now =
        static_cast<int>(progress.entries * 100 / std::max<std::uint64_t>(1, progress.size));
    if (now == percent) return;
    percent = now;
    SayProgressInPlace(output, ProgressBar(now, 100) + " " + std::to_string(progress.entries) +
                                   " of " + std::to_string(progress.size) + " entries");
  };
}

Json TreeJson(const Checkpoint& tree) {
  return {{"origin", tree.origin}, {"size", tree.size}, {"root", Base64Encode(tree.root.bytes())}};
}

Status RunMirror(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const CheckNote check, CheckOf(arguments.trust));
  ASSIGN_OR_RETURN(const ReadResource source, OpenLogSource(arguments.from));
  const auto report =
      MirrorLog(RealFileSystem(), arguments.directory, source, check, LogProgressOn(output));
  EndProgressInPlace(output);
  if (!report) return report.error();
  Say(output, "mirror of " + report->tree.origin + ": size " + std::to_string(report->tree.size) +
                  ", had " + std::to_string(report->old_size) + "; read " +
                  std::to_string(report->payloads_read) + " payloads");
  Json answer = {
      {"tree", TreeJson(report->tree)},        {"oldSize", report->old_size},
      {"bundlesRead", report->bundles_read},   {"bundlesFound", report->bundles_found},
      {"payloadsRead", report->payloads_read}, {"withoutPayload", report->without_payload}};
  Answer(output, answer);
  return {};
}

Status RunCheck(const LogArguments& arguments, const Output& output) {
  const bool judged = !arguments.trust.policy.empty() || !arguments.trust.root.empty();
  CheckNote check;
  if (judged) {
    ASSIGN_OR_RETURN(check, CheckOf(arguments.trust));
  }
  const auto found = RequireWholeLog(arguments.directory, check, LogProgressOn(output));
  EndProgressInPlace(output);
  if (!found) return found.error();
  Json heads = Json::array();
  for (const LogCheck::Head& head : found->heads) {
    Say(output, head.file + ": " + head.tree.origin + ", size " + std::to_string(head.tree.size) +
                    ", root " + head.tree.root.Text());
    Json one = TreeJson(head.tree);
    one["file"] = head.file;
    heads.push_back(std::move(one));
  }
  Say(output, "whole: " + std::to_string(found->entries) + " entries, " +
                  std::to_string(found->tiles) + " tiles and bundles, " +
                  std::to_string(found->payloads) + " payloads" +
                  (found->without_payload == 0
                       ? ""
                       : "; " + std::to_string(found->without_payload) + " entries name none"));
  if (!judged) {
    Say(output, "signatures were not looked at: --policy or --root says whose count");
  }
  Answer(output, {{"heads", heads},
                  {"entries", found->entries},
                  {"tiles", found->tiles},
                  {"payloads", found->payloads},
                  {"withoutPayload", found->without_payload},
                  {"signaturesChecked", judged}});
  return {};
}

Result<std::vector<WitnessToAsk>> WitnessesToAsk(const TlogPolicy& policy,
                                                 const std::vector<std::string>& absent) {
  std::vector<WitnessToAsk> witnesses;
  for (const TlogPolicy::KnownWitness& known : policy.witnesses) {
    WitnessToAsk witness{{known.key.name, known.key.key}, {}};
    const bool asked = std::find(absent.begin(), absent.end(), known.key.name) == absent.end();
    if (asked && known.url.empty()) {
      return LogUsage("witness " + Printable(known.key.name, 80) +
                      " has no URL: write it into the policy, or give --url " + known.key.name +
                      "=URL; one that cannot be asked is named by --absent");
    }
    if (asked) {
      ASSIGN_OR_RETURN(WitnessDoor door, OpenWitness(known.url, known.key.name));
      witness.post = std::move(door.post);
    }
    witnesses.push_back(std::move(witness));
  }
  return witnesses;
}

// Whose log in which directory, and all that watch it: of a Recovery or a Closing.
template <typename Order>
Result<Order> OrderFor(const LogArguments& arguments, const Output& output) {
  Order order;
  order.store = arguments.directory;
  ASSIGN_OR_RETURN(order.check, CheckOf(arguments.trust));
  ASSIGN_OR_RETURN(const TlogPolicy policy, PolicyOf(arguments.trust));
  ASSIGN_OR_RETURN(order.witnesses, WitnessesToAsk(policy, arguments.absent));
  order.absent = arguments.absent;
  order.progress = LogProgressOn(output);
  return order;
}

Status RunRecover(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(auto recovery, OrderFor<Recovery>(arguments, output));
  recovery.mirror = arguments.mirror;
  const auto report = RecoverLogFromMirror(RealFileSystem(), recovery);
  EndProgressInPlace(output);
  if (!report) return report.error();
  Say(output, "recovered " + report->tree.origin + " at size " + std::to_string(report->tree.size) +
                  ", which " + Join(report->asked, ", ") + " cosigned just now");
  if (!report->kept.empty()) {
    Say(output, "the old directory is " + report->kept + ": keep it, it is evidence");
  }
  if (!report->epochs_kept) {
    Say(output, "the epochs of its peers are lost: make sure that no older farmd still runs");
  }
  Answer(output, {{"tree", TreeJson(report->tree)},
                  {"oldSize", report->old_size},
                  {"kept", report->kept},
                  {"asked", report->asked},
                  {"epochsKept", report->epochs_kept}});
  return {};
}

// As `farm root new` reads it.
std::string EndInWords(const LogEnd& end) {
  return "end { size: " + std::to_string(end.size) + " root_hash: \"" + end.root_hash.Text() +
         "\" successor: \"" + end.successor + "\" }";
}

Status RunClose(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(auto closing, OrderFor<Closing>(arguments, output));
  closing.successor = arguments.successor;
  const auto report = CloseLog(RealFileSystem(), closing);
  EndProgressInPlace(output);
  if (!report) return report.error();
  if (!arguments.out.empty()) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, report->note));
  }
  const LogEnd end{report->tree.size, report->tree.root, arguments.successor};
  Say(output, "closed " + report->tree.origin + " at size " + std::to_string(end.size) +
                  ", which " + Join(report->asked, ", ") +
                  " cosigned just now; it takes no more entries");
  Say(output,
      "for the description of the next trust root, in its log " + report->tree.origin + ":");
  Say(output, "  " + EndInWords(end));
  Answer(output,
         {{"tree", TreeJson(report->tree)},
          {"end",
           {{"size", end.size}, {"rootHash", end.root_hash.Text()}, {"successor", end.successor}}},
          {"checkpoint", report->note},
          {"asked", report->asked},
          {"out", arguments.out}});
  return {};
}

Status RunPolicy(const LogArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const UnixSeconds at, AtOrNow(arguments.at, SystemClock()));
  ASSIGN_OR_RETURN(const TlogPolicy policy, PolicyOfRoot(arguments.trust, at));
  const std::string text = WriteTlogPolicy(policy);
  if (!arguments.out.empty()) {
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, text));
    Say(output, "wrote " + arguments.out);
  } else {
    Say(output, text.substr(0, text.size() - 1));
  }
  Answer(output, {{"policy", text}, {"out", arguments.out}});
  return {};
}

// The leaf that a proof is about, and which line of the bundle it is, if one was given.
struct ProvedLeaf {
  std::string leaf;
  std::optional<std::size_t> line;
  std::optional<Bundle> bundle = {};  // that line
};
Result<ProvedLeaf> LeafOfProof(const LogArguments& arguments, const TlogProof& proof) {
  if (arguments.bundle.empty()) {
    if (proof.extra) return ProvedLeaf{*proof.extra, std::nullopt};
    return LogUsage(arguments.proof + ": has no leaf in it; give --bundle FILE");
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
  ASSIGN_OR_RETURN(const TlogPolicy policy, ReadPolicyFile(arguments.trust.policy));
  const auto verdict = CheckTlogProof(proof, leaf, policy);
  if (!verdict) return Wrap(arguments.proof, verdict.error());
  ProvingTree proving{verdict->checkpoint, {}, verdict->witnessed_at};
  for (const std::size_t place : verdict->cosigned) {
    proving.witnesses.push_back(policy.witnesses[place].key.name);
  }
  return proving;
}

// Those who have cosigned a checkpoint with a key that the root revokes.
struct RevokedWitnesses {
  std::vector<WitnessKey> counted;   // they did so before, as others attest
  std::vector<WitnessKey> others;    // perhaps they did not
  std::vector<std::string> reasons;  // of each of the others
};

// Of a revoked key; absent: whenever it has signed.
std::optional<UnixSeconds> SinceWhenRevoked(const TrustRoot& root, const std::string& key_id) {
  const Revocation* least = nullptr;
  for (const Revocation& one : root.revocations) {
    if (one.kind != "key" || one.subject != key_id) continue;
    if (least == nullptr || LeavesLess(one.compromised_since, least->compromised_since)) {
      least = &one;
    }
  }
  CHECK(least != nullptr);
  return least->compromised_since;
}

// As a verdict does it: what a stolen key says of its time is nobody's word, so only the time stamp
// of the line makes it count.  line: null where it is not at hand.
RevokedWitnesses SortRevokedWitnesses(const TrustRoot& root, const Note& note, const Bundle* line) {
  RevokedWitnesses sorted;
  for (const Witness& witness : root.witnesses) {
    const std::string key_id = witness.key.KeyId();
    if (!IsRevoked(root, key_id, std::nullopt, std::nullopt)) continue;
    const auto time = CheckCosignature(note, witness.name, witness.key);
    if (!time) continue;
    const WitnessKey known{witness.name, witness.key, root.development ? "" : witness.operator_id,
                           witness.valid_for};
    std::string reason = "witness " + Printable(witness.name, 80) + " is revoked";
    const std::optional<UnixSeconds> since = SinceWhenRevoked(root, key_id);
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
      sorted.counted.push_back(known);
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
      SortRevokedWitnesses(root, note, proved.bundle ? &*proved.bundle : nullptr);
  trust->witnesses.insert(trust->witnesses.end(), revoked.counted.begin(), revoked.counted.end());
  const auto head = CheckHead(proof.checkpoint, *trust);
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
  Say(output,
      "it names the signed thing " + facts->pae_digest.Text() +
          (proved.line ? ": line " + std::to_string(*proved.line) + " of " + arguments.bundle
                       : ""));
  Json answer = {{"tree", TreeJson(tree)},          {"index", proof.index},
                 {"pae", facts->pae_digest.Text()}, {"witnesses", witnesses},
                 {"witnessedAt", witnessed_at},     {"notCounted", not_counted}};
  if (proved.line) answer["line"] = *proved.line;
  Answer(output, answer);
  return {};
}

int EndOf(const Status& status, const Output& output, std::string_view command) {
  return status ? kLogDone : Fail(output, command, status.error());
}

}  // namespace

int RunLogMirrorCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunMirror(arguments, output), output, "farm log mirror");
}

int RunLogCheckCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunCheck(arguments, output), output, "farm log check");
}

int RunLogRecoverCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunRecover(arguments, output), output, "farm log recover");
}

int RunLogCloseCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunClose(arguments, output), output, "farm log close");
}

int RunLogPolicyCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunPolicy(arguments, output), output, "farm log policy");
}

int RunLogCheckProofCommand(const LogArguments& arguments, const Output& output) {
  return EndOf(RunCheckProof(arguments, output), output, "farm log check-proof");
}

}  // namespace farm
