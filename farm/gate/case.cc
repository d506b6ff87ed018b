#include "farm/gate/case.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/manifest/manifest.h"

namespace farm {
namespace {

std::string LineName(std::string_view kind, std::size_t index) {
  return std::string(kind) + " line " + std::to_string(index + 1);
}

Result<std::vector<Bundle>> ParseLines(const std::vector<std::string>& lines,
                                       std::string_view kind) {
  if (lines.size() > kPartiesMax) {
    return Error{ErrorCode::kLimitExceeded, std::to_string(lines.size()) + " " + std::string(kind) +
                                                " lines, at most " + std::to_string(kPartiesMax) +
                                                " are taken"};
  }
  std::vector<Bundle> bundles;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSIGN_OR_RETURN(Bundle bundle, ParseBundleLine(lines[i], LineName(kind, i)));
    bundles.push_back(std::move(bundle));
  }
  return bundles;
}

Status CheckRoot(const GateRules& rules) {
  if (rules.now > rules.root.expires) {
    return Error{ErrorCode::kUntrusted,
                 "the signer's trust root " + std::to_string(rules.root.version) + " expired at " +
                     FormatTime(rules.root.expires) + "; give the signer the next root",
                 ExitCode::kNotValidThen};
  }
  const auto self = rules.root.FindParty(rules.signer);
  if (!self || self->party->role != "signer") {
    return Error{ErrorCode::kUntrusted,
                 "the trust root does not list " + rules.signer +
                     " as a signer: nobody would accept what it signs",
                 ExitCode::kBadSignature};
  }
  // Two signers know nothing of each other's journals: before either release is in the log, each
  // could release one version from another manifest.  One whose operator has left only keeps its
  // old releases good.
  for (const Operator& owner : rules.root.operators) {
    if (!owner.valid_for.Contains(rules.now)) continue;
    for (const CertifiedParty& party : owner.parties) {
      if (party.role != "signer" || party.id == rules.signer) continue;
      return Error{ErrorCode::kUntrusted,
                   "the trust root lists another signer, " + Printable(party.id, 160) +
                       ", beside " + rules.signer +
                       ": two journals cannot keep one version from being released twice; give "
                       "the signer a root with one of them, or end the other's operator there",
                   ExitCode::kBadSignature};
    }
  }
  return {};
}

// The manifest as a verifier reads it, after the whole of it has been read and linted.
Result<ManifestView> ReadManifest(const std::string& bytes) {
  if (auto manifest = ParseManifestJson(bytes); !manifest) {
    return Wrap("manifest", manifest.error());
  }
  auto view = ViewManifest(bytes);
  if (!view) return Wrap("manifest", view.error());
  return view;
}

// One record for each site, in the order of the intent; VerifyRecord has let in no other site's.
Result<std::vector<VerifiedRecord>> OrderBySite(std::vector<VerifiedRecord> records,
                                                const Intent& intent) {
  if (std::set<std::string>(intent.sites.begin(), intent.sites.end()).size() !=
          intent.sites.size() ||
      intent.sites.empty()) {
    return Error{ErrorCode::kMismatch, "the intent names no site, or one twice", ExitCode::kQuorum};
  }
  std::vector<VerifiedRecord> ordered;
  for (const std::string& site : intent.sites) {
    const auto is_of_site = [&](const VerifiedRecord& record) {
      return record.statement().builder == site;
    };
    const auto count = std::count_if(records.begin(), records.end(), is_of_site);
    if (count != 1) {
      return Error{ErrorCode::kMismatch,
                   "site " + site + " has " + (count == 0 ? "no record" : "several records") +
                       " under this intent, want exactly one" +
                       (count == 0 ? "; wait for it, or ask with a new attempt" : ""),
                   ExitCode::kQuorum};
    }
    ordered.push_back(*std::find_if(records.begin(), records.end(), is_of_site));
  }
  return ordered;
}

Status CheckDistinctKeys(const std::vector<VerifiedRecord>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (records[i].identity().key_id != records[j].identity().key_id) continue;
      return Error{ErrorCode::kMismatch,
                   records[j].identity().id + " and " + records[i].identity().id +
                       " signed with the same key: they are one site",
                   ExitCode::kQuorum};
    }
  }
  return {};
}

}  // namespace

