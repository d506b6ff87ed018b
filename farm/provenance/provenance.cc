#include "farm/provenance/provenance.h"

#include <algorithm>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

// True if each site of the intent has exactly one record under it here.
bool IsOneOfEach(const VerifiedIntent& intent, const std::vector<VerifiedRecord>& records) {
  return std::ranges::all_of(intent.statement().sites, [&](const std::string& site) {
    return std::ranges::count_if(records, [&](const VerifiedRecord& record) {
             return record.statement().builder == site &&
                    record.statement().intent == intent.digest();
           }) == 1;
  });
}

// PAE digests in the order in which the intent names the sites.
std::vector<Digest> InIntentOrder(const VerifiedIntent& intent,
                                  const std::vector<VerifiedRecord>& records) {
  std::vector<Digest> digests;
  for (const std::string& site : intent.statement().sites) {
    for (const VerifiedRecord& record : records) {
      if (record.statement().builder == site) digests.push_back(record.digest());
    }
  }
  return digests;
}

// All of `sources`, or nothing: an unused source, or a build that failed early, leaves some unseen.
std::vector<SourceTree> SourcesFound(std::vector<SourceTree> sources, const BuildOutcome& outcome) {
  for (const SourceTree& source : sources) {
    if (!outcome.trees.contains(source.tree)) return {};
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

}  // namespace

Record MakeRecord(const Plan& plan, const BuildOutcome& outcome, const RecordFacts& facts) {
  Record record;
  record.builder = facts.builder;
  record.intent = facts.intent;
  record.manifest = plan.manifest;
  record.plan = PlanDigest(plan);
  record.lock = plan.lock;
  record.root_tar = facts.root_tar;
  record.image = facts.image;
  record.result = outcome.result;
  if (outcome.result == BuildResult::kSucceeded) {
    record.outputs = outcome.artifacts;
    std::sort(record.outputs.begin(), record.outputs.end());
  }
  record.trace = outcome.trace;
  record.sources = SourcesFound(facts.sources, outcome);
  record.sandbox = outcome.sandbox;
  record.programs = facts.programs;
  record.limits_observed = outcome.limits_observed;
  record.started = facts.started;
  record.finished = facts.finished;
  return record;
}

Release MakeRelease(const VerifiedIntent& intent, const std::vector<VerifiedRecord>& records,
                    const std::vector<VerifiedApproval>& approvals, const ReleaseFacts& facts) {
  CHECK(!records.empty() && IsOneOfEach(intent, records));
  CHECK(CheckAgreement(records).has_value());
  CHECK(Sha256(facts.manifest) == intent.statement().manifest);
  Release release;
  release.artifacts = records.front().statement().outputs;
  release.manifest = facts.manifest;
  release.request = intent.statement().request;
  release.intent = intent.digest();
  release.records = InIntentOrder(intent, records);
  for (const VerifiedApproval& approval : approvals) release.approvals.push_back(approval.digest());
  std::sort(release.approvals.begin(), release.approvals.end());
  release.sequence = facts.sequence;
  release.signer = facts.signer;
  release.created = facts.created;
  return release;
}

Dissent MakeDissent(const VerifiedIntent& intent, const std::vector<VerifiedRecord>& records,
                    const std::string& summary, UnixSeconds created) {
  Dissent dissent;
  dissent.manifest = intent.statement().manifest;
  dissent.product = intent.statement().product;
  dissent.version = intent.statement().version;
  dissent.intent = intent.digest();
  dissent.records = InIntentOrder(intent, records);
  dissent.summary = summary;
  dissent.created = created;
  return dissent;
}

}  // namespace farm
