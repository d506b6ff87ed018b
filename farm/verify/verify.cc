#include "farm/verify/verify.h"

#include <set>

#include "farm/verify/approvals.h"
#include "farm/verify/kinds.h"
#include "farm/verify/quorum.h"

namespace farm {
namespace verify_internal {

// The only maker of Verified values: of lines without a problem.
struct Maker {
  template <typename T>
  static Result<Verified<T>> Make(Result<Line<T>> line) {
    if (!line) return line.error();
    if (!line->sound()) return WorstOf(line->facts.problems);
    return Verified<T>(std::move(line->statement), *line->bundle, *line->facts.identity,
                       line->facts.Times());
  }
};

}  // namespace verify_internal

namespace {

using verify_internal::Maker;

RequestContext ContextOf(const VerifiedRequest& request) {
  return {request.statement(), request.digest(), request.identity().key_id};
}

IntentContext ContextOf(const VerifiedIntent& intent) {
  const Bundle& line = intent.bundle();
  const auto note = ParseNote(line.log_entry->checkpoint);
  CHECK(note.has_value());  // it was verified
  const auto checkpoint = ParseCheckpoint(note->text);
  CHECK(checkpoint.has_value());
  return {intent.statement(), intent.digest(), intent.times().witnessed,
          PlaceOf(line, *checkpoint)};
}

GivenApproval Given(const VerifiedApproval& approval) {
  return {approval.statement(), NameOfApproval(approval.statement()), approval.identity()};
}

template <typename T>
std::vector<LineIdentity> IdentitiesOf(const std::vector<Verified<T>>& lines) {
  std::vector<LineIdentity> identities;
  for (const Verified<T>& line : lines) identities.push_back(line.identity());
  return identities;
}

Status StatusOf(const Problems& problems) {
  if (problems.empty()) return {};
  return WorstOf(problems);
}

}  // namespace

Result<VerifiedRequest> VerifyRequest(const Bundle& line, const TrustRoot& root,
                                      const Policy& policy) {
  LineChecks checks(root, policy);
  return Maker::Make(ReadRequestLine(line, checks));
}

Status CheckRequestIsFor(const VerifiedRequest& request, const ManifestView& manifest) {
  const Request& asked = request.statement();
  if (asked.manifest == manifest.digest && asked.product == manifest.product &&
      asked.version == manifest.version) {
    return {};
  }
  return Error{ErrorCode::kMismatch,
               "the request is for " + asked.product + " " + asked.version + ", manifest " +
                   asked.manifest.Short() + "; this manifest is " + manifest.product + " " +
                   manifest.version + ", " + manifest.digest.Short(),
               ExitCode::kApproval};
}

Result<VerifiedIntent> VerifyIntent(const Bundle& line, const VerifiedRequest& request,
                                    const TrustRoot& root, const Policy& policy) {
  LineChecks checks(root, policy);
  return Maker::Make(ReadIntentLine(line, ContextOf(request), checks));
}

Result<VerifiedApproval> VerifyApproval(const Bundle& line, const ManifestView& manifest,
                                        const VerifiedRequest& request,
                                        const VerifiedIntent& intent, const TrustRoot& root,
                                        const Policy& policy) {
  LineChecks checks(root, policy);
  return Maker::Make(
      ReadApprovalLine(line, manifest, ContextOf(request), ContextOf(intent), checks));
}

Result<VerifiedApproval> VerifyApprovalAlone(const Bundle& line, const ManifestView& manifest,
                                             const VerifiedRequest& request, const TrustRoot& root,
                                             const Policy& policy) {
  LineChecks checks(root, policy);
  return Maker::Make(ReadApprovalLine(line, manifest, ContextOf(request), std::nullopt, checks));
}

Result<VerifiedApproval> VerifyBaseApproval(const Bundle& line, const ManifestView& manifest,
                                            const VerifiedRequest& request,
                                            const VerifiedIntent* intent, const TrustRoot& root,
                                            const Policy& policy) {
  LineChecks checks(root, policy);
  std::optional<IntentContext> context;
  if (intent != nullptr) context.emplace(ContextOf(*intent));
  return Maker::Make(ReadBaseApprovalLine(line, manifest, ContextOf(request), context, checks));
}

Result<std::vector<VerifiedApproval>> VerifyApprovals(const std::vector<Bundle>& lines,
                                                      const ManifestView& manifest,
                                                      const VerifiedRequest& request,
                                                      const VerifiedIntent& intent,
                                                      const TrustRoot& root, const Policy& policy) {
  if (lines.size() > kPartiesMax) {
    return Error{ErrorCode::kLimitExceeded, std::to_string(lines.size()) + " approvals, at most " +
                                                std::to_string(kPartiesMax) + " are taken"};
  }
  std::vector<VerifiedApproval> approvals;
  std::set<Digest> seen;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string name = "approval line " + std::to_string(i + 1);
    ASSIGN_OR_RETURN(const Approval says,
                     ParseStatementAs<Approval>(lines[i].envelope.payload, name));
    const bool of_this = says.manifest == manifest.digest;
    auto approval = of_this
                        ? VerifyApproval(lines[i], manifest, request, intent, root, policy)
                        : VerifyBaseApproval(lines[i], manifest, request, &intent, root, policy);
    if (!approval) return Wrap(name, approval.error());
    if (seen.insert(approval->digest()).second) approvals.push_back(*std::move(approval));
  }
  return approvals;
}

Result<VerifiedRecord> VerifyRecord(const Bundle& line, const VerifiedIntent& intent,
                                    const TrustRoot& root, const Policy& policy) {
  LineChecks checks(root, policy);
  return Maker::Make(ReadRecordLine(line, ContextOf(intent), checks));
}

Result<VerifiedRelease> VerifyReleaseAlone(const Bundle& line, const TrustRoot& root) {
  TrustRoot as_then = root;
  as_then.revocations.clear();
  Policy least;
  least.witnesses = 1;
  least.clock_skew_seconds = kPolicySkewSecondsMax;
  LineChecks checks(as_then, least);
  return Maker::Make(ReadReleaseLine(line, checks));
}

Status CheckApprovals(const std::vector<VerifiedApproval>& approvals, const Digest& manifest,
                      const Policy& policy) {
  std::vector<GivenApproval> given;
  for (const VerifiedApproval& approval : approvals) given.push_back(Given(approval));
  return StatusOf(CheckApproved(given, manifest, policy.auditors, policy));
}

Status CheckApprovalCounts(const VerifiedApproval& approval,
                           const std::vector<VerifiedApproval>& bases, const Policy& policy) {
  std::vector<GivenApproval> given = {Given(approval)};
  for (const VerifiedApproval& base : bases) given.push_back(Given(base));
  return StatusOf(CheckApproved(given, approval.statement().manifest, 1, policy));
}

Status CheckSiteQuorum(const std::vector<VerifiedRecord>& records, const Policy& policy) {
  return StatusOf(CheckSites(IdentitiesOf(records), policy));
}

bool SameOutcome(const Record& a, const Record& b) {
  return a.manifest == b.manifest && a.plan == b.plan && a.lock == b.lock &&
         a.root_tar == b.root_tar && a.image == b.image && a.result == b.result &&
         a.outputs == b.outputs;
}

Status CheckAgreement(const std::vector<VerifiedRecord>& records) {
  std::vector<const Record*> statements;
  for (const VerifiedRecord& record : records) statements.push_back(&record.statement());
  return StatusOf(CheckSameBuild(statements));
}

}  // namespace farm
