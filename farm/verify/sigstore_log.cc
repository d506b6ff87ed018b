// When the signature was there, and that logs have it: tokens, promises, proofs, checkpoints.
#include <algorithm>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/foreign_chain.h"
#include "farm/evidence/foreign_entry.h"
#include "farm/evidence/merkle.h"
#include "farm/verify/sigstore_case.h"

namespace farm {
namespace {

constexpr std::size_t kAddressCharactersMax = 200;

Error LogError(std::string message) {
  return Error{ErrorCode::kUntrusted, std::move(message), ExitCode::kLogProof};
}

Status CheckPeriod(const ValidFor& valid_for, UnixSeconds at, const std::string& what) {
  if (valid_for.Contains(at)) return {};
  return Error{ErrorCode::kUntrusted,
               "the root does not vouch for " + what + " at " + FormatTime(at),
               ExitCode::kNotValidThen};
}

// The token's time by one authority, which the root vouches for at that time.
Result<UnixSeconds> CheckToken(const std::string& token, const std::string& signature,
                               const SigstoreAuthority& authority) {
  ASSIGN_OR_RETURN(const UnixSeconds time,
                   CheckForeignTimestamp(token, signature, authority.chain));
  RETURN_IF_ERROR(
      CheckPeriod(authority.valid_for, time,
                  "time stamp authority " + Printable(authority.name, kAddressCharactersMax)));
  return time;
}

// The bytes under a promise: canonical JSON of the entry as Rekor's first version stores it.
std::string PromisedBytes(const ForeignLogEntry& entry) {
  return R"({"body":")" + Base64Encode(entry.body) + R"(","integratedTime":)" +
         std::to_string(entry.integrated_time) + R"(,"logID":")" + HexEncode(entry.log_id) +
         R"(","logIndex":)" + std::to_string(entry.index) + "}";
}

Status CheckPromise(const ForeignLogEntry& entry, const SigstoreLog& log) {
  if (IsOfSecondVersion(entry)) {
    return LogError(entry.where +
                    ": a log of Rekor's second version promises nothing, and attests "
                    "no time (signed entry timestamp)");
  }
  if (!log.key.Verify(PromisedBytes(entry), entry.promise)) {
    return LogError(entry.where + ": the log's promise (signed entry timestamp) does not match");
  }
  return CheckPeriod(log.valid_for, entry.integrated_time, "the log");
}

Status CheckProof(const ForeignLogEntry& entry, const SigstoreLog& log) {
  const InclusionProof& proof = *entry.proof;
  if (IsOfSecondVersion(entry) && entry.index != proof.index) {
    return LogError(entry.where + ": the proof is of entry " + std::to_string(proof.index) +
                    ", not of " + std::to_string(entry.index));
  }
  const auto head = IsOfSecondVersion(entry)
                        ? CheckForeignCheckpoint(proof.checkpoint, log)
                        : CheckForeignCheckpointOfAnyName(proof.checkpoint, log);
  if (!head) return Wrap(entry.where, head.error());
  if (head->size != proof.tree_size || head->root != proof.root) {
    return LogError(entry.where + ": the proof is not for the tree of its checkpoint");
  }
  const Status included =
      CheckInclusion(LeafHash(entry.body), proof.index, head->size, proof.hashes, head->root);
  return included ? Status() : Status(Wrap(entry.where, included.error()));
}

// The root lists the log for when others saw the signature; where nobody did, for now, when we do.
Status CheckInForce(const SigstoreLog& log, const SigstoreCase& facts) {
  for (const UnixSeconds at : facts.tokens) {
    RETURN_IF_ERROR(CheckPeriod(log.valid_for, at, "the log"));
  }
  if (!facts.tokens.empty() || log.valid_for.Contains(facts.input.now)) return {};
  return Error{
      ErrorCode::kUntrusted,
      "the root does not vouch for the log now, and no time stamp shows that the signature "
      "is older",
      ExitCode::kNotValidThen};
}

