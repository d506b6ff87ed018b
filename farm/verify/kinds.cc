#include "farm/verify/kinds.h"

#include <algorithm>

#include "farm/base/bytes.h"

namespace farm {
namespace {

// The statement's own word for who signed must be who signed.
template <typename T>
void CheckSaysWhoSigned(Line<T>& line, const std::string& says) {
  if (!line.facts.identity || line.facts.identity->id == says) return;
  line.Add(Rule::kIdentities, ExitCode::kBadSignature,
           "says " + Quoted(says) + ", signed by " + Quoted(line.facts.identity->id));
}

template <typename T>
Line<T> Read(const Bundle& bundle, const std::string& name, T statement, Role role,
             LineChecks& checks) {
  return Line<T>{std::move(statement), &bundle, name, checks.Check(bundle, name, role)};
}

std::vector<SourceTree> Sorted(std::vector<SourceTree> sources) {
  std::sort(sources.begin(), sources.end());
  return sources;
}

// An auditor who is the requester, or an operator, has not audited.
void CheckIndependence(Line<Approval>& line, const RequestContext& request, const TrustRoot& root) {
  const std::string& auditor = line.statement.auditor;
  const bool same_key = line.bundle->key().KeyId() == request.key_id;
  if (auditor == request.request.requester || same_key) {
    line.Add(Rule::kApprovals, ExitCode::kApproval,
             Quoted(auditor) + " is the requester; want somebody else");
  }
  const bool is_operator = std::any_of(root.operators.begin(), root.operators.end(),
                                       [&](const Operator& owner) { return owner.id == auditor; });
  if (is_operator) {
    line.Add(Rule::kApprovals, ExitCode::kApproval,
             Quoted(auditor) + " is an operator; want somebody else");
  }
}

// What holds of every approval, whatever manifest it is of.
Result<Line<Approval>> ReadAnyApproval(const Bundle& bundle, const ManifestView& manifest,
                                       const RequestContext& request,
                                       const std::optional<IntentContext>& intent,
                                       LineChecks& checks) {
  ASSIGN_OR_RETURN(Approval statement, checks.StatementOf<Approval>(bundle, "approval"));
  const std::string name = NameOfApproval(statement);
  Line<Approval> line = Read(bundle, name, std::move(statement), Role::kAuditor, checks);
  CheckSaysWhoSigned(line, line.statement.auditor);
  CheckIndependence(line, request, checks.root());
  if (request.request.manifest != manifest.digest) {
    line.Add(Rule::kApprovals, ExitCode::kApproval, "the request is for another manifest");
  }
  const std::optional<UnixSeconds>& token = line.facts.token;
  if (intent && intent->witnessed && token &&
      *token > *intent->witnessed + checks.policy().clock_skew_seconds) {
    line.Add(Rule::kOrder, ExitCode::kNotValidThen,
             "time stamp " + FormatTime(*token) + " is later than the intent's " +
                 FormatTime(*intent->witnessed) + " by more than " +
                 std::to_string(checks.policy().clock_skew_seconds) + " s");
  }
  if (intent) {
    CheckLoggedInOrder(PlaceOf(bundle, line.facts.checkpoint), intent->place,
                       line.name + ": came into the log after the intent", line.facts);
  }
  return line;
}

}  // namespace

void CheckAfterIntent(const std::optional<UnixSeconds>& intent_witnessed, const Policy& policy,
                      const std::string& name, LineFacts& facts) {
  if (!intent_witnessed || !facts.token) return;
  if (*facts.token >= *intent_witnessed - policy.clock_skew_seconds) return;
  facts.problems.push_back({Rule::kOrder, ExitCode::kNotValidThen,
                            name + ": time stamp " + FormatTime(*facts.token) +
                                " is earlier than the intent's " + FormatTime(*intent_witnessed) +
                                " by more than " + std::to_string(policy.clock_skew_seconds) +
                                " s"});
}

std::optional<LogPlace> PlaceOf(const Bundle& line, const std::optional<Checkpoint>& checkpoint) {
  if (!line.log_entry || !checkpoint) return std::nullopt;
  return LogPlace{checkpoint->origin, line.log_entry->index};
}

void CheckLoggedInOrder(const std::optional<LogPlace>& earlier,
                        const std::optional<LogPlace>& later, const std::string& message,
                        LineFacts& facts) {
  if (!earlier || !later || earlier->origin != later->origin) return;
  if (earlier->index < later->index) return;
  facts.problems.push_back({Rule::kOrder, ExitCode::kNotValidThen,
                            message + " (entry " + std::to_string(earlier->index) +
                                ", want less than " + std::to_string(later->index) + ")"});
}

Result<Line<Request>> ReadRequestLine(const Bundle& bundle, LineChecks& checks) {
  ASSIGN_OR_RETURN(Request request, checks.StatementOf<Request>(bundle, "request"));
  Line<Request> line = Read(bundle, "request", std::move(request), Role::kRequester, checks);
  CheckSaysWhoSigned(line, line.statement.requester);
  return line;
}

Result<Line<Intent>> ReadIntentLine(const Bundle& bundle, const RequestContext& context,
                                    LineChecks& checks) {
  ASSIGN_OR_RETURN(Intent statement, checks.StatementOf<Intent>(bundle, "intent"));
  Line<Intent> line = Read(bundle, "intent", std::move(statement), Role::kCoordinator, checks);
  const Intent& intent = line.statement;
  const Request& request = context.request;
  if (intent.request != context.digest) {
    line.Add(Rule::kManifest, ExitCode::kInputMissing,
             "is for request " + intent.request.Short() + ", want " + context.digest.Short());
  }
  if (intent.manifest != request.manifest || intent.product != request.product ||
      intent.version != request.version) {
    line.Add(Rule::kManifest, ExitCode::kInputMissing,
             "its manifest, product or version is not the request's");
  }
  return line;
}

std::string NameOfApproval(const Approval& approval) {
  return "approval of " + Quoted(approval.auditor);
}

Result<Line<Approval>> ReadApprovalLine(const Bundle& bundle, const ManifestView& manifest,
                                        const RequestContext& request,
                                        const std::optional<IntentContext>& intent,
                                        LineChecks& checks) {
  ASSIGN_OR_RETURN(Line<Approval> line, ReadAnyApproval(bundle, manifest, request, intent, checks));
  const Approval& approval = line.statement;
  if (approval.manifest != manifest.digest) {
    line.Add(Rule::kApprovals, ExitCode::kApproval,
             "is for manifest " + approval.manifest.Short() + ", want " + manifest.digest.Short());
  }
  if (approval.product != manifest.product || approval.version != manifest.version ||
      Sorted(approval.sources) != Sorted(manifest.sources)) {
    line.Add(Rule::kApprovals, ExitCode::kApproval,
             "its product, version or source trees are not the manifest's");
  }
  return line;
}

Result<Line<Approval>> ReadBaseApprovalLine(const Bundle& bundle, const ManifestView& manifest,
                                            const RequestContext& request,
                                            const std::optional<IntentContext>& intent,
                                            LineChecks& checks) {
  ASSIGN_OR_RETURN(Line<Approval> line, ReadAnyApproval(bundle, manifest, request, intent, checks));
  if (line.statement.product != manifest.product) {
    line.Add(Rule::kApprovals, ExitCode::kApproval,
             "is of product " + Quoted(line.statement.product) + ", want " +
                 Quoted(manifest.product) + " or nothing by diff since it");
  }
  return line;
}

Result<Line<Record>> ReadRecordLine(const Bundle& bundle, const IntentContext& context,
                                    LineChecks& checks) {
  ASSIGN_OR_RETURN(Record statement, checks.StatementOf<Record>(bundle, "record"));
  const std::string name = "record of " + Quoted(statement.builder);
  Line<Record> line = Read(bundle, name, std::move(statement), Role::kSite, checks);
  const Record& record = line.statement;
  const Intent& intent = context.intent;
  CheckSaysWhoSigned(line, record.builder);
  if (record.intent != context.digest) {
    line.Add(Rule::kSites, ExitCode::kQuorum,
             "was made for intent " + record.intent.Short() + ", want " + context.digest.Short());
  }
  if (record.manifest != intent.manifest) {
    line.Add(Rule::kSites, ExitCode::kQuorum,
             "is of manifest " + record.manifest.Short() + ", want " + intent.manifest.Short());
  }
  if (std::find(intent.sites.begin(), intent.sites.end(), record.builder) == intent.sites.end()) {
    line.Add(Rule::kSites, ExitCode::kQuorum, "the intent does not ask this site");
  }
  CheckAfterIntent(context.witnessed, checks.policy(), line.name, line.facts);
  CheckLoggedInOrder(context.place, PlaceOf(bundle, line.facts.checkpoint),
                     line.name + ": came into the log before the intent", line.facts);
  return line;
}

Result<Line<SiteLocation>> ReadLocationLine(const Bundle& bundle, LineChecks& checks) {
  ASSIGN_OR_RETURN(SiteLocation location,
                   checks.StatementOf<SiteLocation>(bundle, "certifier's statement"));
  const std::string name = "statement of " + Quoted(location.certifier);
  Line<SiteLocation> line = Read(bundle, name, std::move(location), Role::kCertifier, checks);
  CheckSaysWhoSigned(line, line.statement.certifier);
  return line;
}

Result<Line<FarmStatus>> ReadStatusLine(const Bundle& bundle, const TrustRoot& root,
                                        const Policy& policy) {
  ASSIGN_OR_RETURN(FarmStatus status,
                   ParseStatementAs<FarmStatus>(bundle.envelope.payload, "status"));
  VerifyCache cache;
  Line<FarmStatus> line{std::move(status), &bundle, "status",
                        CheckStampedLine(bundle, Role::kMonitor, root, policy, cache)};
  NameProblems(line.name, line.facts.problems);
  CheckSaysWhoSigned(line, line.statement.monitor);
  return line;
}

Result<Line<Release>> ReadReleaseLine(const Bundle& bundle, LineChecks& checks) {
  ASSIGN_OR_RETURN(Release release, checks.StatementOf<Release>(bundle, "release"));
  Line<Release> line = Read(bundle, "release", std::move(release), Role::kSigner, checks);
  CheckSaysWhoSigned(line, line.statement.signer);
  return line;
}

Line<Release> ReleaseLineToSign(const Bundle& bundle, const Release& release, const TrustRoot& root,
                                UnixSeconds now) {
  Line<Release> line{release, &bundle, "release",
                     CheckSignerToBe(bundle, Role::kSigner, root, now)};
  NameProblems(line.name, line.facts.problems);
  CheckSaysWhoSigned(line, release.signer);
  return line;
}

}  // namespace farm
