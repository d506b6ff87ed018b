#include <algorithm>
#include <set>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/evidence/merkle.h"
#include "farm/verify/approvals.h"
#include "farm/verify/case.h"
#include "farm/verify/quorum.h"

namespace farm {
namespace {

// Who counts for the quorum of `rule` by this line: a known party, if the line has no problem with
// that rule.  A line with another problem fails the verdict by its own rule and code (an expired
// certificate is 18); not counting it here would only hide that behind "too few".
template <typename T>
std::optional<LineIdentity> CountedIdentity(const Line<T>& line, Rule rule) {
  const Problems& problems = line.facts.problems;
  const bool counts = std::none_of(problems.begin(), problems.end(),
                                   [&](const Problem& problem) { return problem.rule == rule; });
  return counts ? line.facts.identity : std::nullopt;
}

template <typename T>
std::vector<LineIdentity> Counted(const std::vector<Line<T>>& lines, Rule rule) {
  std::vector<LineIdentity> identities;
  for (const Line<T>& line : lines) {
    const auto identity = CountedIdentity(line, rule);
    if (identity) identities.push_back(*identity);
  }
  return identities;
}

void Append(Problems from, Case& facts) {
  for (Problem& problem : from) facts.problems.push_back(std::move(problem));
}

// The same recipe everywhere: embedded in the release, asked for, and built.
void JudgeManifest(Case& facts) {
  const ManifestView& manifest = *facts.manifest;
  if (facts.request) {
    const Request& request = facts.request->statement;
    if (request.manifest != manifest.digest) {
      facts.Add(Rule::kManifest, ExitCode::kInputMissing,
                "the request is for manifest " + request.manifest.Short() +
                    ", the release carries " + manifest.digest.Short());
    }
    if (request.product != manifest.product || request.version != manifest.version) {
      facts.Add(Rule::kManifest, ExitCode::kInputMissing,
                "the request is for another product or version than the manifest");
    }
  }
  std::vector<SourceTree> sources = manifest.sources;
  std::sort(sources.begin(), sources.end());
  for (const Line<Record>& line : facts.records) {
    const Record& record = line.statement;
    if (record.manifest != manifest.digest) {
      facts.Add(Rule::kManifest, ExitCode::kInputMissing,
                line.name + ": is of manifest " + record.manifest.Short() +
                    ", the release carries " + manifest.digest.Short());
    }
    if (record.lock != manifest.lock) {
      facts.Add(Rule::kManifest, ExitCode::kInputMissing,
                line.name + ": used lock " + record.lock.Short() + ", the manifest has " +
                    manifest.lock.Short());
    }
    std::vector<SourceTree> built = record.sources;
    std::sort(built.begin(), built.end());
    if (!built.empty() && built != sources) {
      facts.Add(Rule::kManifest, ExitCode::kInputMissing,
                line.name + ": used other source trees than the manifest's");
    }
  }
}

void JudgeSites(Case& facts) {
  if (!facts.intent) return;
  std::multiset<std::string> builders;
  for (const Line<Record>& record : facts.records) builders.insert(record.statement.builder);
  for (const std::string& site : facts.intent->statement.sites) {
    const std::size_t count = builders.count(site);
    if (count == 1) continue;
    facts.Add(Rule::kSites, ExitCode::kQuorum,
              Quoted(site) + " was asked and has " + Amount(count, "record") + ", want one");
  }
  Append(CheckSites(Counted(facts.records, Rule::kSites), facts.policy), facts);
}

// What is released is what the manifest declares and what every site built.
void JudgeOutputs(Case& facts) {
  const std::vector<Artifact>& artifacts = facts.release->statement.artifacts;
  std::vector<std::string> names;
  for (const Artifact& artifact : artifacts) names.push_back(artifact.name);
  if (names != facts.manifest->artifacts) {
    facts.Add(Rule::kOutputs, ExitCode::kQuorum,
              "the released artifacts are not those that the manifest declares");
  }
  for (const Line<Record>& record : facts.records) {
    if (record.statement.result != BuildResult::kSucceeded ||
        record.statement.outputs != artifacts) {
      facts.Add(Rule::kOutputs, ExitCode::kQuorum,
                record.name + ": its outputs are not the released artifacts");
    }
  }
}

void JudgeAgreement(Case& facts) {
  std::vector<const Record*> records;
  for (const Line<Record>& line : facts.records) records.push_back(&line.statement);
  Append(CheckSameBuild(records), facts);
}

void JudgeLimits(Case& facts) {
  if (facts.input.root.development || !facts.policy.require_kernel_limits) return;
  for (const Line<Record>& record : facts.records) {
    if (!record.statement.limits_observed) continue;
    facts.Add(Rule::kLimits, ExitCode::kJurisdiction,
              record.name + ": limits were observed, not the kernel's");
  }
}

void JudgeAuditorsKeys(Case& facts) {
  const std::set<std::string> parties = KeysOfParties(facts);
  for (const Line<Approval>& approval : facts.approvals) {
    if (!parties.contains(approval.bundle->key().KeyId())) continue;
    facts.Add(
        Rule::kApprovals, ExitCode::kApproval,
        approval.name + ": its key has also signed for a site, the coordinator or the signer");
  }
}

void JudgeApprovals(Case& facts) {
  JudgeAuditorsKeys(facts);
  if (!facts.request) return;
  std::vector<GivenApproval> given;
  for (const Line<Approval>& line : facts.approvals) {
    given.push_back({line.statement, line.name, CountedIdentity(line, Rule::kApprovals)});
  }
  Append(CheckApproved(given, facts.manifest->digest, facts.policy.auditors, facts.policy), facts);
}

// Every other line's tree is a beginning of the release's tree.
Status CheckPrefix(const Checkpoint& older, const Checkpoint& newer,
                   const std::vector<ConsistencyProof>& proofs) {
  const auto wrong = [](std::string message) {
    return Error{ErrorCode::kMismatch, std::move(message), ExitCode::kLogProof};
  };
  if (older.origin != newer.origin) {
    return wrong("is in log " + older.origin + ", the release in " + newer.origin);
  }
  if (older.size > newer.size) {
    return wrong("its checkpoint (" + Amount(older.size, "entry", "entries") +
                 ") is newer than the release's (" + std::to_string(newer.size) + ")");
  }
  if (older.size == newer.size) {
    return CheckConsistency(older.size, older.root, newer.size, newer.root, {});
  }
  const auto proof = std::find_if(proofs.begin(), proofs.end(), [&](const ConsistencyProof& p) {
    return p.old_size == older.size;
  });
  if (proof == proofs.end()) {
    return wrong("the release carries no consistency proof from " + std::to_string(older.size) +
                 " to " + Amount(newer.size, "entry", "entries"));
  }
  return CheckConsistency(older.size, older.root, newer.size, newer.root, proof->hashes);
}

template <typename T>
void JudgePrefix(const Line<T>& line, const std::vector<ConsistencyProof>& proofs, Case& facts) {
  if (!line.facts.checkpoint) {
    facts.Skip(Rule::kConsistency, line.name + " has no good log entry");
    return;
  }
  const Status status =
      CheckPrefix(*line.facts.checkpoint, *facts.release->facts.checkpoint, proofs);
  if (!status) {
    facts.Add(Rule::kConsistency, ExitCode::kLogProof, line.name + ": " + status.error().message);
  }
}

void JudgeConsistency(Case& facts) {
  const Line<Release>& release = *facts.release;
  if (!release.facts.checkpoint) {
    facts.Skip(Rule::kConsistency, "the release has no good log entry");
    return;
  }
  const Result<Note> note = ParseNote(release.bundle->log_entry->checkpoint);
  CHECK(note.has_value());  // the checkpoint above was read from it
  const std::vector<ConsistencyProof> proofs = ConsistencyProofsOf(*note);
  if (facts.request) JudgePrefix(*facts.request, proofs, facts);
  if (facts.intent) JudgePrefix(*facts.intent, proofs, facts);
  for (const Line<Record>& record : facts.records) JudgePrefix(record, proofs, facts);
  for (const Line<Approval>& approval : facts.approvals) JudgePrefix(approval, proofs, facts);
}

// A release is about what was there: it comes into the log after all that it names.
void JudgeReleaseIsLast(Case& facts) {
  Line<Release>& release = *facts.release;
  const std::optional<LogPlace> place = PlaceOf(*release.bundle, release.facts.checkpoint);
  const auto check = [&](const auto& line) {
    CheckLoggedInOrder(PlaceOf(*line.bundle, line.facts.checkpoint), place,
                       "release: came into the log before the " + line.name, release.facts);
  };
  if (facts.request) check(*facts.request);
  if (facts.intent) check(*facts.intent);
  for (const Line<Record>& record : facts.records) check(record);
  for (const Line<Approval>& approval : facts.approvals) check(approval);
}

void JudgeReleaseRevocation(Case& facts) {
  const std::string digest = facts.release->bundle->PaeDigest().Text();
  for (const Revocation& revocation : facts.input.root.revocations) {
    if (revocation.kind != "release" || revocation.subject != digest) continue;
    facts.Add(Rule::kRevocations, ExitCode::kRevoked,
              "the release is revoked: " + Printable(revocation.reason, 200));
  }
}

void JudgeSequence(Case& facts) {
  const VerdictInput& input = facts.input;
  const std::int64_t sequence = facts.release->statement.sequence;
  if (!input.newest_sequence || sequence > *input.newest_sequence) return;
  if (sequence == *input.newest_sequence) {
    const Digest release = facts.release->bundle->PaeDigest();
    if (!input.newest_release || release == *input.newest_release) return;
    facts.Add(Rule::kSequence, ExitCode::kRollback,
              "sequence " + std::to_string(sequence) + " is of release " + release.Short() +
                  ", but release " + input.newest_release->Short() +
                  " was accepted with it before; keep both bundles and tell the farm: its signer "
                  "gave one number twice");
    return;
  }
  const std::string message = "sequence " + std::to_string(sequence) + ", sequence " +
                              std::to_string(*input.newest_sequence) + " was accepted before";
  if (input.allow_older) {
    facts.Warn(Rule::kSequence, message);
  } else {
    facts.Add(Rule::kSequence, ExitCode::kRollback, message);
  }
}

}  // namespace

void JudgeStatements(Case& facts) {
  JudgeManifest(facts);
  JudgeSites(facts);
  JudgeOutputs(facts);
  JudgeAgreement(facts);
  JudgeLimits(facts);
  JudgeApprovals(facts);
  if (facts.intent) {
    CheckAfterIntent(facts.intent->facts.witnessed, facts.policy, facts.release->name,
                     facts.release->facts);
  }
}

void JudgeGathered(Case& facts) {
  if (!facts.release) return;
  JudgeStatements(facts);
  JudgeConsistency(facts);
  JudgeReleaseIsLast(facts);
  JudgeReleaseRevocation(facts);
  JudgeSequence(facts);
  JudgeCertifiers(facts);
  JudgeStatus(facts);
  JudgeReplays(facts);
}

}  // namespace farm
