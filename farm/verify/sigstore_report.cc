#include "farm/verify/sigstore_report.h"

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/verify/report.h"

namespace farm {
namespace {

constexpr char kFormat[] = "farm-sigstore-verdict/1";

Json DigestsJson(const ArtifactDigests& digests) {
  Json json = Json::object();
  for (const auto& [algorithm, bytes] : digests) {
    json[std::string(HashName(algorithm))] = HexEncode(bytes);
  }
  return json;
}

}  // namespace

std::string SigstoreVerdictText(const SigstoreVerdict& verdict, const TextStyle& style) {
  std::string text =
      RulesText(verdict.rules, style) + HeadlineText(verdict.headline, verdict.proved(), style);
  if (!verdict.proved()) text += RemedyText(verdict.rules, verdict.exit, false, style);
  return text;
}

std::string SigstoreVerdictJson(const SigstoreVerdict& verdict, const SigstoreInput& input) {
  Json times = Json::array();
  for (const UnixSeconds at : verdict.times) times.push_back(FormatTime(at));
  return OneLine({{"digests", DigestsJson(input.artifact.digests)},
                  {"exit", static_cast<int>(verdict.exit)},
                  {"file", input.artifact.name},
                  {"format", kFormat},
                  {"headline", verdict.headline},
                  {"identity", input.identity},
                  {"issuer", input.issuer},
                  {"key", input.key ? Sha256(input.key->spki()).Hex() : ""},
                  {"rules", RulesJson(verdict.rules)},
                  {"times", std::move(times)},
                  {"verified", verdict.proved()}});
}

std::string SigstoreErrorJson(const Error& error) { return ErrorJson(error, kFormat); }

}  // namespace farm
