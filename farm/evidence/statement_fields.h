// Reading of what the statements have in common, with each other and with the trust root.  Private
// to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/evidence/statement.h"
#include "farm/json/json.h"

namespace farm::statement_fields {

bool IsHex(std::string_view text, std::size_t digits);
bool IsLine(std::string_view text);  // at most 1024 bytes without control characters

// Each reads one field of `fields` and records an error there.
std::string Line(JsonFields& fields, std::string_view name);      // 1 to 1024 bytes, one line
std::string FileName(JsonFields& fields, std::string_view name);  // 1 to 255 bytes, no slash
std::string Path(JsonFields& fields, std::string_view name);      // relative, 1 to 4096 bytes
std::string Tree(JsonFields& fields, std::string_view name);      // SHA-256 git tree
std::string Country(JsonFields& fields, std::string_view name);   // two capital letters
std::vector<Digest> Digests(JsonFields& fields, std::string_view name, std::size_t count_max);

// {"sha256": "<hex>"}
Result<Digest> ReadDigestSet(const Json& json, std::string where);
// {"digest": {"sha256"}, "name": exactly `name`}
Result<Digest> ReadNamed(const Json& json, std::string_view name, std::string where);
// {"digest": {"gitTree"}, "name": prefix + name}
Result<SourceTree> ReadNamedTree(const Json& json, std::string_view prefix, std::string where);

using NameReader = std::string (*)(JsonFields&, std::string_view);
Result<Artifact> ReadArtifact(const Json& json, NameReader read_name, std::string where);
// Artifacts from element `first` on, names strictly ascending.
Result<std::vector<Artifact>> ReadArtifacts(const Json& list, std::size_t first,
                                            const std::string& where);

// What every statement has: subjects, predicate, and the name of the whole for messages.
struct Parts {
  const Json& subject;
  const Json& predicate;
  std::string what;

  std::string SubjectWhere() const { return what + ".subject"; }
  std::string PredicateWhere() const { return what + ".predicate"; }
  Status WantSubjects(std::size_t count) const;
  Result<Digest> ManifestSubject() const;  // the first subject
};

Result<Statement> ReadRecord(const Parts& parts);  // record_parse.cc
// status_parse.cc
Result<Statement> ReadWithdrawal(const Parts& parts);
Result<Statement> ReadSiteLocation(const Parts& parts);
Result<Statement> ReadFarmStatus(const Parts& parts);

}  // namespace farm::statement_fields
