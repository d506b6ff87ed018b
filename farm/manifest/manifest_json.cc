#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/json/json.h"
#include "farm/manifest/manifest.h"

namespace farm {
namespace {

constexpr std::int64_t kAny = kJsonIntegerMax;

std::string Place(std::string_view list, std::size_t index) {
  return "manifest." + std::string(list) + "[" + std::to_string(index) + "]";
}

Result<SourceFile> ReadFileEntry(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  SourceFile file;
  file.name = fields.String("name");
  const std::string hex = fields.String("sha256");
  file.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kAny));
  if (auto digest = Digest::ParseHex(hex)) {
    file.digest = *digest;
  } else {
    fields.Fail("sha256", "want 64 lowercase hex digits");
  }
  RETURN_IF_ERROR(fields.Finish());
  return file;
}

SourceOrigin ReadOrigin(JsonFields& fields) {
  const std::string kind = fields.String("kind");
  if (kind == "debian") return DebianOrigin{fields.String("package"), fields.String("version")};
  if (kind == "archive") return ArchiveOrigin{fields.String("url")};
  if (kind == "git") {
    return GitOrigin{fields.String("url"), fields.String("commit"), fields.String("treeSha1")};
  }
  if (kind == "directory") return DirectoryOrigin{fields.String("path")};
  fields.Fail("kind", "found " + Printable(kind, 80) + ", want debian, archive, git or directory");
  return DirectoryOrigin{};
}

Result<ManifestSource> ReadSource(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  ManifestSource source;
  source.name = fields.String("name");
  source.tree = fields.String("tree");
  source.origin = ReadOrigin(fields);
  const Json& files = fields.Array("files", kManifestFilesMax);
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < files.size(); ++i) {
    ASSIGN_OR_RETURN(SourceFile file,
                     ReadFileEntry(files[i], where + ".files[" + std::to_string(i) + "]"));
    source.files.push_back(std::move(file));
  }
  return source;
}

Result<StepInput> ReadInput(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  StepInput input;
  input.at = fields.String("at");
  if (fields.Has("source")) {
    input.source = fields.String("source");
    if (input.source.empty()) fields.Fail("source", "empty");
  } else {
    input.step = fields.String("step");
    input.path = fields.String("path");
  }
  RETURN_IF_ERROR(fields.Finish());
  return input;
}

Result<StepLimits> ReadLimits(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  StepLimits limits;
  limits.cpu_seconds = fields.Integer("cpuSeconds", 0, kAny);
  limits.disk_bytes = fields.Integer("diskBytes", 0, kAny);
  limits.disk_inodes = fields.Integer("diskInodes", 0, kAny);
  limits.log_bytes = fields.Integer("logBytes", 0, kAny);
  limits.memory_bytes = fields.Integer("memoryBytes", 0, kAny);
  limits.output_bytes = fields.Integer("outputBytes", 0, kAny);
  limits.processes = fields.Integer("processes", 0, kAny);
  limits.silence_seconds = fields.Integer("silenceSeconds", 0, kAny);
  limits.wall_seconds = fields.Integer("wallSeconds", 0, kAny);
  RETURN_IF_ERROR(fields.Finish());
  return limits;
}

Result<Step> ReadStep(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  Step step;
  step.name = fields.String("name");
  step.argv = fields.Strings("argv", kManifestArgvMax);
  step.determinism = fields.String("determinism");
  step.directory = fields.String("directory");
  step.loopback = fields.Boolean("loopback");
  step.outputs = fields.Strings("outputs", kManifestOutputsMax);
  const Json& environment = fields.Object("environment");
  const Json& inputs = fields.Array("inputs", kManifestInputsMax);
  const Json& limits = fields.Object("limits");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields variables(environment, where + ".environment");
  for (const auto& [name, unused] : environment.items()) {
    step.environment[name] = variables.String(name);
  }
  RETURN_IF_ERROR(variables.Finish());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ASSIGN_OR_RETURN(StepInput input,
                     ReadInput(inputs[i], where + ".inputs[" + std::to_string(i) + "]"));
    step.inputs.push_back(std::move(input));
  }
  ASSIGN_OR_RETURN(step.limits, ReadLimits(limits, where + ".limits"));
  return step;
}

Result<ManifestArtifact> ReadArtifact(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  ManifestArtifact artifact{fields.String("name"), fields.String("step"), fields.String("path")};
  RETURN_IF_ERROR(fields.Finish());
  return artifact;
}

Result<Requires> ReadRequires(const Json& json) {
  JsonFields fields(json, "manifest.requires");
  Requires demands;
  demands.auditors = fields.Integer("auditors", 0, kAny);
  demands.countries_any = fields.Strings("countriesAny", 300);
  demands.operators = fields.Integer("operators", 0, kAny);
  demands.sites = fields.Integer("sites", 0, kAny);
  demands.witnesses = fields.Integer("witnesses", 0, kAny);
  RETURN_IF_ERROR(fields.Finish());
  return demands;
}

Result<Manifest> ReadManifest(const Json& json) {
  JsonFields fields(json, "manifest");
  Manifest manifest;
  fields.Format("farm-manifest/1");
  manifest.product = fields.String("product");
  manifest.version = fields.String("version");
  manifest.revision = fields.Integer("revision", 0, kAny);
  manifest.architecture = fields.String("architecture");
  manifest.source_date_epoch = fields.Integer("sourceDateEpoch", 0, kAny);
  const Json& sources = fields.Array("sources", kManifestSourcesMax);
  const Json& steps = fields.Array("steps", kManifestStepsMax);
  const Json& artifacts = fields.Array("artifacts", 4096);
  const Json& toolchain = fields.Object("toolchain");
  const Json& demands = fields.Object("requires");
  RETURN_IF_ERROR(fields.Finish());

  JsonFields toolchain_fields(toolchain, "manifest.toolchain");
  manifest.toolchain = toolchain_fields.String("name");
  manifest.lock = toolchain_fields.DigestOf("lock");
  RETURN_IF_ERROR(toolchain_fields.Finish());
  ASSIGN_OR_RETURN(manifest.requirements, ReadRequires(demands));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    ASSIGN_OR_RETURN(ManifestSource source, ReadSource(sources[i], Place("sources", i)));
    manifest.sources.push_back(std::move(source));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ASSIGN_OR_RETURN(Step step, ReadStep(steps[i], Place("steps", i)));
    manifest.steps.push_back(std::move(step));
  }
  for (std::size_t i = 0; i < artifacts.size(); ++i) {
    ASSIGN_OR_RETURN(ManifestArtifact artifact, ReadArtifact(artifacts[i], Place("artifacts", i)));
    manifest.artifacts.push_back(std::move(artifact));
  }
  return manifest;
}

}  // namespace

Result<Manifest> ParseManifestJson(std::string_view bytes) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, "manifest", kManifestBytesMax));
  ASSIGN_OR_RETURN(Manifest manifest, ReadManifest(json));
  // Before writing: the writer takes ASCII keys only, and the rules hold names to them.
  if (auto good = LintManifest(manifest); !good) return Wrap("manifest", good.error());
  if (CanonicalManifest(manifest) != bytes) {
    return Error{ErrorCode::kInvalidInput,
                 "manifest: not the canonical bytes (RFC 8785, artifacts sorted by name)"};
  }
  return manifest;
}

}  // namespace farm
