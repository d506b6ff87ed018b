#include "farm/gate/decision.h"

#include <algorithm>
#include <set>

#include "farm/compare/compare.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/provenance/provenance.h"

namespace farm {
namespace {

Error Refusal(ExitCode exit, std::string message) {
  return Error{ErrorCode::kMismatch, std::move(message), exit};
}

// A release of the product in question, wherever the signer knows it from.
struct PastRelease {
  std::string where;  // "sequence 3 of the journal", "entry 17 of log.farm.example"
  std::string version;
  Digest manifest;
  std::vector<Artifact> artifacts;
  std::int64_t sequence = 0;
  std::optional<std::int64_t> journal_number;
};

Result<std::vector<PastRelease>> PastReleases(const std::string& product,
                                              const std::vector<GivenAnswer>& given,
                                              const Histories& histories, const TrustRoot& root) {
  std::vector<PastRelease> past;
  std::set<Digest> own;
  for (const GivenAnswer& answer : given) {
    const auto* release = std::get_if<Release>(&answer.statement);
    if (release == nullptr || answer.product != product) continue;
    own.insert(answer.line.PaeDigest());
    past.push_back({"sequence " + std::to_string(release->sequence) + " of the journal",
                    answer.version, answer.manifest, release->artifacts, release->sequence,
                    answer.number});
  }
  for (const LoggedRelease& logged : ReleasesOf(histories, root, product)) {
    if (own.contains(logged.digest)) continue;
    // Neither its sequence nor its bytes may count, nor may they be passed over.
    if (!logged.issuer_known) {
      return Refusal(ExitCode::kBadSignature,
                     logged.where + " is a release of " + product + " " + logged.version + " by " +
                         logged.release.signer +
                         " under an issuer that the trust root does not list, and this signer's "
                         "journal does not know it");
    }
    past.push_back({logged.where, logged.version, Sha256(logged.release.manifest),
                    logged.release.artifacts, logged.release.sequence, std::nullopt});
  }
  return past;
}

// The next sequence of the product, or the answer given before, or why there is none.
Result<std::variant<std::int64_t, SameAnswer>> NextSequence(
    const std::vector<PastRelease>& past, const ManifestView& manifest,
    const std::vector<Artifact>& artifacts) {
  std::int64_t newest = 0;
  for (const PastRelease& release : past) newest = std::max(newest, release.sequence);
  const std::string name = manifest.product + " " + manifest.version;
  for (const PastRelease& release : past) {
    if (release.version != manifest.version) continue;
    const bool same_manifest = release.manifest == manifest.digest;
    if (same_manifest && release.artifacts == artifacts && release.journal_number) {
      return std::variant<std::int64_t, SameAnswer>(SameAnswer{*release.journal_number});
    }
  }
  for (const PastRelease& release : past) {
    if (release.version != manifest.version) continue;
    const bool same_manifest = release.manifest == manifest.digest;
    if (!same_manifest || release.artifacts != artifacts) {
      return Refusal(same_manifest ? ExitCode::kDissent : ExitCode::kRollback,
                     name + " was released before (" + release.where + ") " +
                         (same_manifest ? "with other bytes" : "by another manifest") +
                         "; a product and version is released once: raise the version");
    }
    return Refusal(ExitCode::kRollback, name + " was released before (" + release.where +
                                            "), and this signer's journal does not know it: it "
                                            "was restored from an older copy");
  }
  // The last number that a statement can hold.  A log can carry it without any of our signers.
  if (newest >= kJsonIntegerMax) {
    return Error{ErrorCode::kLimitExceeded,
                 "a release of " + manifest.product + " has the last sequence there is, " +
                     std::to_string(newest) +
                     "; find out who signed it, and release under another product name"};
  }
  return std::variant<std::int64_t, SameAnswer>(newest + 1);
}

std::optional<SameAnswer> FindGivenDissent(const std::vector<GivenAnswer>& given,
                                           const Digest& manifest) {
  for (const GivenAnswer& answer : given) {
    if (answer.manifest == manifest && std::holds_alternative<Dissent>(answer.statement)) {
      return SameAnswer{answer.number};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Decision> Decide(const ProvedCase& proved, const ParsedQuestion& question,
                        const Histories& histories, const std::vector<GivenAnswer>& given,
                        const GateRules& rules) {
  if (const auto dissent = FindGivenDissent(given, proved.manifest.digest)) {
    return Decision(*dissent);
  }
  RETURN_IF_ERROR(CheckLinesAreLogged(histories, question));
  RETURN_IF_ERROR(CheckNoDissent(histories, rules.root, proved.manifest.digest));

  const Comparison comparison = Compare(proved.records);
  if (std::holds_alternative<AllFailed>(comparison)) {
    return Refusal(ExitCode::kBuildFailed, Words(comparison));
  }
  if (std::holds_alternative<Disagreement>(comparison)) {
    return Decision(MakeDissent(proved.intent, proved.records, Words(comparison), rules.now));
  }
  RETURN_IF_ERROR(CheckAgreement(proved.records));
  RETURN_IF_ERROR(CheckArtifactsAreDeclared(proved));
  RETURN_IF_ERROR(CheckQuorums(proved, rules.root));
  RETURN_IF_ERROR(CheckReadable(histories, rules.root));
  RETURN_IF_ERROR(CheckRecordsInLogAgree(histories, rules.root, proved));
  RETURN_IF_ERROR(CheckOneRecordEach(histories, rules.root, proved));

  const std::vector<Artifact>& artifacts = std::get<Agreement>(comparison).artifacts;
  ASSIGN_OR_RETURN(const std::vector<PastRelease> past,
                   PastReleases(proved.manifest.product, given, histories, rules.root));
  ASSIGN_OR_RETURN(const auto next, NextSequence(past, proved.manifest, artifacts));
  if (const auto* same = std::get_if<SameAnswer>(&next)) return Decision(*same);
  return Decision(MakeRelease(proved.intent, proved.records, proved.approvals,
                              ReleaseFacts{.manifest = proved.manifest_bytes,
                                           .sequence = std::get<std::int64_t>(next),
                                           .signer = rules.signer,
                                           .created = rules.now}));
}

}  // namespace farm
