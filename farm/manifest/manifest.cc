#include "farm/manifest/manifest.h"

#include <algorithm>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/manifest/limits_json.h"

namespace farm {
namespace {

Json SourceJson(const ManifestSource& source) {
  Json json = {{"kind", KindName(source.origin)}, {"name", source.name}, {"tree", source.tree}};
  json["files"] = Json::array();
  for (const SourceFile& file : source.files) {
    json["files"].push_back(
        {{"name", file.name}, {"sha256", file.digest.Hex()}, {"size", file.size}});
  }
  if (const auto* debian = std::get_if<DebianOrigin>(&source.origin)) {
    json["package"] = debian->package;
    json["version"] = debian->version;
  } else if (const auto* archive = std::get_if<ArchiveOrigin>(&source.origin)) {
    json["url"] = archive->url;
  } else if (const auto* git = std::get_if<GitOrigin>(&source.origin)) {
    json["commit"] = git->commit;
    json["treeSha1"] = git->tree_sha1;
    json["url"] = git->url;
  } else if (const auto* directory = std::get_if<DirectoryOrigin>(&source.origin)) {
    json["path"] = directory->path;
  }
  return json;
}

Json StepJson(const Step& step) {
  Json inputs = Json::array();
  for (const StepInput& input : step.inputs) {
    if (!input.source.empty()) {
      inputs.push_back({{"at", input.at}, {"source", input.source}});
    } else {
      inputs.push_back({{"at", input.at}, {"path", input.path}, {"step", input.step}});
    }
  }
  Json environment = Json::object();
  for (const auto& [name, value] : step.environment) environment[name] = value;
  return {{"argv", step.argv},
          {"determinism", step.determinism},
          {"directory", step.directory},
          {"environment", environment},
          {"inputs", inputs},
          {"limits", LimitsJson(step.limits)},
          {"loopback", step.loopback},
          {"name", step.name},
          {"outputs", step.outputs}};
}

Json ArtifactsJson(std::vector<ManifestArtifact> artifacts) {
  std::sort(artifacts.begin(), artifacts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  Json json = Json::array();
  for (const ManifestArtifact& artifact : artifacts) {
    json.push_back({{"name", artifact.name}, {"path", artifact.path}, {"step", artifact.step}});
  }
  return json;
}

}  // namespace

std::string_view KindName(const SourceOrigin& origin) {
  constexpr std::string_view kNames[] = {"debian", "archive", "git", "directory"};
  return kNames[origin.index()];
}

Json LimitsJson(const StepLimits& limits) {
  return {{"cpuSeconds", limits.cpu_seconds},   {"diskBytes", limits.disk_bytes},
          {"diskInodes", limits.disk_inodes},   {"logBytes", limits.log_bytes},
          {"memoryBytes", limits.memory_bytes}, {"outputBytes", limits.output_bytes},
          {"processes", limits.processes},      {"silenceSeconds", limits.silence_seconds},
          {"wallSeconds", limits.wall_seconds}};
}

std::string CanonicalManifest(const Manifest& manifest) {
  Json sources = Json::array();
  for (const ManifestSource& source : manifest.sources) sources.push_back(SourceJson(source));
  Json steps = Json::array();
  for (const Step& step : manifest.steps) steps.push_back(StepJson(step));
  const Requires& demands = manifest.requirements;
  return WriteCanonicalJson(
      {{"architecture", manifest.architecture},
       {"artifacts", ArtifactsJson(manifest.artifacts)},
       {"format", "farm-manifest/1"},
       {"product", manifest.product},
       {"requires",
        {{"auditors", demands.auditors},
         {"countriesAny", demands.countries_any},
         {"operators", demands.operators},
         {"sites", demands.sites},
         {"witnesses", demands.witnesses}}},
       {"revision", manifest.revision},
       {"sourceDateEpoch", manifest.source_date_epoch},
       {"sources", sources},
       {"steps", steps},
       {"toolchain", {{"lock", manifest.lock.Text()}, {"name", manifest.toolchain}}},
       {"version", manifest.version}});
}

Digest ManifestDigest(const Manifest& manifest) { return Sha256(CanonicalManifest(manifest)); }

const ManifestSource* FindSource(const Manifest& manifest, std::string_view name) {
  for (const ManifestSource& source : manifest.sources) {
    if (source.name == name) return &source;
  }
  return nullptr;
}

const Step* FindStep(const Manifest& manifest, std::string_view name) {
  for (const Step& step : manifest.steps) {
    if (step.name == name) return &step;
  }
  return nullptr;
}

}  // namespace farm
