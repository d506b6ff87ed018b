#include "farm/crypto/timestamp.h"

#include "farm/verify/line.h"

namespace farm {

std::optional<StampedBy> CheckToken(const Bundle& line, const TrustRoot& root, VerifyCache& cache,
                                    LineFacts& facts) {
  if (!line.timestamp) {
    facts.problems.push_back({Rule::kTimeStamps, ExitCode::kNotValidThen, "no time stamp"});
    return std::nullopt;
  }
  Problem refused{Rule::kTimeStamps, ExitCode::kBadSignature,
                  "time stamp: the root lists no time stamp authority"};
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    const Result<CheckedTimestamp> checked =
        CheckTimestampAndSigner(*line.timestamp, line.envelope.signature, authority.chain, cache);
    if (!checked) {
      const bool not_then = checked.error().Exit() == ExitCode::kNotValidThen;
      // Whose token it is, though of another time, says more than those who do not know it.
      if (refused.rule == Rule::kValidity && !not_then) continue;
      refused = Problem{not_then ? Rule::kValidity : Rule::kTimeStamps,
                        not_then ? ExitCode::kNotValidThen : ExitCode::kBadSignature,
                        checked.error().message};
      continue;
    }
    facts.token = checked->time;
    if (!authority.valid_for.Contains(checked->time)) {
      facts.problems.push_back({Rule::kValidity, ExitCode::kNotValidThen,
                                "the root does not vouch for time stamp authority " +
                                    authority.name + " at " + FormatTime(checked->time)});
    }
    return StampedBy{&authority, checked->signer};
  }
  facts.problems.push_back(std::move(refused));
  return std::nullopt;
}

Result<UnixSeconds> VerifyToken(const Bundle& line, UnixSeconds witnessed, const TrustRoot& root) {
  LineFacts facts;
  VerifyCache cache;
  KeysOfLine keys;
  keys.stamped_by = CheckToken(line, root, cache, facts);
  facts.witnessed = witnessed;
  CheckRevocations(keys, root, facts);
  if (!facts.problems.empty()) return WorstOf(facts.problems);
  return facts.token.value();
}

}  // namespace farm
