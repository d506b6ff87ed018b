#include "farm/evidence/foreign_statement.h"

#include <utility>

#include "farm/base/bytes.h"
#include "farm/evidence/foreign_bundle.h"
#include "farm/evidence/foreign_fields.h"

namespace farm {
namespace {

constexpr std::size_t kStatementTextBytesMax = 4096;
constexpr std::size_t kDigestBytesMax = 1024;
constexpr std::string_view kStatementTypes[] = {
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
};

bool IsStatementType(std::string_view type) {
  return type == kStatementTypes[0] || type == kStatementTypes[1];
}

Result<ForeignSubject> ReadSubject(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  ForeignSubject subject;
  subject.name = fields.String("name", kStatementTextBytesMax);
  const Json& digest = fields.Object("digest");
  RETURN_IF_ERROR(fields.Finish());
  ForeignFields digest_fields(digest, fields.Where("digest"));
  for (const HashAlgorithm algorithm :
       {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    std::string hex = digest_fields.String(HashName(algorithm), kDigestBytesMax);
    if (!hex.empty()) subject.digests.emplace(algorithm, std::move(hex));
  }
  RETURN_IF_ERROR(digest_fields.Finish());
  return subject;
}

}  // namespace

Result<ForeignStatement> ParseForeignStatement(const Envelope& envelope) {
  if (envelope.payload_type != kInTotoPayloadType) {
    return Error{ErrorCode::kInvalidInput,
                 "the envelope's payload is of type \"" + Printable(envelope.payload_type, 80) +
                     "\", want \"" + std::string(kInTotoPayloadType) + "\""};
  }
  ASSIGN_OR_RETURN(const Json json,
                   ParseForeignJson(envelope.payload, "statement", kForeignBundleBytesMax));
  ForeignFields fields(json, "statement");
  const std::string type = fields.String("_type", kStatementTextBytesMax);
  if (fields.ok() && !IsStatementType(type)) {
    fields.Fail("_type", "found \"" + Printable(type, 80) + "\", want \"" +
                             std::string(kStatementTypes[0]) + "\"");
  }
  ForeignStatement statement;
  statement.predicate_type = fields.String("predicateType", kStatementTextBytesMax);
  const Json& subjects = fields.Array("subject", kForeignSubjectsMax);
  if (fields.ok() && subjects.empty()) fields.Fail("subject", "want one at least");
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    ASSIGN_OR_RETURN(ForeignSubject subject,
                     ReadSubject(subjects[i], Element(fields.Where("subject"), i)));
    statement.subjects.push_back(std::move(subject));
  }
  return statement;
}

}  // namespace farm
