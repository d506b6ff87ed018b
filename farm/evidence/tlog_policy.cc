#include "farm/evidence/tlog_policy.h"

#include <algorithm>
#include <optional>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::size_t kPolicyWordsMax = kTlogPolicyLinesMax + 3;  // "group", name, threshold

bool IsPolicySpace(char c) { return c == ' ' || c == '\t'; }

std::vector<std::string_view> WordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && !IsPolicySpace(line[end])) ++end;
    if (end > at) words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Reads a policy line by line.
class PolicyReader {
 public:
  explicit PolicyReader(std::string_view where) : where_(where) {}

  Result<TlogPolicy> Read(std::string_view bytes) {
    while (!bytes.empty()) {
      ++line_;
      const std::size_t end = bytes.find('\n');
      if (end == std::string_view::npos) return Bad("does not end with a newline");
      RETURN_IF_ERROR(ReadLine(bytes.substr(0, end)));
      bytes.remove_prefix(end + 1);
    }
    if (!has_quorum_) {
      return Error{ErrorCode::kInvalidInput,
                   where_ + ": has no quorum line; \"quorum none\" asks for no witnesses"};
    }
    return std::move(policy_);
  }

 private:
  using Words = std::vector<std::string_view>;

  Error Bad(const std::string& what) const {
    return {ErrorCode::kInvalidInput, where_ + ": line " + std::to_string(line_) + ": " + what};
  }
  Error TooMany(std::string_view what) const {
    return {ErrorCode::kLimitExceeded, where_ + ": line " + std::to_string(line_) + ": more than " +
                                           std::to_string(kTlogPolicyLinesMax) + " " +
                                           std::string(what)};
  }

  Status ReadLine(std::string_view line) {
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\t') || byte == 0x7f) return Bad("has a control character");
    }
    const Words words = WordsOf(line);
    if (words.empty() || words[0].starts_with('#')) return {};
    if (words.size() > kPolicyWordsMax) return TooMany("members");
    if (words[0] == "log") return ReadLog(words);
    if (words[0] == "witness") return ReadWitness(words);
    if (words[0] == "group") return ReadGroup(words);
    if (words[0] == "quorum") return ReadQuorum(words);
    return Bad("begins with " + Printable(words[0], 40) + ", want log, witness, group or quorum");
  }

  Status ReadLog(const Words& words) {
    if (words.size() != 2 && words.size() != 3) return Bad("want \"log <vkey> [<url>]\"");
    if (policy_.logs.size() == kTlogPolicyLinesMax) return TooMany("logs");
    auto key = ParseVerifierKey(words[1], VerifierKeyUse::kLog);
    if (!key) return Bad(key.error().message);
    for (const TlogPolicy::KnownLog& log : policy_.logs) {
      if (log.key.key == key->key) return Bad("a log with this key stands there already");
    }
    policy_.logs.push_back({*key, words.size() == 3 ? std::string(words[2]) : ""});
    return {};
  }

  Status ReadWitness(const Words& words) {
    if (words.size() != 3 && words.size() != 4)
      return Bad("want \"witness <name> <vkey> [<url>]\"");
    if (policy_.witnesses.size() == kTlogPolicyLinesMax) return TooMany("witnesses");
    RETURN_IF_ERROR(Define(words[1]));
    auto key = ParseVerifierKey(words[2], VerifierKeyUse::kWitness);
    if (!key) return Bad(key.error().message);
    for (const TlogPolicy::KnownWitness& witness : policy_.witnesses) {
      if (witness.key.key == key->key) {
        return Bad("witness " + Printable(witness.name, 80) + " has this key already");
      }
    }
    policy_.witnesses.push_back(
        {std::string(words[1]), *key, words.size() == 4 ? std::string(words[3]) : ""});
    return {};
  }

  Status ReadGroup(const Words& words) {
    if (words.size() < 4) return Bad("want \"group <name> all|any|<k> <name>...\"");
    if (policy_.groups.size() == kTlogPolicyLinesMax) return TooMany("groups");
    TlogPolicy::Group group;
    group.name = std::string(words[1]);
    for (std::size_t i = 3; i < words.size(); ++i) {
      const std::string member(words[i]);
      if (!defined_.contains(member)) {
        return Bad("member " + Printable(member, 80) + " is not defined before");
      }
      if (!members_.insert(member).second) {
        return Bad("member " + Printable(member, 80) + " is in a group already");
      }
      group.members.push_back(member);
    }
    RETURN_IF_ERROR(Define(words[1]));
    if (words[2] == "all") {
      group.needed = group.members.size();
    } else if (words[2] != "any") {
      auto needed = ParseDecimal(words[2], group.members.size());
      if (!needed || *needed == 0) {
        return Bad("threshold " + Printable(words[2], 40) + ", want all, any or 1 to " +
                   std::to_string(group.members.size()));
      }
      group.needed = static_cast<std::size_t>(*needed);
    }
    policy_.groups.push_back(std::move(group));
    return {};
  }

  Status ReadQuorum(const Words& words) {
    if (words.size() != 2) return Bad("want \"quorum <name>\"");
    if (has_quorum_) return Bad("a second quorum line");
    has_quorum_ = true;
    policy_.quorum = std::string(words[1]);
    if (policy_.quorum != kNoQuorum && !defined_.contains(policy_.quorum)) {
      return Bad("quorum " + Printable(policy_.quorum, 80) + " is not defined before");
    }
    return {};
  }

  Status Define(std::string_view name) {
    if (name == kNoQuorum) return Bad("\"none\" cannot be defined");
    if (!defined_.insert(std::string(name)).second) {
      return Bad(Printable(name, 80) + " is defined already");
    }
    return {};
  }

  const std::string where_;
  std::size_t line_ = 0;
  TlogPolicy policy_;
  std::set<std::string> defined_;  // witnesses and groups
  std::set<std::string> members_;  // of any group
  bool has_quorum_ = false;
};

