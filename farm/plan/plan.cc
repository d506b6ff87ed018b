#include "farm/plan/plan.h"

#include <algorithm>
#include <set>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/manifest/limits_json.h"

namespace farm {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::map<std::string, std::string> EnvironmentOf(const Manifest& manifest, const Step& step) {
  std::map<std::string, std::string> environment = {
      {"HOME", "/nonexistent"}, {"LC_ALL", "C.UTF-8"}, {"PATH", kPath}, {"TZ", "UTC"}};
  for (const auto& [name, value] : step.environment) environment[name] = value;
  environment["SOURCE_DATE_EPOCH"] = std::to_string(manifest.source_date_epoch);
  return environment;
}

// Sources of the step, by place.
std::vector<PlacedSource> SourcesOf(const Manifest& manifest, const Step& step) {
  std::vector<PlacedSource> sources;
  for (const StepInput& input : step.inputs) {
    if (input.source.empty()) continue;
    const ManifestSource* source = FindSource(manifest, input.source);
    CHECK(source != nullptr);  // LintManifest has seen to it
    sources.push_back({source, input.at});
  }
  std::sort(sources.begin(), sources.end(),
            [](const PlacedSource& a, const PlacedSource& b) { return a.at < b.at; });
  return sources;
}

std::vector<ActionInput> InputsOf(const Step& step, const std::vector<PlacedSource>& sources) {
  std::vector<ActionInput> inputs;
  std::set<std::string> raw;  // a source may be used in two places
  for (const PlacedSource& placed : sources) {
    if (!raw.insert(placed.source->name).second) continue;
    for (const SourceFile& file : placed.source->files) {
      ActionInput input;
      input.at = RawFilePlace(placed.source->name, file.name);
      input.digest = file.digest;
      input.size = file.size;
      inputs.push_back(std::move(input));
    }
  }
  for (const StepInput& from : step.inputs) {
    if (!from.source.empty()) continue;
    ActionInput input;
    input.at = from.at;
    input.step = from.step;
    input.path = from.path;
    inputs.push_back(std::move(input));
  }
  std::sort(inputs.begin(), inputs.end(),
            [](const ActionInput& a, const ActionInput& b) { return a.at < b.at; });
  return inputs;
}

Action MakeAction(const Manifest& manifest, const Step& step) {
  const std::vector<PlacedSource> sources = SourcesOf(manifest, step);
  Action action;
  action.step = step.name;
  action.determinism = step.determinism;
  action.architecture = manifest.architecture;
  action.lock = manifest.lock;
  action.argv = step.argv;
  action.environment = EnvironmentOf(manifest, step);
  action.directory = step.directory;
  action.inputs = InputsOf(step, sources);
  action.prepare = PrepareCommand(sources);
  for (const PlacedSource& placed : sources) {
    action.trees.push_back({placed.at, placed.source->tree});
  }
  action.outputs = step.outputs;
  std::sort(action.outputs.begin(), action.outputs.end());
  action.limits = step.limits;
  action.loopback = step.loopback;
  action.input_time = manifest.source_date_epoch;
  return action;
}

Json InputsJson(const std::vector<ActionInput>& inputs) {
  Json list = Json::array();
  for (const ActionInput& input : inputs) {
    if (input.symbolic()) {
      list.push_back({{"at", input.at}, {"path", input.path}, {"step", input.step}});
    } else {
      list.push_back({{"at", input.at},
                      {"digest", input.digest.Text()},
                      {"mode", input.mode},
                      {"size", input.size}});
    }
  }
  return list;
}

Json TreesJson(const std::vector<ExpectedTree>& trees) {
  Json list = Json::array();
  for (const ExpectedTree& tree : trees) list.push_back({{"at", tree.at}, {"tree", tree.tree}});
  return list;
}

Json ActionJson(const Action& action) {
  Json environment = Json::object();
  for (const auto& [name, value] : action.environment) environment[name] = value;
  return {{"architecture", action.architecture}, {"argv", action.argv},
          {"determinism", action.determinism},   {"directory", action.directory},
          {"environment", environment},          {"format", "farm-action/1"},
          {"inputTime", action.input_time},      {"inputs", InputsJson(action.inputs)},
          {"limits", LimitsJson(action.limits)}, {"lock", action.lock.Text()},
          {"loopback", action.loopback},         {"outputs", action.outputs},
          {"prepare", action.prepare},           {"profile", action.profile},
          {"sandbox", action.sandbox},           {"step", action.step},
          {"trees", TreesJson(action.trees)}};
}

// Paths of a manifest have no quote in them; quoted all the same.
std::string Quoted(const std::string& path) { return "'/build/" + path + "'"; }

std::string UnpackLine(const PlacedSource& placed) {
  const ManifestSource& source = *placed.source;
  const std::string file = Quoted(RawFilePlace(source.name, source.files[0].name));
  const std::string at = Quoted(placed.at);
  if (std::holds_alternative<DebianOrigin>(source.origin)) {
    const std::size_t slash = placed.at.rfind('/');
    const std::string parent =
        slash == std::string::npos ? "" : "mkdir -p " + Quoted(placed.at.substr(0, slash)) + "\n";
    return parent + "dpkg-source --no-check --no-copy -x " + file + " " + at + "\n";
  }
  const bool archive = std::holds_alternative<ArchiveOrigin>(source.origin);
  return "mkdir -p " + at + "\ntar --no-same-owner --no-same-permissions -xf " + file +
         (archive ? " --strip-components=1" : "") + " -C " + at + "\n";
}

}  // namespace

