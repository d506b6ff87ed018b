#include <cstdlib>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/verify/case.h"
#include "farm/verify/seen_status.h"

namespace farm {
namespace {

// Whatever is wrong with it is wrong with the status.
void AddStatusProblems(const Problems& problems, Case& facts) {
  for (const Problem& problem : problems) facts.Add(Rule::kStatus, problem.exit, problem.message);
}

// Each log that it tells of is one of the root, and as witnesses have seen it by then.
void CheckLogsOfStatus(Line<FarmStatus>& status, const TrustRoot& root, const Policy& policy) {
  for (const StatusLog& log : status.statement.logs) {
    if (IsOfNewerRoot(status.statement, log, root)) continue;
    const std::string of_log = "log " + Printable(log.head.origin, 120) + ": ";
    const Result<Note> note = ParseNote(log.checkpoint);
    CHECK(note.has_value());  // the statement's reader has read it
    const Result<KnownHead> head = CheckHeadOfLog(*note, root);
    if (!head) {
      status.Add(Rule::kStatus, ExitCode::kLogProof, of_log + head.error().message);
      continue;
    }
    // Of the tree with which the root ends a log its makers have said more than any witness.
    if (head->log->end && IsEnd(head->checkpoint, *head->log->end)) continue;
    LineFacts witnessed;
    witnessed.token = status.facts.token;
    CheckCosignatures(*note, root, policy, witnessed);
    for (const Problem& problem : witnessed.problems) {
      status.Add(Rule::kStatus, problem.exit, of_log + problem.message);
    }
    // The witnesses attest how old the head is; a log that ended since says no more.
    if (IsRevoked(root, head->log->key.KeyId(), witnessed.witnessed, witnessed.witnessed)) {
      status.Add(Rule::kStatus, ExitCode::kRevoked, of_log + "its key is revoked for that time");
    }
    if (witnessed.witnessed && status.facts.token &&
        *witnessed.witnessed > *status.facts.token + policy.clock_skew_seconds) {
      status.Add(Rule::kStatus, ExitCode::kNotValidThen,
                 of_log + "was witnessed at " + FormatTime(*witnessed.witnessed) +
                     ", after the status was stamped");
    }
  }
}

// What it says of its own time is what the time stamp authority says.
void CheckIssued(Line<FarmStatus>& status, const Policy& policy) {
  if (!status.facts.token) return;
  const std::int64_t apart = status.statement.issued - *status.facts.token;
  if (std::abs(apart) <= policy.clock_skew_seconds) return;
  status.Add(Rule::kStatus, ExitCode::kNotValidThen,
             "says that it was issued at " + FormatTime(status.statement.issued) +
                 ", its time stamp says " + FormatTime(*status.facts.token));
}

Result<Line<FarmStatus>> ReadWhole(const Bundle& line, const TrustRoot& root,
                                   const Policy& policy) {
  ASSIGN_OR_RETURN(Line<FarmStatus> status, ReadStatusLine(line, root, policy));
  CheckLogsOfStatus(status, root, policy);
  CheckIssued(status, policy);
  return status;
}

const Checkpoint* HeadOf(const FarmStatus& status, const std::string& origin) {
  for (const StatusLog& log : status.logs) {
    if (log.head.origin == origin) return &log.head;
  }
  return nullptr;
}

// A status of which nothing is wrong but what other monitors' have revoked: it does not count, but
// who of them is the thief the root alone says, and until then no withdrawal is forgotten that any
// of them has said.
void HearDespiteOthers(Case& facts) {
  if (!facts.root_and_status) return;
  const auto status = ReadWhole(*facts.input.status, facts.input.root, facts.input.policy);
  if (status && status->sound()) HearUncounted(*status, facts);
}

// A status that says nothing of this release, or of today, is as good as none: a problem only where
// one is asked for.
void AddStale(Case& facts, const std::string& message) {
  if (AsksForStatus(facts)) {
    facts.Add(Rule::kStatus, ExitCode::kStatusTooOld, message);
  } else {
    facts.Warn(Rule::kStatus, message);
  }
}

// It tells of the release's log, at least as far as the release, and of every log that goes on from
// that one: a withdrawal may be in any of them.
void JudgeCover(Case& facts) {
  const LineFacts& release = facts.release->facts;
  if (!release.checkpoint) return;  // a problem of its own
  const FarmStatus& status = facts.status->statement;
  std::string origin = release.checkpoint->origin;
  for (std::size_t i = 0; i <= facts.input.root.logs.size(); ++i) {
    const Checkpoint* head = HeadOf(status, origin);
    if (head == nullptr) {
      return AddStale(
          facts, "it says nothing of log " + Printable(origin, 120) +
                     (i == 0 ? ", in which the release is" : ", which goes on from the release's"));
    }
    if (i == 0 && head->size < release.checkpoint->size) {
      return AddStale(facts, "it tells of " + Amount(head->size, "entry", "entries") + " of log " +
                                 Printable(origin, 120) + ", the release was proved among " +
                                 std::to_string(release.checkpoint->size));
    }
    if (i == 0 && head->size == release.checkpoint->size &&
        head->root != release.checkpoint->root) {
      AddFork(*head, "the release", facts);
    }
    const Log* log = facts.input.root.FindLog(origin);
    if (log == nullptr || !log->end) return;
    if (head->size < log->end->size) {
      return AddStale(facts, "it tells of " + Amount(head->size, "entry", "entries") + " of log " +
                                 Printable(origin, 120) + ", which was closed with " +
                                 std::to_string(log->end->size));
    }
    origin = log->end->successor;
  }
}

void JudgeAge(Case& facts) {
  const FarmStatus& status = facts.status->statement;
  const UnixSeconds at = facts.input.at;
  const UnixSeconds time = *facts.status->facts.token;
  const std::int64_t age_max = facts.policy.status_max_age_seconds;
  if (IsAhead(facts)) {
    AddStale(facts, "it is of " + FormatTime(time) + ", " + std::to_string(time - at) +
                        " s ahead of " + FormatTime(at) +
                        "; set this machine's clock, or tell the monitor");
  } else if (age_max > 0 && at > time && at - time > age_max) {
    facts.Add(Rule::kStatus, ExitCode::kStatusTooOld,
              "it is of " + FormatTime(time) + ", " + std::to_string(at - time) +
                  " s old, want at most " + std::to_string(age_max));
  } else if (at > status.next_update) {
    facts.Warn(Rule::kStatus, "it is of " + FormatTime(time) + ", a newer one was due at " +
                                  FormatTime(status.next_update));
  }
  if (status.root_version > facts.input.root.version) {
    facts.Warn(Rule::kStatus, "the monitor has version " + std::to_string(status.root_version) +
                                  " of the root, you have " +
                                  std::to_string(facts.input.root.version) + ": get the newest");
  }
  for (const StatusLog& log : status.logs) {
    if (!IsOfNewerRoot(status, log, facts.input.root)) continue;
    facts.Warn(Rule::kStatus, "log " + Printable(log.head.origin, 120) + " is not in your root");
  }
}

// A version is released once: whoever withdrew another release of that name may have been shown a
// false one, and have meant this one.
void WarnOfNamesake(const WithdrawnRelease& withdrawn, Case& facts) {
  if (withdrawn.product != facts.manifest->product ||
      withdrawn.version != facts.manifest->version) {
    return;
  }
  facts.Warn(Rule::kWithdrawn, Printable(withdrawn.by, 120) + " has withdrawn another release, " +
                                   withdrawn.release.Short() +
                                   ", under this product and version; ask which one was meant");
}

void JudgeWithdrawn(Case& facts) {
  const FarmStatus& status = facts.status->statement;
  const Digest release = facts.release->bundle->PaeDigest();
  for (const WithdrawnRelease& withdrawn : status.withdrawn) {
    if (withdrawn.release != release) {
      WarnOfNamesake(withdrawn, facts);
      continue;
    }
    facts.Add(Rule::kWithdrawn, ExitCode::kRevoked,
              "withdrawn by " + Printable(withdrawn.by, 120) + " since " +
                  FormatTime(withdrawn.since) + ": " + Printable(withdrawn.reason, 200));
  }
  for (const DissentInLog& dissent : status.dissents) {
    if (dissent.manifest != facts.manifest->digest) continue;
    facts.Add(Rule::kAgreement, ExitCode::kDissent,
              "the status tells of a dissent of this manifest, " + dissent.dissent.Short());
  }
  for (const NewestRelease& newest : status.newest) {
    if (newest.product != facts.manifest->product || newest.release == release ||
        newest.sequence <= facts.release->statement.sequence) {
      continue;
    }
    facts.Warn(Rule::kWithdrawn, "superseded: the newest release is version " +
                                     Printable(newest.version, 80) + ", sequence " +
                                     std::to_string(newest.sequence));
  }
}

}  // namespace

bool IsOfNewerRoot(const FarmStatus& status, const StatusLog& log, const TrustRoot& root) {
  return status.root_version > root.version && root.FindLog(log.head.origin) == nullptr;
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

void AddRevoked(const std::string& key, const std::optional<UnixSeconds>& since,
                RevokedSince& keys) {
  const auto [found, added] = keys.emplace(key, since);
  if (!added && LeavesLess(since, found->second)) found->second = since;
}

RevokedSince RevokedBy(const FarmStatus& status) {
  RevokedSince keys;
  for (const RevokedKey& revoked : status.revoked_keys) {
    AddRevoked(revoked.key_id, revoked.compromised_since, keys);
  }
  return keys;
}

void ForgetLogs(Case& facts) {
  if (!facts.seen) return;
  facts.seen->logs = facts.input.seen.logs;
  if (*facts.seen == facts.input.seen) facts.seen.reset();
}

void AddFork(const Checkpoint& head, const std::string& other, Case& facts) {
  facts.Add(Rule::kStatus, ExitCode::kLogProof,
            "log " + Printable(head.origin, 120) + " has another tree of " +
                Amount(head.size, "entry", "entries") + " in it than in " + other +
                "; keep both and tell the witnesses: the log has forked");
  ForgetLogs(facts);
}

Result<SoundStatus> VerifyStatus(const Bundle& line, const TrustRoot& root, const Policy& policy) {
  ASSIGN_OR_RETURN(Line<FarmStatus> status, ReadWhole(line, root, policy));
  if (!status.sound()) return WorstOf(status.facts.problems);
  return SoundStatus{std::move(status.statement), *status.facts.token};
}

void ReadStatus(Case& facts) {
  HeedSeenRevocations(facts);
  if (!facts.input.status) return;
  auto status = ReadWhole(*facts.input.status, facts.root(), facts.input.policy);
  if (!status) {
    facts.Add(Rule::kStatus, ExitCode::kUsage, status.error().message);
    return;
  }
  AddStatusProblems(status->facts.problems, facts);
  if (!status->sound()) return HearDespiteOthers(facts);
  if (status->statement.root_version > facts.input.root.version) {
    AddRevocations(RevokedBy(status->statement), "a status", facts);
  }
  facts.status = *std::move(status);
  JudgeSeen(facts);
}

void JudgeStatus(Case& facts) {
  JudgeSaidBefore(facts);
  if (!facts.input.status || facts.status) JudgeLost(facts);
  if (!facts.input.status) {
    if (facts.policy.status_max_age_seconds > 0) {
      facts.Add(Rule::kStatus, ExitCode::kStatusTooOld, "no status at hand");
    }
    return;
  }
  if (!facts.status) {
    // With this rule left out nothing has found that it does not count.
    if (!LeftOut(Rule::kStatus)) facts.Skip(Rule::kWithdrawn, "the status does not count");
    return;
  }
  JudgeCover(facts);
  JudgeAge(facts);
  JudgeWithdrawn(facts);
}

}  // namespace farm
