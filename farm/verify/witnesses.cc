#include <algorithm>
#include <map>

#include "farm/verify/line.h"

namespace farm {

void CheckWitnesses(const Bundle& line, const TrustRoot& root, const Policy& policy,
                    LineFacts& facts) {
  const Result<Note> note = ParseNote(line.log_entry->checkpoint);
  CHECK(note.has_value());  // CheckLogEntry has read it
  CheckCosignatures(*note, root, policy, facts);
}

void CheckCosignatures(const Note& note, const TrustRoot& root, const Policy& policy,
                       LineFacts& facts) {
  // One operator's witnesses are one: they say what he wants.  A development root has one operator.
  std::map<std::string, UnixSeconds> first;  // who counts -> the first time
  std::size_t not_then = 0;
  std::size_t revoked = 0;
  for (const Witness& witness : root.witnesses) {
    const Result<UnixSeconds> time = CheckCosignature(note, witness.name, witness.key);
    if (!time && time.error().code == ErrorCode::kNotFound) continue;
    if (!time) {
      facts.problems.push_back({Rule::kWitnesses, ExitCode::kWitnesses, time.error().message});
    } else if (IsRevoked(root, witness.key.KeyId(), facts.token, *time)) {
      ++revoked;
    } else if (!witness.valid_for.Contains(*time)) {
      ++not_then;
    } else {
      const std::string& counted = root.development ? witness.name : witness.operator_id;
      UnixSeconds& earliest = first.emplace(counted, *time).first->second;
      earliest = std::min(earliest, *time);
    }
  }
  std::vector<UnixSeconds> times;
  for (const auto& [counted, time] : first) times.push_back(time);
  facts.witnesses = times.size();
  const std::size_t want = static_cast<std::size_t>(std::max<std::int64_t>(1, policy.witnesses));
  if (times.size() >= want) {
    std::sort(times.begin(), times.end());
    facts.witnessed = times[want - 1];
    return;
  }
  const std::string few = std::to_string(times.size()) + " of " + std::to_string(want) +
                          " cosignatures of the root's witnesses";
  if (times.size() + not_then >= want) {
    facts.problems.push_back(
        {Rule::kValidity, ExitCode::kNotValidThen, few + "; others were not valid at their time"});
  } else if (times.size() + not_then + revoked >= want) {
    facts.problems.push_back(
        {Rule::kRevocations, ExitCode::kRevoked, few + "; others are revoked"});
  } else {
    facts.problems.push_back({Rule::kWitnesses, ExitCode::kWitnesses, few});
  }
}

}  // namespace farm