// Everything that one log of the root can say of the entry.  `promised`: when it took the entry in,
// where its promise holds.
Status CheckByLog(const ForeignLogEntry& entry, const SigstoreLog& log, const SigstoreCase& facts,
                  std::optional<UnixSeconds>& promised) {
  if (!entry.promise.empty()) {
    RETURN_IF_ERROR(CheckPromise(entry, log));
    promised = entry.integrated_time;
  } else {
    RETURN_IF_ERROR(CheckInForce(log, facts));
  }
  return entry.proof ? CheckProof(entry, log) : Status();
}

bool IsOf(const ForeignLogEntry& entry, const SigstoreLog& log) {
  return std::find(log.ids.begin(), log.ids.end(), entry.log_id) != log.ids.end();
}

void JudgeEntry(const ForeignLogEntry& entry, SigstoreCase& facts) {
  // Several logs of a root may have one key, at different times.
  std::optional<Error> refused = LogError(
      entry.where + ".logId: the root lists no such log" +
      (facts.input.trust.unusable_keys.empty() ? "" : " with a key of a kind that we know"));
  std::optional<UnixSeconds> promised;
  for (const SigstoreLog& log : facts.input.trust.logs) {
    if (!IsOf(entry, log)) continue;
    const Status checked = CheckByLog(entry, log, facts, promised);
    if (checked) {
      refused.reset();
      facts.Found(SigstoreRule::kLog, "entry " + std::to_string(entry.index) + " of " +
                                          Printable(log.base_url, kAddressCharactersMax));
      break;
    }
    refused = checked.error();
  }
  if (promised) facts.promises.push_back(*promised);
  if (refused) facts.Add(SigstoreRule::kLog, *refused);
}

}  // namespace

std::vector<UnixSeconds> SigstoreCase::Times() const {
  std::set<UnixSeconds> times(tokens.begin(), tokens.end());
  times.insert(promises.begin(), promises.end());
  return {times.begin(), times.end()};
}

void JudgeTokens(SigstoreCase& facts) {
  const SigstoreInput& input = facts.input;
  if (!input.bundle.tokens.empty() && input.trust.timestamp_authorities.empty()) {
    facts.Warn(SigstoreRule::kTimes, "time stamps are not looked at: the root lists no authority");
    return;
  }
  std::set<std::string> seen;
  for (const std::string& token : input.bundle.tokens) {
    if (!seen.insert(token).second) {
      facts.Add(SigstoreRule::kTimes, ExitCode::kBadSignature, "one time stamp is there twice");
      continue;
    }
    std::optional<UnixSeconds> time;
    std::optional<Error> refused;
    for (const SigstoreAuthority& authority : input.trust.timestamp_authorities) {
      const auto checked = CheckToken(token, input.bundle.signature(), authority);
      if (checked) {
        time = *checked;
        break;
      }
      // That of an authority which did sign says more than that of one which did not.
      if (!refused || checked.error().Exit() == ExitCode::kNotValidThen) refused = checked.error();
    }
    if (time) {
      facts.tokens.push_back(*time);
    } else {
      facts.Add(SigstoreRule::kTimes, *refused);
    }
  }
}

void JudgeEntries(SigstoreCase& facts) {
  const std::vector<ForeignLogEntry>& entries = facts.input.bundle.entries;
  if (entries.empty()) {
    facts.Add(SigstoreRule::kLog, ExitCode::kLogProof, "the bundle has no entry of a log");
  }
  std::set<std::pair<std::string, std::uint64_t>> seen;
  for (const ForeignLogEntry& entry : entries) {
    if (!seen.insert({entry.log_id, entry.index}).second) {
      facts.Add(
          SigstoreRule::kLog, ExitCode::kLogProof,
          entry.where + ": entry " + std::to_string(entry.index) + " of that log is there twice");
    }
    JudgeEntry(entry, facts);
  }
}

void JudgeTimes(SigstoreCase& facts) {
  std::vector<std::string> words;
  for (const UnixSeconds at : facts.Times()) words.push_back(FormatTime(at));
  if (!words.empty()) {
    facts.Found(SigstoreRule::kTimes, Join(words, " "));
  } else if (!facts.input.key) {
    facts.Add(SigstoreRule::kTimes, ExitCode::kNotValidThen,
              "nobody attests a time: no time stamp, and no log's promise, that holds");
  } else {
    facts.Warn(SigstoreRule::kTimes, "nobody attests a time; the key is good at any");
  }
}

}  // namespace farm
