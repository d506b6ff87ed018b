#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/statement_fields.h"
#include "farm/evidence/statement_names.h"

namespace farm {
namespace {

using namespace statement_fields;
using namespace statement_names;

constexpr std::size_t kSummaryBytesMax = 64 << 10;
constexpr std::size_t kNonceDigits = 32;

Result<Statement> ReadRequest(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Request request;
  ASSIGN_OR_RETURN(request.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  request.created = fields.Time("created");
  request.product = Line(fields, "product");
  request.requester = Line(fields, "requester");
  request.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return request;
}

Result<Statement> ReadApproval(const Parts& parts) {
  Approval approval;
  ASSIGN_OR_RETURN(approval.manifest, parts.ManifestSubject());
  for (std::size_t i = 1; i < parts.subject.size(); ++i) {
    ASSIGN_OR_RETURN(SourceTree source,
                     ReadNamedTree(parts.subject[i], "", Element(parts.SubjectWhere(), i)));
    approval.sources.push_back(std::move(source));
  }
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  approval.auditor = Line(fields, "auditor");
  approval.created = fields.Time("created");
  approval.product = Line(fields, "product");
  approval.scope = fields.String("scope");
  if (fields.ok() && approval.scope != kScopeTree && approval.scope != kScopeDiff) {
    fields.Fail("scope", "want \"tree\" or \"diff\"");
  }
  // Of a tree it would be an unknown field.
  if (approval.scope == kScopeDiff) approval.base = fields.DigestOf("base");
  approval.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return approval;
}

Result<Statement> ReadIntent(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Intent intent;
  ASSIGN_OR_RETURN(intent.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  intent.attempt = fields.Integer("attempt", 1, kPartiesMax);
  intent.created = fields.Time("created");
  intent.earlier = Digests(fields, "earlier", kPartiesMax);
  intent.nonce = fields.String("nonce");
  if (fields.ok() && !IsHex(intent.nonce, kNonceDigits)) {
    fields.Fail("nonce", "want 32 lowercase hex digits");
  }
  intent.product = Line(fields, "product");
  intent.request = fields.DigestOf("request");
  intent.sites = fields.Strings("sites", kPartiesMax);
  std::vector<std::string> sorted = intent.sites;
  std::sort(sorted.begin(), sorted.end());
  if (fields.ok() && (sorted.empty() || sorted.front().empty())) {
    fields.Fail("sites", "want at least one builder id, none empty");
  }
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fields.Fail("sites", "a builder id stands there twice");
  }
  intent.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return intent;
}

Result<Statement> ReadRelease(const Parts& parts) {
  Release release;
  ASSIGN_OR_RETURN(release.artifacts, ReadArtifacts(parts.subject, 0, parts.SubjectWhere()));
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  release.approvals = Digests(fields, "approvals", kPartiesMax);
  release.created = fields.Time("created");
  release.intent = fields.DigestOf("intent");
  release.manifest = fields.String("manifest");
  release.records = Digests(fields, "records", kPartiesMax);
  release.request = fields.DigestOf("request");
  release.sequence = fields.Integer("sequence", 1, kJsonIntegerMax);
  release.signer = Line(fields, "signer");
  RETURN_IF_ERROR(fields.Finish());
  return release;
}

Result<Statement> ReadDissent(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Dissent dissent;
  ASSIGN_OR_RETURN(dissent.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  dissent.created = fields.Time("created");
  dissent.intent = fields.DigestOf("intent");
  dissent.product = Line(fields, "product");
  dissent.records = Digests(fields, "records", kPartiesMax);
  dissent.summary = fields.String("summary");
  if (dissent.summary.size() > kSummaryBytesMax) fields.Fail("summary", "more than 64 KiB");
  dissent.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return dissent;
}

Result<Statement> ReadKitEntry(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  KitEntry kit;
  JsonFields subject(parts.subject.front(), Element(parts.SubjectWhere(), 0));
  const Json& annotations = subject.Object("annotations");
  const Json& digest = subject.Object("digest");
  kit.file = FileName(subject, "name");
  RETURN_IF_ERROR(subject.Finish());
  ASSIGN_OR_RETURN(kit.digest, ReadDigestSet(digest, subject.Where("digest")));
  JsonFields facts(annotations, subject.Where("annotations"));
  kit.size = static_cast<std::uint64_t>(facts.Integer("size", 0, kJsonIntegerMax));
  RETURN_IF_ERROR(facts.Finish());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  kit.created = fields.Time("created");
  kit.release = fields.DigestOf("release");
  RETURN_IF_ERROR(fields.Finish());
  return kit;
}

Result<Statement> ReadReplayVerdict(const Parts& parts) {
  ReplayVerdict replay;
  ASSIGN_OR_RETURN(replay.kit,
                   ReadNamed(parts.subject.front(), kKitSubject, Element(parts.SubjectWhere(), 0)));
  ASSIGN_OR_RETURN(replay.rebuilt, ReadArtifacts(parts.subject, 1, parts.SubjectWhere()));
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  replay.created = fields.Time("created");
  replay.release = fields.DigestOf("release");
  replay.replayer = Line(fields, "replayer");
  replay.report = fields.DigestOf("report").Text();
  replay.verdict = fields.String("verdict");
  if (fields.ok() && replay.verdict != "MATCH" && replay.verdict != "MISMATCH" &&
      replay.verdict != "INCONCLUSIVE") {
    fields.Fail("verdict", "want MATCH, MISMATCH or INCONCLUSIVE");
  }
  RETURN_IF_ERROR(fields.Finish());
  return replay;
}

struct Kind {
  std::string_view predicate_type;
  Result<Statement> (*read)(const Parts&);
};
constexpr Kind kKinds[] = {
    {kRequestType, ReadRequest},       {kApprovalType, ReadApproval},
    {kIntentType, ReadIntent},         {kRecordType, ReadRecord},
    {kReleaseType, ReadRelease},       {kDissentType, ReadDissent},
    {kKitType, ReadKitEntry},          {kReplayType, ReadReplayVerdict},
    {kWithdrawalType, ReadWithdrawal}, {kSiteLocationType, ReadSiteLocation},
    {kStatusType, ReadFarmStatus},
};

}  // namespace

Result<Statement> ParseStatement(std::string_view payload, std::string_view what) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(payload, what, kPayloadBytesMax));
  JsonFields fields(json, std::string(what));
  const std::string type = fields.String("_type");
  if (fields.ok() && type != kStatementType) {
    fields.Fail("_type", "want \"" + std::string(kStatementType) + "\"");
  }
  const std::string predicate_type = fields.String("predicateType");
  const Json& subject = fields.Array("subject", kArtifactsMax + 1);  // and a kit
  if (fields.ok() && subject.empty()) fields.Fail("subject", "empty, want at least one");
  const Json& predicate = fields.Object("predicate");
  RETURN_IF_ERROR(fields.Finish());

  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds),
                   [&](const Kind& known) { return known.predicate_type == predicate_type; });
  if (kind == std::end(kKinds)) {
    return Error{ErrorCode::kInvalidInput, fields.Where("predicateType") + ": \"" +
                                               Printable(predicate_type, 80) +
                                               "\" is no statement of the farm"};
  }
  ASSIGN_OR_RETURN(Statement statement, kind->read(Parts{subject, predicate, std::string(what)}));
  if (WriteStatement(statement) != payload) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(what) + ": not the canonical JSON (RFC 8785) of what it says"};
  }
  return statement;
}

}  // namespace farm