std::vector<const Bundle*> ParsedQuestion::Lines() const {
  std::vector<const Bundle*> lines = {&request, &intent};
  for (const Bundle& record : records) lines.push_back(&record);
  for (const Bundle& approval : approvals) lines.push_back(&approval);
  return lines;
}

Result<ParsedQuestion> ParseQuestion(const Question& question) {
  ASSIGN_OR_RETURN(Bundle request, ParseBundleLine(question.request_line, "request line"));
  ASSIGN_OR_RETURN(Bundle intent, ParseBundleLine(question.intent_line, "intent line"));
  ASSIGN_OR_RETURN(std::vector<Bundle> records, ParseLines(question.record_lines, "record"));
  ASSIGN_OR_RETURN(std::vector<Bundle> approvals, ParseLines(question.approval_lines, "approval"));
  return ParsedQuestion{question.manifest, std::move(request), std::move(intent),
                        std::move(records), std::move(approvals)};
}

Result<ProvedCase> ProveCase(const ParsedQuestion& question, const GateRules& rules) {
  RETURN_IF_ERROR(CheckRoot(rules));
  ASSIGN_OR_RETURN(ManifestView manifest, ReadManifest(question.manifest));
  const Policy policy = Tighten(rules.policy, manifest.requirements);

  auto request = VerifyRequest(question.request, rules.root, policy);
  if (!request) return Wrap("request", request.error());
  RETURN_IF_ERROR(CheckRequestIsFor(*request, manifest));
  auto intent = VerifyIntent(question.intent, *request, rules.root, policy);
  if (!intent) return Wrap("intent", intent.error());

  std::vector<VerifiedRecord> records;
  for (std::size_t i = 0; i < question.records.size(); ++i) {
    auto record = VerifyRecord(question.records[i], *intent, rules.root, policy);
    if (!record) return Wrap(LineName("record", i), record.error());
    records.push_back(*std::move(record));
  }
  ASSIGN_OR_RETURN(records, OrderBySite(std::move(records), intent->statement()));

  ASSIGN_OR_RETURN(
      std::vector<VerifiedApproval> approvals,
      VerifyApprovals(question.approvals, manifest, *request, *intent, rules.root, policy));
  return ProvedCase{question.manifest,   std::move(manifest), policy,
                    *std::move(request), *std::move(intent),  std::move(records),
                    std::move(approvals)};
}

Status CheckArtifactsAreDeclared(const ProvedCase& proved) {
  for (const VerifiedRecord& record : proved.records) {
    std::vector<std::string> names;
    for (const Artifact& artifact : record.statement().outputs) names.push_back(artifact.name);
    if (names == proved.manifest.artifacts) continue;
    return Error{ErrorCode::kMismatch,
                 record.identity().id + " lists the artifacts " + Join(names, ", ") +
                     "; the manifest declares " + Join(proved.manifest.artifacts, ", "),
                 ExitCode::kQuorum};
  }
  return {};
}

Status CheckQuorums(const ProvedCase& proved, const TrustRoot& root) {
  RETURN_IF_ERROR(CheckSiteQuorum(proved.records, proved.policy));
  RETURN_IF_ERROR(CheckDistinctKeys(proved.records));
  RETURN_IF_ERROR(CheckApprovals(proved.approvals, proved.manifest.digest, proved.policy));
  if (!proved.policy.require_kernel_limits || root.development) return {};
  for (const VerifiedRecord& record : proved.records) {
    if (!record.statement().limits_observed) continue;
    return Error{ErrorCode::kMismatch,
                 record.identity().id +
                     " ran without limits of the kernel (limits observed); a release needs kernel "
                     "limits at every site unless the root is a development root",
                 ExitCode::kJurisdiction};
  }
  return {};
}

}  // namespace farm
