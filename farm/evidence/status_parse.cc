// Reading of what is said after a release: withdrawals, where sites stand, the status.
#include "farm/crypto/hash.h"
#include "farm/evidence/statement_fields.h"
#include "farm/evidence/statement_names.h"

namespace farm::statement_fields {
namespace {

constexpr std::size_t kKeyIdDigits = 64;

// Elements in strictly ascending order of what `key_of` names: one order, nothing twice.
template <typename T, typename Read, typename KeyOf>
Status ReadAscending(const Json& list, const std::string& where, const Read& read,
                     const KeyOf& key_of, std::vector<T>& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    T value = read(fields);
    RETURN_IF_ERROR(fields.Finish());
    if (!out.empty() && !(key_of(out.back()) < key_of(value))) {
      return Error{ErrorCode::kInvalidInput,
                   Element(where, i) + ": is not in ascending order, or stands there twice"};
    }
    out.push_back(std::move(value));
  }
  return {};
}

RevokedKey ReadRevokedKey(JsonFields& fields) {
  RevokedKey revoked;
  if (fields.Has("compromisedSince")) revoked.compromised_since = fields.Time("compromisedSince");
  revoked.key_id = fields.String("key");
  if (fields.ok() && !IsHex(revoked.key_id, kKeyIdDigits)) {
    fields.Fail("key", "want 64 lowercase hex digits");
  }
  revoked.reason = Line(fields, "reason");
  return revoked;
}

WithdrawnRelease ReadWithdrawn(JsonFields& fields) {
  WithdrawnRelease withdrawn;
  withdrawn.by = Line(fields, "by");
  withdrawn.product = Line(fields, "product");
  withdrawn.reason = Line(fields, "reason");
  withdrawn.release = fields.DigestOf("release");
  withdrawn.since = fields.Time("since");
  withdrawn.version = Line(fields, "version");
  return withdrawn;
}

NewestRelease ReadNewest(JsonFields& fields) {
  NewestRelease newest;
  newest.product = Line(fields, "product");
  newest.release = fields.DigestOf("release");
  newest.sequence = fields.Integer("sequence", 1, kJsonIntegerMax);
  newest.version = Line(fields, "version");
  return newest;
}

DissentInLog ReadDissentInLog(JsonFields& fields) {
  DissentInLog dissent;
  dissent.dissent = fields.DigestOf("dissent");
  dissent.manifest = fields.DigestOf("manifest");
  dissent.product = Line(fields, "product");
  dissent.version = Line(fields, "version");
  return dissent;
}

Status ReadLogs(const std::vector<std::string>& checkpoints, const std::string& where,
                std::vector<StatusLog>& logs) {
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    const std::string element = Element(where, i);
    const auto note = ParseNote(checkpoints[i]);
    if (!note) return Wrap(element, note.error());
    auto head = ParseCheckpoint(note->text);
    if (!head) return Wrap(element, head.error());
    if (!logs.empty() && logs.back().head.origin >= head->origin) {
      return Error{ErrorCode::kInvalidInput,
                   element +
                       ": logs are not in the order of their origins, or one stands there "
                       "twice"};
    }
    logs.push_back({checkpoints[i], *std::move(head)});
  }
  return {};
}

}  // namespace

Result<Statement> ReadWithdrawal(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Withdrawal withdrawal;
  ASSIGN_OR_RETURN(
      withdrawal.release,
      ReadNamed(parts.subject.front(), statement_names::kReleaseSubject, parts.SubjectWhere()));
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  withdrawal.by = Line(fields, "by");
  withdrawal.created = fields.Time("created");
  withdrawal.product = Line(fields, "product");
  withdrawal.reason = Line(fields, "reason");
  withdrawal.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return withdrawal;
}

Result<Statement> ReadSiteLocation(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  SiteLocation location;
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  location.builder = Line(fields, "builder");
  location.certifier = Line(fields, "certifier");
  location.country = Country(fields, "country");
  location.created = fields.Time("created");
  location.operator_id = Line(fields, "operator");
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields times(valid_for, fields.Where("validFor"));
  location.end = times.Time("end");
  location.start = times.Time("start");
  if (times.ok() && location.end < location.start) times.Fail("end", "is before start");
  RETURN_IF_ERROR(times.Finish());
  return location;
}

Result<Statement> ReadFarmStatus(const Parts& parts) {
  FarmStatus status;
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  const std::vector<std::string> checkpoints = fields.Strings("checkpoints", kStatusLogsMax);
  if (fields.ok() && checkpoints.empty()) fields.Fail("checkpoints", "want at least one");
  const Json& dissents = fields.Array("dissents", kStatusListMax);
  status.issued = fields.Time("issued");
  status.monitor = Line(fields, "monitor");
  const Json& newest = fields.Array("newest", kStatusListMax);
  status.next_update = fields.Time("nextUpdate");
  if (fields.ok() && status.next_update < status.issued) {
    fields.Fail("nextUpdate", "is before issued");
  }
  const Json& revoked = fields.Array("revokedKeys", kStatusListMax);
  status.root_version = fields.Integer("rootVersion", 1, kJsonIntegerMax);
  const Json& withdrawn = fields.Array("withdrawn", kStatusListMax);
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(ReadLogs(checkpoints, fields.Where("checkpoints"), status.logs));
  RETURN_IF_ERROR(ReadAscending(
      revoked, fields.Where("revokedKeys"), ReadRevokedKey,
      [](const RevokedKey& r) { return r.key_id; }, status.revoked_keys));
  RETURN_IF_ERROR(ReadAscending(
      withdrawn, fields.Where("withdrawn"), ReadWithdrawn,
      [](const WithdrawnRelease& w) { return w.release; }, status.withdrawn));
  RETURN_IF_ERROR(ReadAscending(
      newest, fields.Where("newest"), ReadNewest, [](const NewestRelease& n) { return n.product; },
      status.newest));
  RETURN_IF_ERROR(ReadAscending(
      dissents, fields.Where("dissents"), ReadDissentInLog,
      [](const DissentInLog& d) { return d.dissent; }, status.dissents));
  return status;
}

}  // namespace farm::statement_fields
