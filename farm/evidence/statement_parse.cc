#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/statement_names.h"

namespace farm {
namespace {

using namespace statement_names;

constexpr std::size_t kNameBytesMax = 255;     // of a file, on every file system that matters
constexpr std::size_t kPathBytesMax = 4096;    // PATH_MAX
constexpr std::size_t kTextBytesMax = 1024;    // product, version, ids
constexpr std::size_t kSummaryBytesMax = 64 << 10;
constexpr std::size_t kProgramsMax = 64;
constexpr std::size_t kSandboxFactsMax = 256;
constexpr std::size_t kNonceDigits = 32;
constexpr std::size_t kTreeDigits = 64;

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && HexDecode(text);
}

// Text that people read on one line: 1 to kTextBytesMax bytes without control characters.
std::string Line(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  if (fields.ok() && (text.empty() || text.size() > kTextBytesMax || HasControls(text))) {
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

std::string Element(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// {"sha256": "<hex>"}
Result<Digest> ReadDigestSet(const Json& json, std::string where) {
  JsonFields fields(json, std::move(where));
  const std::string hex = fields.String("sha256");
  RETURN_IF_ERROR(fields.Finish());
  auto digest = Digest::ParseHex(hex);
  if (!digest) return Wrap(fields.Where("sha256"), digest.error());
  return *digest;
}

// {"digest": {"sha256"}, "name": exactly `name`}
Result<Digest> ReadNamed(const Json& json, std::string_view name, std::string where) {
  JsonFields fields(json, std::move(where));
  const std::string found = fields.String("name");
  if (fields.ok() && found != name) fields.Fail("name", "want \"" + std::string(name) + "\"");
  const Json& digest = fields.Object("digest");
  RETURN_IF_ERROR(fields.Finish());
  return ReadDigestSet(digest, fields.Where("digest"));
}

// {"digest": {"gitTree"}, "name": prefix + name}
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

using NameReader = std::string (*)(JsonFields&, std::string_view);

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

// Artifacts from element `first` on, names strictly ascending.
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

// What every statement has: subjects, predicate, and the name of the whole for messages.
struct Parts {
  const Json& subject;
  const Json& predicate;
  std::string what;

  std::string SubjectWhere() const { return what + ".subject"; }
  std::string PredicateWhere() const { return what + ".predicate"; }
  Status WantSubjects(std::size_t count) const {
    if (subject.size() == count) return {};
    return Error{ErrorCode::kInvalidInput, SubjectWhere() + ": has " +
                                               std::to_string(subject.size()) + " elements, want " +
                                               std::to_string(count)};
  }
  Result<Digest> ManifestSubject() const {
    return ReadNamed(subject.front(), kManifestSubject, Element(SubjectWhere(), 0));
  }
};

Result<Statement> ReadRequest(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Request request;
  ASSIGN_OR_RETURN(request.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  request.created = fields.Time("created");
  request.product = Line(fields, "product");
  request.requester = Line(fields, "requester");
  request.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return request;
}

Result<Statement> ReadApproval(const Parts& parts) {
  Approval approval;
  ASSIGN_OR_RETURN(approval.manifest, parts.ManifestSubject());
  for (std::size_t i = 1; i < parts.subject.size(); ++i) {
    ASSIGN_OR_RETURN(SourceTree source,
                     ReadNamedTree(parts.subject[i], "", Element(parts.SubjectWhere(), i)));
    approval.sources.push_back(std::move(source));
  }
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  approval.auditor = Line(fields, "auditor");
  approval.created = fields.Time("created");
  approval.product = Line(fields, "product");
  approval.scope = fields.String("scope");
  if (fields.ok() && approval.scope != "tree") fields.Fail("scope", "want \"tree\"");
  approval.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return approval;
}

Result<Statement> ReadIntent(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Intent intent;
  ASSIGN_OR_RETURN(intent.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  intent.attempt = fields.Integer("attempt", 1, kPartiesMax);
  intent.created = fields.Time("created");
  intent.earlier = Digests(fields, "earlier", kPartiesMax);
  intent.nonce = fields.String("nonce");
  if (fields.ok() && !IsHex(intent.nonce, kNonceDigits)) {
    fields.Fail("nonce", "want 32 lowercase hex digits");
  }
  intent.product = Line(fields, "product");
  intent.request = fields.DigestOf("request");
  intent.sites = fields.Strings("sites", kPartiesMax);
  std::vector<std::string> sorted = intent.sites;
  std::sort(sorted.begin(), sorted.end());
  if (fields.ok() && (sorted.empty() || sorted.front().empty())) {
    fields.Fail("sites", "want at least one builder id, none empty");
  }
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fields.Fail("sites", "a builder id stands there twice");
  }
  intent.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return intent;
}

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
      ASSIGN_OR_RETURN(Artifact output, ReadArtifact(outputs[k], Path,
                                                     Element(fields.Where("outputs"), k)));
      action.outputs.push_back(std::move(output));
    }
    trace.push_back(std::move(action));
  }
  return trace;
}

Status CheckSandboxFacts(const Json& facts, const std::string& where) {
  if (facts.size() > kSandboxFactsMax) {
    return Error{ErrorCode::kLimitExceeded, where + ": more than 256 facts"};
  }
  for (const auto& [name, value] : facts.items()) {
    const bool ascii = std::all_of(name.begin(), name.end(),
                                   [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (!ascii || !(value.is_string() || value.is_number_integer() || value.is_boolean())) {
      return Error{ErrorCode::kInvalidInput,
                   where + "." + Printable(name, 80) +
                       ": want an ASCII name and a string, an integer or a boolean"};
    }
  }
  return {};
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
  record.sandbox = fields.Object("sandbox");
  const Json& trace = fields.Array("trace", kTraceActionsMax);
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(CheckSandboxFacts(record.sandbox, fields.Where("sandbox")));
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

Result<Statement> ReadRelease(const Parts& parts) {
  Release release;
  ASSIGN_OR_RETURN(release.artifacts, ReadArtifacts(parts.subject, 0, parts.SubjectWhere()));
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  release.approvals = Digests(fields, "approvals", kPartiesMax);
  release.created = fields.Time("created");
  release.intent = fields.DigestOf("intent");
  release.manifest = fields.String("manifest");
  release.records = Digests(fields, "records", kPartiesMax);
  release.request = fields.DigestOf("request");
  release.sequence = fields.Integer("sequence", 1, kJsonIntegerMax);
  release.signer = Line(fields, "signer");
  RETURN_IF_ERROR(fields.Finish());
  return release;
}

Result<Statement> ReadDissent(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  Dissent dissent;
  ASSIGN_OR_RETURN(dissent.manifest, parts.ManifestSubject());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  dissent.created = fields.Time("created");
  dissent.intent = fields.DigestOf("intent");
  dissent.product = Line(fields, "product");
  dissent.records = Digests(fields, "records", kPartiesMax);
  dissent.summary = fields.String("summary");
  if (dissent.summary.size() > kSummaryBytesMax) fields.Fail("summary", "more than 64 KiB");
  dissent.version = Line(fields, "version");
  RETURN_IF_ERROR(fields.Finish());
  return dissent;
}

Result<Statement> ReadKitEntry(const Parts& parts) {
  RETURN_IF_ERROR(parts.WantSubjects(1));
  KitEntry kit;
  JsonFields subject(parts.subject.front(), Element(parts.SubjectWhere(), 0));
  const Json& annotations = subject.Object("annotations");
  const Json& digest = subject.Object("digest");
  kit.file = FileName(subject, "name");
  RETURN_IF_ERROR(subject.Finish());
  ASSIGN_OR_RETURN(kit.digest, ReadDigestSet(digest, subject.Where("digest")));
  JsonFields facts(annotations, subject.Where("annotations"));
  kit.size = static_cast<std::uint64_t>(facts.Integer("size", 0, kJsonIntegerMax));
  RETURN_IF_ERROR(facts.Finish());
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  kit.created = fields.Time("created");
  kit.release = fields.DigestOf("release");
  RETURN_IF_ERROR(fields.Finish());
  return kit;
}

Result<Statement> ReadReplayVerdict(const Parts& parts) {
  ReplayVerdict replay;
  ASSIGN_OR_RETURN(replay.kit, ReadNamed(parts.subject.front(), kKitSubject,
                                         Element(parts.SubjectWhere(), 0)));
  ASSIGN_OR_RETURN(replay.rebuilt, ReadArtifacts(parts.subject, 1, parts.SubjectWhere()));
  JsonFields fields(parts.predicate, parts.PredicateWhere());
  replay.created = fields.Time("created");
  replay.release = fields.DigestOf("release");
  replay.replayer = Line(fields, "replayer");
  replay.report = fields.DigestOf("report").Text();
  replay.verdict = fields.String("verdict");
  if (fields.ok() && replay.verdict != "MATCH" && replay.verdict != "MISMATCH" &&
      replay.verdict != "INCONCLUSIVE") {
    fields.Fail("verdict", "want MATCH, MISMATCH or INCONCLUSIVE");
  }
  RETURN_IF_ERROR(fields.Finish());
  return replay;
}

struct Kind {
  std::string_view predicate_type;
  Result<Statement> (*read)(const Parts&);
};
constexpr Kind kKinds[] = {
    {kRequestType, ReadRequest}, {kApprovalType, ReadApproval}, {kIntentType, ReadIntent},
    {kRecordType, ReadRecord},   {kReleaseType, ReadRelease},   {kDissentType, ReadDissent},
    {kKitType, ReadKitEntry},    {kReplayType, ReadReplayVerdict},
};

}  // namespace

Result<Statement> ParseStatement(std::string_view payload, std::string_view what) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(payload, what, kPayloadBytesMax));
  JsonFields fields(json, std::string(what));
  const std::string type = fields.String("_type");
  if (fields.ok() && type != kStatementType) {
    fields.Fail("_type", "want \"" + std::string(kStatementType) + "\"");
  }
  const std::string predicate_type = fields.String("predicateType");
  const Json& subject = fields.Array("subject", kArtifactsMax + 1);  // and a kit
  if (fields.ok() && subject.empty()) fields.Fail("subject", "empty, want at least one");
  const Json& predicate = fields.Object("predicate");
  RETURN_IF_ERROR(fields.Finish());

  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds),
                   [&](const Kind& known) { return known.predicate_type == predicate_type; });
  if (kind == std::end(kKinds)) {
    return Error{ErrorCode::kInvalidInput, fields.Where("predicateType") + ": \"" +
                                               Printable(predicate_type, 80) +
                                               "\" is no statement of the farm"};
  }
  ASSIGN_OR_RETURN(Statement statement,
                   kind->read(Parts{subject, predicate, std::string(what)}));
  if (WriteStatement(statement) != payload) {
    return Error{ErrorCode::kInvalidInput,
                 std::string(what) + ": not the canonical JSON (RFC 8785) of what it says"};
  }
  return statement;
}

}  // namespace farm