std::string ThresholdWord(const TlogPolicy::Group& group) {
  if (group.needed == group.members.size()) return "all";
  return group.needed == 1 ? "any" : std::to_string(group.needed);
}

std::string UrlWord(const std::string& url) { return url.empty() ? "" : " " + url; }

}  // namespace

Result<TlogPolicy> ParseTlogPolicy(std::string_view bytes, std::string_view where) {
  if (bytes.size() > kTlogPolicyBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(where) + ": more than 256 KiB"};
  }
  return PolicyReader(where).Read(bytes);
}

std::string WriteTlogPolicy(const TlogPolicy& policy) {
  std::string text;
  for (const TlogPolicy::KnownLog& log : policy.logs) {
    text += "log " + WriteVerifierKey(log.key, VerifierKeyUse::kLog) + UrlWord(log.url) + "\n";
  }
  for (const TlogPolicy::KnownWitness& witness : policy.witnesses) {
    text += "witness " + witness.name + " " +
            WriteVerifierKey(witness.key, VerifierKeyUse::kWitness) + UrlWord(witness.url) + "\n";
  }
  for (const TlogPolicy::Group& group : policy.groups) {
    text +=
        "group " + group.name + " " + ThresholdWord(group) + " " + Join(group.members, " ") + "\n";
  }
  return text + "quorum " + policy.quorum + "\n";
}

bool QuorumMet(const TlogPolicy& policy, const std::set<std::size_t>& cosigned) {
  if (policy.quorum == kNoQuorum) return true;
  std::set<std::string> met;
  for (const std::size_t place : cosigned) met.insert(policy.witnesses.at(place).name);
  for (const TlogPolicy::Group& group : policy.groups) {
    const auto count =
        std::count_if(group.members.begin(), group.members.end(),
                      [&](const std::string& member) { return met.contains(member); });
    if (static_cast<std::size_t>(count) >= group.needed) met.insert(group.name);
  }
  return met.contains(policy.quorum);
}

namespace {

Status CheckKnownLog(const Note& note, const Checkpoint& checkpoint, const TlogPolicy& policy) {
  bool signed_by_one = false;
  std::optional<Error> refused;
  for (const TlogPolicy::KnownLog& log : policy.logs) {
    if (log.key.name != checkpoint.origin) continue;
    const std::string hint = NoteKeyHint(log.key.name, log.key.key);
    const bool there =
        std::any_of(note.signatures.begin(), note.signatures.end(), [&](const NoteSignature& line) {
          return line.name == log.key.name && line.key_hint == hint;
        });
    const Status good = CheckNoteSignature(note, log.key.name, log.key.key);
    if (!good && there) return good;  // a line of a known key that does not verify
    if (good) signed_by_one = true;
    if (!good) refused = good.error();
  }
  if (signed_by_one) return {};
  if (refused) return *refused;
  return Error{ErrorCode::kUntrusted,
               "checkpoint: the policy knows no log " + Printable(checkpoint.origin, 80),
               ExitCode::kLogProof};
}

}  // namespace

Result<PolicyVerdict> CheckUnderPolicy(const Note& note, const TlogPolicy& policy) {
  PolicyVerdict verdict;
  ASSIGN_OR_RETURN(verdict.checkpoint, ParseCheckpoint(note.text));
  RETURN_IF_ERROR(CheckKnownLog(note, verdict.checkpoint, policy));
  std::vector<std::pair<UnixSeconds, std::size_t>> times;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < policy.witnesses.size(); ++i) {
    const TlogPolicy::KnownWitness& witness = policy.witnesses[i];
    auto time = CheckCosignature(note, witness.key.name, witness.key.key);
    if (time) {
      times.emplace_back(*time, i);
    } else if (time.error().code == ErrorCode::kNotFound) {
      missing.push_back(Printable(witness.name, 80));
    } else {
      return time.error();
    }
  }
  std::sort(times.begin(), times.end());
  bool met = QuorumMet(policy, {});
  for (const auto& [time, place] : times) {
    verdict.cosigned.insert(place);
    if (met || !QuorumMet(policy, verdict.cosigned)) continue;
    met = true;
    verdict.witnessed_at = time;
  }
  if (met) return verdict;
  return Error{
      ErrorCode::kUntrusted,
      "checkpoint of size " + std::to_string(verdict.checkpoint.size) + ": its " +
          Amount(times.size(), "good cosignature is", "good cosignatures are") +
          " not the quorum " + Printable(policy.quorum, 80) +
          (missing.empty() ? "; no other witness counts" : "; missing: " + Join(missing, ", ")),
      ExitCode::kWitnesses};
}

}  // namespace farm
