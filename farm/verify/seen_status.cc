#include "farm/verify/seen_status.h"

#include <algorithm>

#include "farm/base/bytes.h"

namespace farm {
namespace {

void AddRevoked(const std::string& key, const std::optional<UnixSeconds>& since,
                RevokedSince& keys) {
  const auto [found, added] = keys.emplace(key, since);
  if (!added && LeavesLess(since, found->second)) found->second = since;
}

// Whether the customer's own root believes the monitor of that time.  What statuses revoke is not
// asked: two monitors would silence each other for ever, whoever of them is the thief.
bool IsHeeded(const SaidByStatus& said, const TrustRoot& root) {
  if (IsRevoked(root, said.monitor_key, said.time, said.time)) return false;
  return std::any_of(root.monitors.begin(), root.monitors.end(), [&](const Person& monitor) {
    return monitor.key.KeyId() == said.monitor_key && monitor.valid_for.Contains(said.time);
  });
}

bool WasSaidBefore(const Case& facts, std::set<Digest> SaidByStatus::*of, const Digest& digest) {
  return std::any_of(facts.input.seen.said.begin(), facts.input.seen.said.end(),
                     [&](const SaidByStatus& said) {
                       return (said.*of).contains(digest) && IsHeeded(said, facts.input.root);
                     });
}

// What of the status is news from its monitor.  One who has said it before has said it then, which
// may be before his key was stolen.
SaidByStatus NewsOf(const Case& facts) {
  SaidByStatus news{facts.status->bundle->key().KeyId(), *facts.status->facts.token};
  const FarmStatus& status = facts.status->statement;
  for (const WithdrawnRelease& withdrawn : status.withdrawn) {
    news.withdrawn.insert(withdrawn.release);
  }
  for (const DissentInLog& dissent : status.dissents) news.dissents.insert(dissent.manifest);
  news.revoked_keys = RevokedBy(status);
  for (const SaidByStatus& said : facts.input.seen.said) {
    if (said.monitor_key != news.monitor_key) continue;
    for (const Digest& release : said.withdrawn) news.withdrawn.erase(release);
    for (const Digest& manifest : said.dissents) news.dissents.erase(manifest);
    for (const auto& [key, since] : said.revoked_keys) {
      const auto found = news.revoked_keys.find(key);
      if (found == news.revoked_keys.end() || LeavesLess(found->second, since)) continue;
      news.revoked_keys.erase(found);
    }
  }
  return news;
}

SeenStatuses Remembered(const Case& facts) {
  SeenStatuses seen = facts.input.seen;
  for (const StatusLog& log : facts.status->statement.logs) {
    if (IsOfNewerRoot(facts.status->statement, log, facts.input.root)) continue;
    seen.logs[log.head.origin] = {log.head.size, log.head.root, *facts.status->facts.token};
  }
  SaidByStatus news = NewsOf(facts);
  if (!news.withdrawn.empty() || !news.dissents.empty() || !news.revoked_keys.empty()) {
    seen.said.push_back(std::move(news));
  }
  return seen;
}

}  // namespace

bool IsOfNewerRoot(const FarmStatus& status, const StatusLog& log, const TrustRoot& root) {
  return status.root_version > root.version && FindLog(root, log.head.origin) == nullptr;
}

bool IsAhead(const Case& facts) {
  return *facts.status->facts.token > facts.input.at + facts.policy.clock_skew_seconds;
}

void AddRevocations(const RevokedSince& keys, const std::string& reason, Case& facts) {
  if (keys.empty()) return;
  auto root = std::make_unique<TrustRoot>(facts.root());
  for (const auto& [key, since] : keys) {
    root->revocations.push_back({"key", key, reason, since});
  }
  facts.root_and_status = std::move(root);
}

RevokedSince RevokedBy(const FarmStatus& status) {
  RevokedSince keys;
  for (const RevokedKey& revoked : status.revoked_keys) {
    AddRevoked(revoked.key_id, revoked.compromised_since, keys);
  }
  return keys;
}

void AddFork(const Checkpoint& head, const std::string& other, Case& facts) {
  facts.Add(Rule::kStatus, ExitCode::kLogProof,
            "log " + Printable(head.origin, 120) + " has another tree of " +
                std::to_string(head.size) + " entries in it than in " + other +
                "; keep both and tell the witnesses: the log has forked");
  facts.seen.reset();
}

void HeedSeenRevocations(Case& facts) {
  RevokedSince keys;
  for (const SaidByStatus& said : facts.input.seen.said) {
    if (said.revoked_keys.empty() || !IsHeeded(said, facts.input.root)) continue;
    for (const auto& [key, since] : said.revoked_keys) AddRevoked(key, since, keys);
  }
  AddRevocations(keys, "a status seen before", facts);
}

// One that is ahead is not remembered: until its time has come it would be in the way of every
// other.
void JudgeSeen(Case& facts) {
  const UnixSeconds time = *facts.status->facts.token;
  bool remembered = !IsAhead(facts);
  for (const StatusLog& log : facts.status->statement.logs) {
    const auto found = facts.input.seen.logs.find(log.head.origin);
    if (found == facts.input.seen.logs.end()) continue;
    if (IsOfNewerRoot(facts.status->statement, log, facts.input.root)) continue;
    const SeenLog& seen = found->second;
    if (log.head.size == seen.size && log.head.root != seen.root_hash) {
      AddFork(log.head, "a status seen before", facts);
      remembered = false;
    }
    if (time >= seen.time && log.head.size >= seen.size) continue;
    remembered = false;
    const std::string message = "log " + Printable(log.head.origin, 120) + ": status of " +
                                FormatTime(time) + " with " + std::to_string(log.head.size) +
                                " entries, one of " + FormatTime(seen.time) + " with " +
                                std::to_string(seen.size) + " was seen before";
    if (facts.input.allow_older) {
      facts.Warn(Rule::kStatus, message);
    } else {
      facts.Add(Rule::kStatus, ExitCode::kRollback, message);
    }
  }
  if (remembered) facts.seen = Remembered(facts);
}

// What a status at hand says of it is said by itself (judge_status.cc).
void JudgeSaidBefore(Case& facts) {
  const Digest release = facts.release->bundle->PaeDigest();
  const Digest& manifest = facts.manifest->digest;
  bool withdrawn = WasSaidBefore(facts, &SaidByStatus::withdrawn, release);
  bool dissent = WasSaidBefore(facts, &SaidByStatus::dissents, manifest);
  if (facts.status) {
    for (const WithdrawnRelease& one : facts.status->statement.withdrawn) {
      withdrawn = withdrawn && one.release != release;
    }
    for (const DissentInLog& one : facts.status->statement.dissents) {
      dissent = dissent && one.manifest != manifest;
    }
  }
  if (withdrawn) {
    facts.Add(Rule::kWithdrawn, ExitCode::kRevoked, "withdrawn, as a status seen before has said");
  }
  if (dissent) {
    facts.Add(Rule::kAgreement, ExitCode::kDissent,
              "sites disagreed about this manifest, as a status seen before has said");
  }
}

}  // namespace farm
