#include "farm/verify/seen_status.h"

#include <algorithm>

#include "farm/base/bytes.h"

namespace farm {
namespace {

// The monitor that said it, if the customer's own root believes the one of that time; else null.
// What statuses revoke is not asked: two monitors would silence each other for ever, whoever of
// them is the thief.
const Person* HeededMonitor(const std::string& key, UnixSeconds time, const TrustRoot& root) {
  if (IsRevoked(root, key, time, time)) return nullptr;
  const auto found =
      std::find_if(root.monitors.begin(), root.monitors.end(), [&](const Person& monitor) {
        return monitor.key.KeyId() == key && monitor.valid_for.Contains(time);
      });
  return found == root.monitors.end() ? nullptr : &*found;
}
const Person* HeededMonitor(const SaidByStatus& said, const TrustRoot& root) {
  return HeededMonitor(said.monitor_key, said.time, root);
}

// Who has said it before, and when, for people; "" where nobody has whom the root believes.
std::string WhoSaidBefore(const Case& facts, std::set<Digest> SaidByStatus::*of,
                          const Digest& digest) {
  for (const SaidByStatus& said : facts.input.seen.said) {
    if (!(said.*of).contains(digest)) continue;
    const Person* monitor = HeededMonitor(said, facts.input.root);
    if (monitor == nullptr) continue;
    return "as a status seen before has said, of " + FormatTime(said.time) + " by " +
           Printable(monitor->id, 120);
  }
  return "";
}

// What of the status is news from its monitor.  One who has said it before has said it then, which
// may be before his key was stolen.
SaidByStatus NewsOf(const Line<FarmStatus>& status, const Case& facts) {
  SaidByStatus news{status.bundle->key().KeyId(), *status.facts.token};
  for (const WithdrawnRelease& withdrawn : status.statement.withdrawn) {
    news.withdrawn.insert(withdrawn.release);
  }
  for (const DissentInLog& dissent : status.statement.dissents) {
    news.dissents.insert(dissent.manifest);
  }
  news.revoked_keys = RevokedBy(status.statement);
  news.root_version = status.statement.root_version;
  for (const SaidByStatus& said : facts.input.seen.said) {
    if (said.monitor_key != news.monitor_key || said.time > news.time) continue;
    if (HeededMonitor(said, facts.input.root) == nullptr) continue;
    for (const Digest& release : said.withdrawn) news.withdrawn.erase(release);
    for (const Digest& manifest : said.dissents) news.dissents.erase(manifest);
    if (said.root_version < news.root_version) continue;  // a newer root says it again
    for (const auto& [key, since] : said.revoked_keys) {
      const auto found = news.revoked_keys.find(key);
      if (found == news.revoked_keys.end() || LeavesLess(found->second, since)) continue;
      news.revoked_keys.erase(found);
    }
  }
  return news;
}

// What is remembered has an end for each monitor, whatever keys it has had; one that has come to it
// loses its own news.
bool HasRoom(const SeenStatuses& seen, const SaidByStatus& news, const TrustRoot& root) {
  const Person* speaker = HeededMonitor(news, root);
  std::size_t words = CountWords(news);
  std::size_t words_of_monitor = words;
  std::size_t statuses_of_monitor = 1;
  for (const SaidByStatus& said : seen.said) {
    words += CountWords(said);
    const Person* monitor = HeededMonitor(said, root);
    const bool is_same = monitor != nullptr && speaker != nullptr && monitor->id == speaker->id;
    if (said.monitor_key != news.monitor_key && !is_same) continue;
    words_of_monitor += CountWords(said);
    ++statuses_of_monitor;
  }
  return words_of_monitor <= kSaidByMonitorMax && statuses_of_monitor <= kStatusesByMonitorMax &&
         words <= kSaidMax && seen.said.size() < kStatusesMax;
}

// Each word is remembered with the first status that said it, in whatever order they were shown:
// else whoever shows old statuses, one older than the other, would fill the monitor's place with
// one word said often.
void ForgetSaidAgain(const SaidByStatus& news, std::vector<SaidByStatus>& all) {
  for (SaidByStatus& said : all) {
    if (said.monitor_key != news.monitor_key || said.time < news.time) continue;
    const auto is_in = [](const std::set<Digest>& digests) {
      return [&](const Digest& digest) { return digests.contains(digest); };
    };
    std::erase_if(said.withdrawn, is_in(news.withdrawn));
    std::erase_if(said.dissents, is_in(news.dissents));
    if (said.root_version > news.root_version) continue;
    std::erase_if(said.revoked_keys, [&](const auto& revoked) {
      const auto found = news.revoked_keys.find(revoked.first);
      return found != news.revoked_keys.end() && !LeavesLess(revoked.second, found->second);
    });
  }
  std::erase_if(all, [](const SaidByStatus& said) { return CountWords(said) == 0; });
}

// The monitor, while the root believes it; else null.
const Person* HeededLoser(const std::string& key, const LostWords& lost, const TrustRoot& root) {
  const Person* monitor = HeededMonitor(key, lost.first, root);
  return monitor != nullptr ? monitor : HeededMonitor(key, lost.last, root);
}

void AddLost(const SaidByStatus& news, const TrustRoot& root, SeenStatuses& seen) {
  if (seen.lost.size() >= kLostMax) {
    std::erase_if(seen.lost, [&](const auto& lost) {
      return HeededLoser(lost.first, lost.second, root) == nullptr;
    });
  }
  LostWords& lost =
      seen.lost.try_emplace(news.monitor_key, LostWords{news.time, news.time}).first->second;
  lost.first = std::min(lost.first, news.time);
  lost.last = std::max(lost.last, news.time);
}

// What nobody heeds: of whom the root does not believe, and keys that were revoked under a root
// which is no newer and so has its own word on them.
void ForgetUnheeded(const TrustRoot& root, std::vector<SaidByStatus>& all) {
  for (SaidByStatus& said : all) {
    if (said.root_version <= root.version) said.revoked_keys.clear();
  }
  std::erase_if(all, [&](const SaidByStatus& said) {
    return CountWords(said) == 0 || HeededMonitor(said, root) == nullptr;
  });
}

void AddNews(SaidByStatus news, Case& facts, SeenStatuses& seen) {
  if (CountWords(news) == 0) return;
  const TrustRoot& root = facts.input.root;
  SeenStatuses after = seen;
  ForgetSaidAgain(news, after.said);
  if (!HasRoom(after, news, root)) ForgetUnheeded(root, after.said);
  if (HasRoom(after, news, root)) {
    after.said.push_back(std::move(news));
    seen = std::move(after);
    return;
  }
  AddLost(news, root, seen);
  facts.not_remembered =
      "all of what the status says, for its monitor has told of more withdrawals, dissents and "
      "keys than are remembered of one: from now on a status by another key must be at hand; "
      "tell the farm";
}

// What is remembered of the log of a head in the status; null where that is nothing that counts.
const SeenLog* SeenBefore(const Checkpoint& head, const Case& facts) {
  const auto found = facts.input.seen.logs.find(head.origin);
  if (found == facts.input.seen.logs.end()) return nullptr;
  const SeenLog& seen = found->second;
  const bool counts = !IsDisowned(facts.input.root, {head.origin, seen.size, seen.root_hash});
  return counts ? &seen : nullptr;
}

}  // namespace

std::size_t CountWords(const SaidByStatus& said) {
  return said.withdrawn.size() + said.dissents.size() + said.revoked_keys.size();
}

// A root that is not older than the monitor's speaks for itself: it may have taken a revocation
// back, or said since when it holds.
void HeedSeenRevocations(Case& facts) {
  RevokedSince keys;
  for (const SaidByStatus& said : facts.input.seen.said) {
    if (said.root_version <= facts.input.root.version) continue;
    if (said.revoked_keys.empty() || HeededMonitor(said, facts.input.root) == nullptr) continue;
    for (const auto& [key, since] : said.revoked_keys) AddRevoked(key, since, keys);
  }
  AddRevocations(keys, "a status seen before", facts);
}

void HearUncounted(const Line<FarmStatus>& status, Case& facts) {
  SeenStatuses seen = facts.input.seen;
  SaidByStatus news = NewsOf(status, facts);
  news.revoked_keys.clear();
  AddNews(std::move(news), facts, seen);
  if (seen != facts.input.seen) facts.seen = std::move(seen);
}

// What it says is remembered whatever its time is and whatever has become of its logs: a monitor
// that the root believes has said it, and nothing that another says, or a clock, takes it back.  Of
// one that is ahead, older, or of a forked log, no more is: the one would be in the way of every
// other until its time has come, the other is less than what is known.
void JudgeSeen(Case& facts) {
  const UnixSeconds time = *facts.status->facts.token;
  SeenStatuses seen = facts.input.seen;
  bool counts = !IsAhead(facts);
  for (const StatusLog& log : facts.status->statement.logs) {
    if (IsOfNewerRoot(facts.status->statement, log, facts.input.root)) continue;
    const SeenLog* before = SeenBefore(log.head, facts);
    if (before != nullptr && log.head.size == before->size && log.head.root != before->root_hash) {
      AddFork(log.head, "a status seen before", facts);
      counts = false;
    }
    if (before == nullptr || (time >= before->time && log.head.size >= before->size)) {
      seen.logs[log.head.origin] = {log.head.size, log.head.root, time};
      continue;
    }
    counts = false;
    const std::string message = "log " + Printable(log.head.origin, 120) + ": status of " +
                                FormatTime(time) + " with " + std::to_string(log.head.size) +
                                " entries, one of " + FormatTime(before->time) + " with " +
                                std::to_string(before->size) + " was seen before";
    if (facts.input.allow_older) {
      facts.Warn(Rule::kStatus, message);
    } else {
      facts.Add(Rule::kStatus, ExitCode::kRollback, message);
    }
  }
  AddNews(NewsOf(*facts.status, facts), facts, seen);
  facts.seen = std::move(seen);
  if (!counts) ForgetLogs(facts);
}

bool AsksForStatus(const Case& facts) {
  return facts.policy.status_max_age_seconds > 0 ||
         std::ranges::any_of(facts.input.seen.lost, [&](const auto& lost) {
           return HeededLoser(lost.first, lost.second, facts.input.root) != nullptr;
         });
}

// What was lost another can say again; whose key it was may be a thief's, who would leave it out.
void JudgeLost(Case& facts) {
  for (const auto& [key, lost] : facts.input.seen.lost) {
    const Person* monitor = HeededLoser(key, lost, facts.input.root);
    if (monitor == nullptr) continue;
    const bool is_told = facts.status && facts.status->bundle->key().KeyId() != key &&
                         *facts.status->facts.token >= lost.last;
    if (is_told) continue;
    facts.Add(Rule::kStatus, ExitCode::kStatusTooOld,
              "monitor " + Printable(monitor->id, 120) +
                  " has said more than is remembered: want a status by another key than " +
                  key.substr(0, 16) + ".., of " + FormatTime(lost.last) + " or later");
  }
}

// What a status at hand says of it is said by itself (judge_status.cc).
void JudgeSaidBefore(Case& facts) {
  const Digest release = facts.release->bundle->PaeDigest();
  const Digest& manifest = facts.manifest->digest;
  std::string withdrawn = WhoSaidBefore(facts, &SaidByStatus::withdrawn, release);
  std::string dissent = WhoSaidBefore(facts, &SaidByStatus::dissents, manifest);
  if (facts.status) {
    for (const WithdrawnRelease& one : facts.status->statement.withdrawn) {
      if (one.release == release) withdrawn.clear();
    }
    for (const DissentInLog& one : facts.status->statement.dissents) {
      if (one.manifest == manifest) dissent.clear();
    }
  }
  if (!withdrawn.empty()) {
    facts.Add(Rule::kWithdrawn, ExitCode::kRevoked, "withdrawn, " + withdrawn);
  }
  if (!dissent.empty()) {
    facts.Add(Rule::kAgreement, ExitCode::kDissent,
              "sites disagreed about this manifest, " + dissent);
  }
}

}  // namespace farm
