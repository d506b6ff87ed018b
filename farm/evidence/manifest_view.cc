#include "farm/evidence/manifest_view.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kFormat = "farm-manifest/1";
constexpr std::string_view kAnyFormat = "farm-manifest/";
constexpr std::size_t kStepsMax = 4096;
constexpr std::size_t kCountriesMax = 300;  // ISO 3166-1 has 249
constexpr std::int64_t kDemandMax = 1000;   // more parties than any quorum will name

// The canonical writer takes ASCII keys only.
bool KeysAreAscii(const Json& value) {
  std::vector<const Json*> open = {&value};
  while (!open.empty()) {
    const Json* next = open.back();
    open.pop_back();
    if (!next->is_structured()) continue;
    for (auto item = next->begin(); item != next->end(); ++item) {
      if (next->is_object()) {
        for (const unsigned char c : item.key()) {
          if (c >= 0x80) return false;
        }
      }
      open.push_back(&*item);
    }
  }
  return true;
}

Result<SourceTree> ReadSource(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  SourceTree source{fields.String("name"), fields.String("tree")};
  if (fields.ok() && (source.tree.size() != 64 || !HexDecode(source.tree))) {
    fields.Fail("tree", "want 64 lowercase hex digits");
  }
  if (json.is_object()) {
    for (const auto& [name, unused] : json.items()) fields.Ignore(name);  // the kind's own fields
  }
  RETURN_IF_ERROR(fields.Finish());
  return source;
}

Result<Requires> ReadRequires(const Json& json) {
  JsonFields fields(json, "manifest.requires");
  Requires demands;
  demands.sites = fields.Integer("sites", 0, kDemandMax);
  demands.operators = fields.Integer("operators", 0, kDemandMax);
  demands.auditors = fields.Integer("auditors", 0, kDemandMax);
  demands.witnesses = fields.Integer("witnesses", 0, kDemandMax);
  demands.countries_any = fields.Strings("countriesAny", kCountriesMax);
  RETURN_IF_ERROR(fields.Finish());
  return demands;
}

Result<std::vector<std::string>> ReadArtifactNames(const Json& artifacts) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    JsonFields fields(artifacts[i], "manifest.artifacts[" + std::to_string(i) + "]");
    names.push_back(fields.String("name"));
    fields.Ignore("path");
    fields.Ignore("step");
    RETURN_IF_ERROR(fields.Finish());
  }
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    return Error{ErrorCode::kInvalidInput, "manifest.artifacts: a name stands there twice"};
  }
  return names;
}

}  // namespace

Result<ManifestView> ViewManifest(std::string_view canonical_manifest) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(canonical_manifest, "manifest", kPayloadBytesMax));
  if (!KeysAreAscii(json) || WriteCanonicalJson(json) != canonical_manifest) {
    return Error{ErrorCode::kInvalidInput, "manifest: not canonical JSON (RFC 8785)"};
  }
  JsonFields fields(json, "manifest");
  ManifestView view;
  view.digest = Sha256(canonical_manifest);
  fields.Format(kFormat);
  view.product = fields.String("product");
  view.version = fields.String("version");
  view.revision = fields.Integer("revision", 1, kJsonIntegerMax);
  const Json& sources = fields.Array("sources", kSourcesMax);
  const Json& artifacts = fields.Array("artifacts", kArtifactsMax);
  const Json& toolchain = fields.Object("toolchain");
  const Json& demands = fields.Object("requires");
  fields.Array("steps", kStepsMax);
  fields.String("architecture");
  fields.Integer("sourceDateEpoch", 0, kJsonIntegerMax);
  RETURN_IF_ERROR(fields.Finish());

  for (std::size_t i = 0; i < sources.size(); ++i) {
    ASSIGN_OR_RETURN(SourceTree source,
                     ReadSource(sources[i], "manifest.sources[" + std::to_string(i) + "]"));
    view.sources.push_back(std::move(source));
  }
  ASSIGN_OR_RETURN(view.artifacts, ReadArtifactNames(artifacts));
  JsonFields toolchain_fields(toolchain, "manifest.toolchain");
  view.lock = toolchain_fields.DigestOf("lock");
  toolchain_fields.Ignore("name");
  RETURN_IF_ERROR(toolchain_fields.Finish());
  ASSIGN_OR_RETURN(view.requirements, ReadRequires(demands));
  return view;
}

bool IsOfNewerFormat(std::string_view manifest) {
  const auto json = ParseJson(manifest, "manifest", kPayloadBytesMax);
  if (!json || !json->is_object() || !json->contains("format")) return false;
  const Json& format = json->at("format");
  if (!format.is_string()) return false;
  const auto name = format.get<std::string>();
  return name.starts_with(kAnyFormat) && name != kFormat;
}

std::string ReleaseId(const ManifestView& manifest) {
  return manifest.product + "/" + manifest.version + "/r" + std::to_string(manifest.revision) +
         "/" + manifest.digest.Hex().substr(0, 12);
}

}  // namespace farm
