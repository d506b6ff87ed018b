#include "farm/verify/kind_of_file.h"

#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"

namespace farm {
namespace {

struct NamedKind {
  std::string_view beginning;  // of `format` or `mediaType`
  std::string_view kind;
};
constexpr NamedKind kKinds[] = {
    {"farm-policy/", "a policy"},
    {"farm-trust/", "what `farm-verify trust` remembers"},
    {"farm-verify-memory/", "what --state remembers"},
    {"farm-verdict/", "a verdict"},
    {"farm-config/", "a configuration"},
    {"application/vnd.dev.sigstore.trustedroot", "a Sigstore trusted root"},
    {"application/vnd.dev.sigstore.bundle", "a bundle"},
};

std::string StringIn(const Json& json, const char* field) {
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// A status is a bundle file of one line.
bool IsStatus(std::string_view bytes) {
  const auto lines = ParseBundleFile(bytes, "file");
  return lines && lines->size() == 1 &&
         ParseStatementAs<FarmStatus>(lines->front().envelope.payload, "line").has_value();
}

}  // namespace

std::string KindOfFile(std::string_view bytes) {
  auto json = ParseForeignJson(bytes, "file");
  if (!json) json = ParseForeignJson(bytes.substr(0, bytes.find('\n')), "file");  // of a bundle
  if (!json || !json->is_object()) return "";
  if (json->contains("signed") && json->contains("signatures")) return "a trust root";
  for (const char* field : {"format", "mediaType"}) {
    const std::string name = StringIn(*json, field);
    for (const NamedKind& named : kKinds) {
      if (!name.starts_with(named.beginning)) continue;
      return IsStatus(bytes) ? "a status" : std::string(named.kind);
    }
  }
  return "";
}

Error NameKind(Error error, std::string_view bytes, std::string_view want) {
  if (error.code != ErrorCode::kInvalidInput) return error;
  const std::string kind = KindOfFile(bytes);
  if (kind.empty() || kind == want) return error;
  error.message += "; this is " + kind + ", want " + std::string(want);
  return error;
}

}  // namespace farm
