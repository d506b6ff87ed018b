#include "farm/evidence/statement.h"

#include <algorithm>

#include "farm/crypto/hash.h"
#include "farm/evidence/facts_json.h"
#include "farm/evidence/statement_names.h"

namespace farm {
namespace {

using namespace statement_names;

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string Text(UnixSeconds time) { return FormatTime(time); }

Json DigestSet(const Digest& digest) { return {{"sha256", digest.Hex()}}; }

Json Named(std::string_view name, const Digest& digest) {
  return {{"digest", DigestSet(digest)}, {"name", name}};
}

Json NamedTree(const std::string& name, const std::string& tree) {
  return {{"digest", {{"gitTree", tree}}}, {"name", name}};
}

Json ArtifactJson(const Artifact& artifact) {
  Json json = Named(artifact.name, artifact.digest);
  json["annotations"] = {{"mode", artifact.mode}, {"size", artifact.size}};
  return json;
}

Json ArtifactsJson(const std::vector<Artifact>& artifacts) {
  std::vector<Artifact> sorted = artifacts;
  std::sort(sorted.begin(), sorted.end());
  Json list = Json::array();
  for (const Artifact& artifact : sorted) list.push_back(ArtifactJson(artifact));
  return list;
}

Json DigestsJson(const std::vector<Digest>& digests) {
  Json list = Json::array();
  for (const Digest& digest : digests) list.push_back(digest.Text());
  return list;
}

Json ManifestSubject(const Digest& manifest) {
  return Json::array({Named(kManifestSubject, manifest)});
}

// Subjects and predicate of each kind.
struct Written {
  Json subject;
  Json predicate;
};

Written PartsOf(const Request& request) {
  return {ManifestSubject(request.manifest),
          {{"created", Text(request.created)},
           {"product", request.product},
           {"requester", request.requester},
           {"version", request.version}}};
}

Written PartsOf(const Approval& approval) {
  Json subject = ManifestSubject(approval.manifest);
  for (const SourceTree& source : approval.sources) {
    subject.push_back(NamedTree(source.name, source.tree));
  }
  Json predicate = {{"auditor", approval.auditor},
                    {"created", Text(approval.created)},
                    {"product", approval.product},
                    {"scope", approval.scope},
                    {"version", approval.version}};
  if (approval.base) predicate["base"] = approval.base->Text();
  return {std::move(subject), std::move(predicate)};
}

Written PartsOf(const Intent& intent) {
  return {ManifestSubject(intent.manifest),
          {{"attempt", intent.attempt},
           {"created", Text(intent.created)},
           {"earlier", DigestsJson(intent.earlier)},
           {"nonce", intent.nonce},
           {"product", intent.product},
           {"request", intent.request.Text()},
           {"sites", intent.sites},
           {"version", intent.version}}};
}

Json TraceJson(const std::vector<ActionTrace>& trace) {
  Json list = Json::array();
  for (const ActionTrace& action : trace) {
    Json outputs = Json::array();  // in the order of the action, unlike the build's artifacts
    for (const Artifact& output : action.outputs) outputs.push_back(ArtifactJson(output));
    list.push_back({{"action", action.action.Text()},
                    {"exitCode", action.exit_code},
                    {"milliseconds", action.milliseconds},
                    {"outputs", std::move(outputs)},
                    {"step", action.step}});
  }
  return list;
}

Written PartsOf(const Record& record) {
  const bool succeeded = record.result == BuildResult::kSucceeded;
  Json dependencies =
      Json::array({Named(kLockDependency, record.lock), Named(kRootTarDependency, record.root_tar),
                   Named(kImageDependency, record.image)});
  for (const SourceTree& source : record.sources) {
    dependencies.push_back(NamedTree(std::string(kSourceDependency) + source.name, source.tree));
  }
  Json programs = Json::array();
  for (const auto& [name, digest] : record.programs) programs.push_back(Named(name, digest));
  Json definition = {
      {"buildType", kBuildType},
      {"externalParameters", {{"manifest", record.manifest.Text()}, {"plan", record.plan.Text()}}},
      {"internalParameters",
       {{"limits", record.limits_observed ? kLimitsObserved : kLimitsKernel},
        {"result", succeeded ? kResultSucceeded : kResultFailed},
        {"sandbox", FactsToJson(record.sandbox)},
        {"trace", TraceJson(record.trace)}}},
      {"resolvedDependencies", std::move(dependencies)}};
  Json details = {
      {"builder", {{"builderDependencies", std::move(programs)}, {"id", record.builder}}},
      {"metadata",
       {{"finishedOn", Text(record.finished)},
        {"invocationId", record.intent.Text()},
        {"startedOn", Text(record.started)}}}};
  return {succeeded ? ArtifactsJson(record.outputs) : ManifestSubject(record.manifest),
          {{"buildDefinition", std::move(definition)}, {"runDetails", std::move(details)}}};
}

Written PartsOf(const Release& release) {
  std::vector<Digest> approvals = release.approvals;
  std::sort(approvals.begin(), approvals.end());
  return {ArtifactsJson(release.artifacts),
          {{"approvals", DigestsJson(approvals)},
           {"created", Text(release.created)},
           {"intent", release.intent.Text()},
           {"manifest", release.manifest},
           {"records", DigestsJson(release.records)},
           {"request", release.request.Text()},
           {"sequence", release.sequence},
           {"signer", release.signer}}};
}

Written PartsOf(const Dissent& dissent) {
  return {ManifestSubject(dissent.manifest),
          {{"created", Text(dissent.created)},
           {"intent", dissent.intent.Text()},
           {"product", dissent.product},
           {"records", DigestsJson(dissent.records)},
           {"summary", dissent.summary},
           {"version", dissent.version}}};
}

Written PartsOf(const KitEntry& kit) {
  Json subject = Named(kit.file, kit.digest);
  subject["annotations"] = {{"size", kit.size}};
  return {Json::array({std::move(subject)}),
          {{"created", Text(kit.created)}, {"release", kit.release.Text()}}};
}

Written PartsOf(const ReplayVerdict& replay) {
  Json subject = Json::array({Named(kKitSubject, replay.kit)});
  for (Json& artifact : ArtifactsJson(replay.rebuilt)) subject.push_back(std::move(artifact));
  return {std::move(subject),
          {{"created", Text(replay.created)},
           {"release", replay.release.Text()},
           {"replayer", replay.replayer},
           {"report", replay.report},
           {"verdict", replay.verdict}}};
}

Written PartsOf(const Withdrawal& withdrawal) {
  return {Json::array({Named(kReleaseSubject, withdrawal.release)}),
          {{"by", withdrawal.by},
           {"created", Text(withdrawal.created)},
           {"product", withdrawal.product},
           {"reason", withdrawal.reason},
           {"version", withdrawal.version}}};
}

Written PartsOf(const SiteLocation& location) {
  return {Json::array({Named(kSiteSubject, Sha256(location.builder))}),
          {{"builder", location.builder},
           {"certifier", location.certifier},
           {"country", location.country},
           {"created", Text(location.created)},
           {"operator", location.operator_id},
           {"validFor", {{"end", Text(location.end)}, {"start", Text(location.start)}}}}};
}

Json RevokedKeysJson(const std::vector<RevokedKey>& keys) {
  Json list = Json::array();
  for (const RevokedKey& revoked : keys) {
    Json json = {{"key", revoked.key_id}, {"reason", revoked.reason}};
    if (revoked.compromised_since) json["compromisedSince"] = Text(*revoked.compromised_since);
    list.push_back(std::move(json));
  }
  return list;
}

Written PartsOf(const FarmStatus& status) {
  Json subject = Json::array();
  Json checkpoints = Json::array();
  for (const StatusLog& log : status.logs) {
    subject.push_back(Named(log.head.origin, log.head.root));
    checkpoints.push_back(log.checkpoint);
  }
  Json withdrawn = Json::array();
  for (const WithdrawnRelease& release : status.withdrawn) {
    withdrawn.push_back({{"by", release.by},
                         {"product", release.product},
                         {"reason", release.reason},
                         {"release", release.release.Text()},
                         {"since", Text(release.since)},
                         {"version", release.version}});
  }
  Json newest = Json::array();
  for (const NewestRelease& release : status.newest) {
    newest.push_back({{"product", release.product},
                      {"release", release.release.Text()},
                      {"sequence", release.sequence},
                      {"version", release.version}});
  }
  Json dissents = Json::array();
  for (const DissentInLog& dissent : status.dissents) {
    dissents.push_back({{"dissent", dissent.dissent.Text()},
                        {"manifest", dissent.manifest.Text()},
                        {"product", dissent.product},
                        {"version", dissent.version}});
  }
  return {std::move(subject),
          {{"checkpoints", std::move(checkpoints)},
           {"dissents", std::move(dissents)},
           {"issued", Text(status.issued)},
           {"monitor", status.monitor},
           {"newest", std::move(newest)},
           {"nextUpdate", Text(status.next_update)},
           {"revokedKeys", RevokedKeysJson(status.revoked_keys)},
           {"rootVersion", status.root_version},
           {"withdrawn", std::move(withdrawn)}}};
}

}  // namespace

std::string_view PredicateType(const Statement& statement) {
  return std::visit(
      Overloaded{
          [](const Request&) { return kRequestType; },
          [](const Approval&) { return kApprovalType; }, [](const Intent&) { return kIntentType; },
          [](const Record&) { return kRecordType; }, [](const Release&) { return kReleaseType; },
          [](const Dissent&) { return kDissentType; }, [](const KitEntry&) { return kKitType; },
          [](const ReplayVerdict&) { return kReplayType; },
          [](const Withdrawal&) { return kWithdrawalType; },
          [](const SiteLocation&) { return kSiteLocationType; },
          [](const FarmStatus&) { return kStatusType; }},
      statement);
}

std::string_view KindName(const Statement& statement) {
  using View = std::string_view;
  return std::visit(Overloaded{[](const Request&) { return View("request"); },
                               [](const Approval&) { return View("approval"); },
                               [](const Intent&) { return View("intent"); },
                               [](const Record&) { return View("record"); },
                               [](const Release&) { return View("release"); },
                               [](const Dissent&) { return View("dissent"); },
                               [](const KitEntry&) { return View("kit entry"); },
                               [](const ReplayVerdict&) { return View("replay verdict"); },
                               [](const Withdrawal&) { return View("withdrawal"); },
                               [](const SiteLocation&) { return View("site location"); },
                               [](const FarmStatus&) { return View("status"); }},
                    statement);
}

std::string WriteStatement(const Statement& statement) {
  Written written = std::visit([](const auto& value) { return PartsOf(value); }, statement);
  return WriteCanonicalJson({{"_type", kStatementType},
                             {"predicate", std::move(written.predicate)},
                             {"predicateType", PredicateType(statement)},
                             {"subject", std::move(written.subject)}});
}

}  // namespace farm
