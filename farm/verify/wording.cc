#include <algorithm>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/verify/case.h"
#include "farm/verify/seen_status.h"

namespace farm {
namespace {

std::string AtLeast(std::int64_t count, std::string_view what) {
  return "at least " + std::to_string(count) + " " + std::string(what);
}

// "at least 1 country", "at least 2 countries".
std::string AtLeast(std::int64_t count, std::string_view one, std::string_view many) {
  return AtLeast(count, count == 1 ? one : many);
}

std::string LinesFound(const Case& facts) { return Amount(LinesOf(facts).size(), "line"); }

std::string WitnessesFound(const Case& facts) {
  std::size_t fewest = facts.release->facts.witnesses;
  for (const LineFacts* line : LinesOf(facts)) fewest = std::min(fewest, line->witnesses);
  return Amount(fewest, "witness", "witnesses") + " of each of " + LinesFound(facts);
}

template <typename T>
std::string Ids(const std::vector<Line<T>>& lines) {
  std::vector<std::string> ids;
  for (const Line<T>& line : lines) {
    if (line.facts.identity) ids.push_back(Printable(line.facts.identity->id, 120));
  }
  return Join(ids, " ");
}

std::string ReplaysFound(const Case& facts) {
  if (facts.input.replays.empty()) return "none at hand";
  if (facts.matching_replayers.empty()) return "none of this release that counts";
  return "MATCH by " + Join(facts.matching_replayers, " ");
}

// The auditors of this manifest; with how many approvals of earlier ones, if by diff.
std::string ApprovalsFound(const Case& facts) {
  std::vector<std::string> auditors;
  std::size_t earlier = 0;
  for (const Line<Approval>& line : facts.approvals) {
    const Approval& approval = line.statement;
    if (approval.manifest != facts.manifest->digest) {
      ++earlier;
    } else if (line.facts.identity) {
      auditors.push_back(Printable(line.facts.identity->id, 120) +
                         (approval.base ? " (by diff)" : ""));
    }
  }
  std::string words = auditors.empty() ? "none" : Join(auditors, " ");
  if (earlier > 0) words += ", with " + Amount(earlier, "approval") + " of earlier manifests";
  return words;
}

std::string Places(const std::vector<Line<Record>>& records, std::string LineIdentity::*field) {
  std::vector<std::string> places;
  for (const Line<Record>& record : records) {
    if (record.facts.identity) places.push_back(Printable((*record.facts.identity).*field, 80));
  }
  return Join(places, " ");
}

std::string ExpectedCountries(const Policy& policy) {
  std::string words = AtLeast(policy.countries, "country", "countries");
  for (const auto* wanted : {&policy.countries_any, &policy.manifest_countries_any}) {
    if (!wanted->empty()) words += ", one of " + Join(*wanted, " ");
  }
  return words;
}

std::string ExpectedRelease(const VerdictInput& input) {
  std::string words = "the first line is a readable release";
  if (input.product) words += " of product " + Printable(*input.product, 80);
  if (input.version)
    words += (input.product ? ", version " : " of version ") + Printable(*input.version, 80);
  return words;
}

std::string FoundTimes(const Case& facts) {
  if (!facts.release || !facts.release->facts.token) return "no time of the release";
  return "released at " + FormatTime(*facts.release->facts.token);
}

std::string FoundStatus(const Case& facts) {
  if (!facts.status) return "no status at hand";
  std::string words = "status of " + FormatTime(*facts.status->facts.token) + " by " +
                      Printable(facts.status->statement.monitor, 120);
  for (const StatusLog& log : facts.status->statement.logs) {
    words += ", " + Printable(log.head.origin, 120) + " has " +
             Amount(log.head.size, "entry", "entries");
  }
  return words;
}

std::string FoundLimits(const Case& facts) {
  for (const Line<Record>& record : facts.records) {
    if (record.statement.limits_observed) return "limits observed";
  }
  return "the kernel's";
}

std::string ArtifactsFound(const Case& facts) {
  return Amount(facts.release->statement.artifacts.size(), "artifact");
}

}  // namespace

std::string ExpectedWords(Rule rule, const Case& facts) {
  const Policy& policy = facts.policy;
  switch (rule) {
    case Rule::kRoot:
      return "a root signed by its own keys, made before now and good for 30 days more";
    case Rule::kRootVersion:
      return facts.input.newest_root_version
                 ? AtLeast(*facts.input.newest_root_version, "as version")
                 : "any version (nothing remembered)";
    case Rule::kDevelopmentRoot:
      return "a production root, or a development root allowed on purpose";
    case Rule::kRelease:
      return ExpectedRelease(facts.input);
    case Rule::kStatements:
      return "every line that the release names is a canonical statement";
    case Rule::kArtifact:
      return facts.input.renamed ? "the file is an artifact of the release"
                                 : "the file is an artifact of the release, under its name";
    case Rule::kSignatures:
      return "every signature matches its statement";
    case Rule::kIdentities:
      return "every key is the root's, every certificate of its own operator's CA";
    case Rule::kTimeStamps:
      return "every signature has a time stamp of a known authority";
    case Rule::kSites:
      return AtLeast(policy.sites, "site", "sites") + ", one record of each site asked";
    case Rule::kOutputs:
      return "every site built exactly the released artifacts, as the manifest declares";
    case Rule::kOperators:
      return AtLeast(policy.operators, "operator", "operators");
    case Rule::kCountries:
      return ExpectedCountries(policy);
    case Rule::kCertifiers:
      return policy.certified_countries ? "a certifier's statement on the country of every site"
                                        : "none asked for (policy)";
    case Rule::kLimits:
      return facts.input.root.development   ? "any (development root)"
             : policy.require_kernel_limits ? "the kernel's limits at every site"
                                            : "any (policy)";
    case Rule::kApprovals:
      return AtLeast(policy.auditors, "auditor", "auditors") +
             " of this manifest, none requester or operator" +
             (policy.diff_approvals ? "; by tree, or by diff since a manifest approved by as many"
                                    : "");
    case Rule::kLog:
      return "every line is proved to be in a known log";
    case Rule::kConsistency:
      return "every line's log is a beginning of the release's log";
    case Rule::kWitnesses:
      return AtLeast(policy.witnesses, "witness", "witnesses") +
             (facts.input.root.development ? " of every line"
                                           : " of every line, of different operators");
    case Rule::kRevocations:
      return "nothing revoked";
    case Rule::kStatus:
      return policy.status_max_age_seconds > 0
                 ? "a status by a monitor of the root, at most " +
                       std::to_string(policy.status_max_age_seconds) + " s old"
             : AsksForStatus(facts) ? "a status that tells again what --state could not remember"
                                    : "none asked for (policy)";
    case Rule::kWithdrawn:
      return "not withdrawn, as far as a status at hand says";
    case Rule::kValidity:
      return "root, every key and certificate valid when it was used";
    case Rule::kOrder:
      return "approved before the intent, built and released after it, logged after signing";
    case Rule::kLines:
      return "every line that the release names, once";
    case Rule::kManifest:
      return "one manifest in release, request, intent and records";
    case Rule::kAgreement:
      return "all sites agree";
    case Rule::kReplays:
      return policy.replays > 0
                 ? AtLeast(policy.replays, "replayer with MATCH", "replayers with MATCH")
                 : "none asked for (policy)";
    case Rule::kSequence:
      return facts.input.newest_sequence
                 ? AtLeast(*facts.input.newest_sequence, "as sequence of the product")
                 : "any sequence (nothing remembered)";
  }
  CHECK(false);
}

std::string FoundWords(Rule rule, const Case& facts) {
  const Policy& policy = facts.policy;
  switch (rule) {
    case Rule::kRoot:
      return "root " + facts.input.root.digest.Short() + " expires " +
             FormatTime(facts.input.root.expires);
    case Rule::kRootVersion:
      return "version " + std::to_string(facts.input.root.version);
    case Rule::kDevelopmentRoot:
      return facts.input.root.development ? "a development root, allowed on purpose"
                                          : "a production root";
    case Rule::kRelease:
      return Printable(facts.manifest->product, 80) + " " + Printable(facts.manifest->version, 80);
    case Rule::kArtifact:
      return facts.input.file_name.empty() ? ArtifactsFound(facts) : facts.input.file_digest.Text();
    case Rule::kSites:
      return Ids(facts.records);
    case Rule::kOperators:
      return Places(facts.records, &LineIdentity::operator_id);
    case Rule::kCountries:
      return Places(facts.records, &LineIdentity::country);
    case Rule::kCertifiers:
      return policy.certified_countries ? Places(facts.records, &LineIdentity::country)
                                        : "none asked for";
    case Rule::kStatus:
      return FoundStatus(facts);
    case Rule::kWithdrawn:
      return facts.status ? "not withdrawn" : "no status at hand";
    case Rule::kReplays:
      return ReplaysFound(facts);
    case Rule::kLimits:
      return FoundLimits(facts);
    case Rule::kApprovals:
      return ApprovalsFound(facts);
    case Rule::kOutputs:
    case Rule::kAgreement:
      return ArtifactsFound(facts) + ", " + Amount(facts.records.size(), "record");
    case Rule::kManifest:
      return facts.manifest->digest.Text();
    case Rule::kSequence:
      return "sequence " + std::to_string(facts.release->statement.sequence);
    case Rule::kValidity:
    case Rule::kOrder:
      return FoundTimes(facts);
    case Rule::kRevocations:
      return Amount(facts.root().revocations.size(), "revocation") +
             (facts.status ? " in root and status, none applies" : " in the root, none applies");
    case Rule::kStatements:
    case Rule::kSignatures:
    case Rule::kIdentities:
    case Rule::kTimeStamps:
    case Rule::kConsistency:
    case Rule::kLines:
      return LinesFound(facts);
    case Rule::kLog:
      return LinesFound(facts) + ", the release has index " +
             std::to_string(facts.release->bundle->log_entry->index);
    case Rule::kWitnesses:
      return WitnessesFound(facts);
  }
  CHECK(false);
}

}  // namespace farm