std::string RawFilePlace(const std::string& source, const std::string& file) {
  return "inputs/" + source + "/" + file;
}

std::vector<std::string> PrepareCommand(const std::vector<PlacedSource>& sources) {
  if (sources.empty()) return {};
  std::string script;
  for (const PlacedSource& placed : sources) script += UnpackLine(placed);
  return {"/bin/sh", "-e", "-c", script};
}

std::string ExpectedTreesText(const std::vector<ExpectedTree>& trees) {
  std::string text;
  for (const ExpectedTree& tree : trees) text += tree.at + " " + tree.tree + "\n";
  return text;
}

Result<Plan> MakePlan(const Manifest& manifest, const Digest& manifest_digest, const Digest& lock) {
  if (manifest.lock != lock) {
    return Error{ErrorCode::kMismatch, "toolchain " + manifest.toolchain +
                                           ": the lock at hand is " + lock.Text() +
                                           ", the manifest wants " + manifest.lock.Text()};
  }
  Plan plan;
  plan.manifest = manifest_digest;
  plan.lock = lock;
  for (const Step& step : manifest.steps) plan.actions.push_back(MakeAction(manifest, step));
  plan.artifacts = manifest.artifacts;
  std::sort(plan.artifacts.begin(), plan.artifacts.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return plan;
}

std::string CanonicalPlan(const Plan& plan) {
  Json actions = Json::array();
  for (const Action& action : plan.actions) actions.push_back(ActionJson(action));
  Json artifacts = Json::array();
  for (const ManifestArtifact& artifact : plan.artifacts) {
    artifacts.push_back(
        {{"name", artifact.name}, {"path", artifact.path}, {"step", artifact.step}});
  }
  return WriteCanonicalJson({{"actions", actions},
                             {"artifacts", artifacts},
                             {"format", "farm-plan/1"},
                             {"lock", plan.lock.Text()},
                             {"manifest", plan.manifest.Text()}});
}

Digest PlanDigest(const Plan& plan) { return Sha256(CanonicalPlan(plan)); }

Result<Action> FillInputs(const Action& action,
                          const std::map<std::string, std::vector<OutputFile>>& outputs) {
  Action filled = action;
  for (ActionInput& input : filled.inputs) {
    if (!input.symbolic()) continue;
    const auto step = outputs.find(input.step);
    const OutputFile* found = nullptr;
    if (step != outputs.end()) {
      for (const OutputFile& output : step->second) {
        if (output.path == input.path) found = &output;
      }
    }
    if (found == nullptr) {
      return Error{ErrorCode::kNotFound, "step " + action.step + ": step " + input.step +
                                             " has not given " + Printable(input.path, 200)};
    }
    input.digest = found->digest;
    input.size = found->size;
    input.mode = found->mode;
    input.step.clear();
    input.path.clear();
  }
  return filled;
}

std::string CanonicalAction(const Action& action) {
  for (const ActionInput& input : action.inputs) CHECK(!input.symbolic());
  return WriteCanonicalJson(ActionJson(action));
}

Digest ActionDigest(const Action& action) { return Sha256(CanonicalAction(action)); }

}  // namespace farm
