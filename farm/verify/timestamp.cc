#include "farm/crypto/timestamp.h"

#include "farm/verify/line.h"

namespace farm {

const TimestampAuthority* CheckToken(const Bundle& line, const std::string& name,
                                     const TrustRoot& root, LineFacts& facts) {
  if (!line.timestamp) {
    facts.problems.push_back(
        {Rule::kTimeStamps, ExitCode::kNotValidThen, name + ": no time stamp"});
    return nullptr;
  }
  Problem refused{Rule::kTimeStamps, ExitCode::kBadSignature,
                  name + ": time stamp: the root lists no time stamp authority"};
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    const Result<UnixSeconds> time =
        CheckTimestamp(*line.timestamp, line.envelope.signature, authority.chain);
    if (!time) {
      const bool not_then = time.error().Exit() == ExitCode::kNotValidThen;
      refused = Problem{not_then ? Rule::kValidity : Rule::kTimeStamps,
                        not_then ? ExitCode::kNotValidThen : ExitCode::kBadSignature,
                        name + ": time stamp: " + time.error().message};
      continue;
    }
    facts.token = *time;
    if (!authority.valid_for.Contains(*time)) {
      facts.problems.push_back({Rule::kValidity, ExitCode::kNotValidThen,
                                name + ": the root does not vouch for time stamp authority " +
                                    authority.name + " at " + FormatTime(*time)});
    }
    return &authority;
  }
  facts.problems.push_back(std::move(refused));
  return nullptr;
}

}  // namespace farm
