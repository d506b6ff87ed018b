#include "farm/evidence/statement_fields.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/statement_names.h"

namespace farm::statement_fields {
namespace {

constexpr std::size_t kNameBytesMax = 255;   // of a file, on every file system that matters
constexpr std::size_t kPathBytesMax = 4096;  // PATH_MAX
constexpr std::size_t kTextBytesMax = 1024;  // product, version, ids
constexpr std::size_t kTreeDigits = 64;

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && HexDecode(text);
}

bool IsLine(std::string_view text) { return text.size() <= kTextBytesMax && !HasControls(text); }

std::string Line(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  if (fields.ok() && (text.empty() || !IsLine(text))) {
    fields.Fail(name, "want 1 to 1024 bytes without control characters");
  }
  return text;
}

std::string FileName(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  if (fields.ok() && (text.empty() || text.size() > kNameBytesMax || HasControls(text) ||
                      text.find('/') != std::string::npos || text == "." || text == "..")) {
    fields.Fail(name, "want a file name: 1 to 255 bytes, no slash, no control characters");
  }
  return text;
}

std::string Path(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  if (fields.ok() && (text.empty() || text.size() > kPathBytesMax || text.front() == '/')) {
    fields.Fail(name, "want a relative path of 1 to 4096 bytes");
  }
  return text;
}

std::string Tree(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  if (fields.ok() && !IsHex(text, kTreeDigits)) fields.Fail(name, "want 64 lowercase hex digits");
  return text;
}

std::string Country(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  const bool good = text.size() == 2 && std::all_of(text.begin(), text.end(),
                                                    [](char c) { return c >= 'A' && c <= 'Z'; });
  if (fields.ok() && !good) fields.Fail(name, "want two capital letters (ISO 3166-1)");
  return text;
}

std::vector<Digest> Digests(JsonFields& fields, std::string_view name, std::size_t count_max) {
  std::vector<Digest> digests;
  for (const std::string& text : fields.Strings(name, count_max)) {
    const auto digest = Digest::Parse(text);
    if (!digest) {
      fields.Fail(name, digest.error().message);
      return {};
    }
    digests.push_back(*digest);
  }
  return digests;
}

Result<Digest> ReadDigestSet(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  const std::string hex = fields.String("sha256");
  RETURN_IF_ERROR(fields.Finish());
  auto digest = Digest::ParseHex(hex);
  if (!digest) return Wrap(fields.Where("sha256"), digest.error());
  return *digest;
}

Result<Digest> ReadNamed(const Json& json, std::string_view name, std::string where) {
  JsonFields fields(json, std::move(where));
  const std::string found = fields.String("name");
  if (fields.ok() && found != name) fields.Fail("name", "want \"" + std::string(name) + "\"");
  const Json& digest = fields.Object("digest");
  RETURN_IF_ERROR(fields.Finish());
  return ReadDigestSet(digest, fields.Where("digest"));
}

Result<SourceTree> ReadNamedTree(const Json& json, std::string_view prefix, std::string where) {
  JsonFields fields(json, std::move(where));
  std::string name = Line(fields, "name");
  if (fields.ok() && (!name.starts_with(prefix) || name.size() == prefix.size())) {
    fields.Fail("name", "want \"" + std::string(prefix) + "\" and a source's name");
  }
  const Json& digest = fields.Object("digest");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields digest_fields(digest, fields.Where("digest"));
  std::string tree = Tree(digest_fields, "gitTree");
  RETURN_IF_ERROR(digest_fields.Finish());
  return SourceTree{name.substr(prefix.size()), std::move(tree)};
}

Result<Artifact> ReadArtifact(const Json& json, NameReader read_name, std::string where) {
  JsonFields fields(json, std::move(where));
  Artifact artifact;
  artifact.name = read_name(fields, "name");
  const Json& digest = fields.Object("digest");
  const Json& annotations = fields.Object("annotations");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(artifact.digest, ReadDigestSet(digest, fields.Where("digest")));
  JsonFields facts(annotations, fields.Where("annotations"));
  artifact.mode = facts.String("mode");
  if (facts.ok() && artifact.mode != "0644" && artifact.mode != "0755") {
    facts.Fail("mode", "want \"0644\" or \"0755\"");
  }
  artifact.size = static_cast<std::uint64_t>(facts.Integer("size", 0, kJsonIntegerMax));
  RETURN_IF_ERROR(facts.Finish());
  return artifact;
}

Result<std::vector<Artifact>> ReadArtifacts(const Json& list, std::size_t first,
                                            const std::string& where) {
  std::vector<Artifact> artifacts;
  if (list.size() - first > kArtifactsMax) {
    return Error{ErrorCode::kLimitExceeded, where + ": more than 4096 artifacts"};
  }
  for (std::size_t i = first; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(Artifact artifact, ReadArtifact(list[i], FileName, Element(where, i)));
    if (!artifacts.empty() && artifacts.back().name >= artifact.name) {
      return Error{ErrorCode::kInvalidInput,
                   Element(where, i) + ".name: artifacts must be sorted by name, each once"};
    }
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

Status Parts::WantSubjects(std::size_t count) const {
  if (subject.size() == count) return {};
  return Error{ErrorCode::kInvalidInput, SubjectWhere() + ": has " +
                                             std::to_string(subject.size()) + " elements, want " +
                                             std::to_string(count)};
}

Result<Digest> Parts::ManifestSubject() const {
  return ReadNamed(subject.front(), statement_names::kManifestSubject, Element(SubjectWhere(), 0));
}

}  // namespace farm::statement_fields
