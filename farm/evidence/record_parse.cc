// Records: SLSA provenance v1 with what we add inside internalParameters.
#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/facts_json.h"
#include "farm/evidence/statement_fields.h"
#include "farm/evidence/statement_names.h"

namespace farm::statement_fields {
namespace {

using namespace statement_names;

constexpr std::size_t kProgramsMax = 64;

Result<std::vector<ActionTrace>> ReadTrace(const Json& list, const std::string& where) {
  std::vector<ActionTrace> trace;
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    ActionTrace action;
    action.action = fields.DigestOf("action");
    action.exit_code = fields.Integer("exitCode", -kJsonIntegerMax, kJsonIntegerMax);
    action.milliseconds = fields.Integer("milliseconds", 0, kJsonIntegerMax);
    const Json& outputs = fields.Array("outputs", kTraceOutputsMax);
    action.step = Line(fields, "step");
    RETURN_IF_ERROR(fields.Finish());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      ASSIGN_OR_RETURN(Artifact output,
                       ReadArtifact(outputs[k], Path, Element(fields.Where("outputs"), k)));
      action.outputs.push_back(std::move(output));
    }
    trace.push_back(std::move(action));
  }
  return trace;
}

Status ReadInternalParameters(const Json& json, const std::string& where, Record& record) {
  JsonFields fields(json, where);
  const std::string limits = fields.String("limits");
  if (fields.ok() && limits != kLimitsKernel && limits != kLimitsObserved) {
    fields.Fail("limits", "want \"kernel\" or \"observed\"");
  }
  record.limits_observed = limits == kLimitsObserved;
  const std::string result = fields.String("result");
  if (fields.ok() && result != kResultSucceeded && result != kResultFailed) {
    fields.Fail("result", "want \"succeeded\" or \"failed\"");
  }
  record.result = result == kResultSucceeded ? BuildResult::kSucceeded : BuildResult::kFailed;
  const Json& sandbox = fields.Object("sandbox");
  const Json& trace = fields.Array("trace", kTraceActionsMax);
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(record.sandbox, FactsFromJson(sandbox, fields.Where("sandbox")));
  ASSIGN_OR_RETURN(record.trace, ReadTrace(trace, fields.Where("trace")));
  return {};
}

Status ReadDependencies(const Json& list, const std::string& where, Record& record) {
  constexpr std::size_t kFixed = 3;
  if (list.size() < kFixed) {
    return Error{ErrorCode::kInvalidInput, where + ": want lock, root.tar, image, then sources"};
  }
  ASSIGN_OR_RETURN(record.lock, ReadNamed(list[0], kLockDependency, Element(where, 0)));
  ASSIGN_OR_RETURN(record.root_tar, ReadNamed(list[1], kRootTarDependency, Element(where, 1)));
  ASSIGN_OR_RETURN(record.image, ReadNamed(list[2], kImageDependency, Element(where, 2)));
  for (std::size_t i = kFixed; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(SourceTree source,
                     ReadNamedTree(list[i], kSourceDependency, Element(where, i)));
    record.sources.push_back(std::move(source));
  }
  return {};
}

Status ReadBuildDefinition(const Json& json, const std::string& where, Record& record) {
  JsonFields fields(json, where);
  const std::string build_type = fields.String("buildType");
  if (fields.ok() && build_type != kBuildType) {
    fields.Fail("buildType", "want \"" + std::string(kBuildType) + "\"");
  }
  const Json& external = fields.Object("externalParameters");
  const Json& internal = fields.Object("internalParameters");
  const Json& dependencies = fields.Array("resolvedDependencies", kSourcesMax + 3);
  RETURN_IF_ERROR(fields.Finish());
  JsonFields parameters(external, fields.Where("externalParameters"));
  record.manifest = parameters.DigestOf("manifest");
  record.plan = parameters.DigestOf("plan");
  RETURN_IF_ERROR(parameters.Finish());
  RETURN_IF_ERROR(ReadInternalParameters(internal, fields.Where("internalParameters"), record));
  return ReadDependencies(dependencies, fields.Where("resolvedDependencies"), record);
}

Status ReadPrograms(const Json& list, const std::string& where, Record& record) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string name = FileName(fields, "name");
    const Json& digest_set = fields.Object("digest");
    RETURN_IF_ERROR(fields.Finish());
    ASSIGN_OR_RETURN(const Digest digest, ReadDigestSet(digest_set, fields.Where("digest")));
    if (!record.programs.emplace(name, digest).second) {
      return Error{ErrorCode::kInvalidInput, fields.Where("name") + ": stands there twice"};
    }
  }
  return {};
}

Status ReadRunDetails(const Json& json, const std::string& where, Record& record) {
  JsonFields fields(json, where);
  const Json& builder = fields.Object("builder");
  const Json& metadata = fields.Object("metadata");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields builder_fields(builder, fields.Where("builder"));
  const Json& programs = builder_fields.Array("builderDependencies", kProgramsMax);
  record.builder = Line(builder_fields, "id");
  RETURN_IF_ERROR(builder_fields.Finish());
  RETURN_IF_ERROR(ReadPrograms(programs, builder_fields.Where("builderDependencies"), record));
  JsonFields metadata_fields(metadata, fields.Where("metadata"));
  record.finished = metadata_fields.Time("finishedOn");
  record.intent = metadata_fields.DigestOf("invocationId");
  record.started = metadata_fields.Time("startedOn");
  return metadata_fields.Finish();
}

}  // namespace

Result<Statement> ReadRecord(const Parts& parts) {
  Record record;
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  const Json& definition = fields.Object("buildDefinition");
  const Json& details = fields.Object("runDetails");
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(ReadBuildDefinition(definition, fields.Where("buildDefinition"), record));
  RETURN_IF_ERROR(ReadRunDetails(details, fields.Where("runDetails"), record));
  if (record.result == BuildResult::kSucceeded) {
    ASSIGN_OR_RETURN(record.outputs, ReadArtifacts(parts.subject, 0, parts.SubjectWhere()));
    return record;
  }
  RETURN_IF_ERROR(parts.WantSubjects(1));
  ASSIGN_OR_RETURN(const Digest manifest, parts.ManifestSubject());
  if (manifest != record.manifest) {
    return Error{ErrorCode::kInvalidInput,
                 parts.SubjectWhere() + ": is not the manifest of externalParameters"};
  }
  return record;
}

}  // namespace farm::statement_fields
