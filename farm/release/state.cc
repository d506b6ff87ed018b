#include "farm/release/state.h"

#include <algorithm>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::int64_t kRoundsMax = 1'000'000;

struct CauseName {
  StopCause cause;
  std::string_view name;
};
constexpr CauseName kCauses[] = {{StopCause::kCancelled, "cancelled"},
                                 {StopCause::kEvidence, "evidence"},
                                 {StopCause::kSites, "sites"},
                                 {StopCause::kSigner, "signer"},
                                 {StopCause::kConflict, "conflict"}};

Json ToJson(const SubmittedFacts& facts) {
  return {{"created", facts.created},
          {"product", facts.product},
          {"requester", facts.requester},
          {"revision", facts.revision},
          {"version", facts.version}};
}

Result<SubmittedFacts> ReadSubmitted(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  SubmittedFacts facts;
  facts.created = fields.Integer("created", 0, kJsonIntegerMax);
  facts.product = fields.String("product");
  facts.requester = fields.String("requester");
  facts.revision = fields.Integer("revision", 0, kJsonIntegerMax);
  facts.version = fields.String("version");
  RETURN_IF_ERROR(fields.Finish());
  return facts;
}

Result<StopFacts> ReadStop(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  StopFacts facts;
  const std::string cause = fields.String("cause");
  facts.exit = static_cast<ExitCode>(fields.Integer("exit", 0, 255));
  facts.message = fields.String("message");
  RETURN_IF_ERROR(fields.Finish());
  const auto* found = std::ranges::find(kCauses, cause, &CauseName::name);
  if (found == std::end(kCauses)) {
    return Error{ErrorCode::kInvalidInput, where + ": cause \"" + cause + "\""};
  }
  facts.cause = found->cause;
  return facts;
}

Json ToJson(const std::vector<Artifact>& artifacts) {
  Json list = Json::array();
  for (const Artifact& one : artifacts) {
    list.push_back({{"digest", one.digest.Text()},
                    {"mode", one.mode},
                    {"name", one.name},
                    {"size", one.size}});
  }
  return list;
}

Result<std::vector<Artifact>> ReadArtifacts(const Json& list, const std::string& where) {
  std::vector<Artifact> artifacts;
  for (const Json& one : list) {
    JsonFields fields(one, where);
    Artifact artifact;
    artifact.digest = fields.DigestOf("digest");
    artifact.mode = fields.String("mode");
    artifact.name = fields.String("name");
    artifact.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
    RETURN_IF_ERROR(fields.Finish());
    artifacts.push_back(std::move(artifact));
  }
  return artifacts;
}

Result<KitFacts> ReadKit(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  KitFacts kit;
  kit.name = fields.String("name");
  kit.digest = fields.DigestOf("digest");
  kit.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
  RETURN_IF_ERROR(fields.Finish());
  return kit;
}

Result<RebuiltFacts> ReadRebuilt(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  RebuiltFacts facts;
  ASSIGN_OR_RETURN(facts.artifacts,
                   ReadArtifacts(fields.Array("artifacts", kArtifactsMax), where + ".artifacts"));
  facts.log_index = static_cast<std::uint64_t>(fields.Integer("logIndex", 0, kJsonIntegerMax));
  facts.manifest = fields.DigestOf("manifest");
  facts.sequence = fields.Integer("sequence", 0, kJsonIntegerMax);
  ASSIGN_OR_RETURN(facts.submitted,
                   ReadSubmitted(fields.Object("submitted"), where + ".submitted"));
  facts.summary = fields.String("summary");
  RETURN_IF_ERROR(fields.Finish());
  return facts;
}

// Puts rows, one after the other, into a state.
class Reader {
 public:
  explicit Reader(ReleaseState& state) : state_(state) {}
  Status Take(const Effect& row);

 private:
  Status TakeLine(const Effect& row, LineState& line, std::string_view step);
  Status TakeIntent(const Effect& row, std::string_view step);
  Status TakeRecord(const Effect& row);
  Status TakeOther(const Effect& row);
  Result<Json> Note(const Effect& row) const { return ParseJson(row.note, row.kind); }
  Error Unknown(const Effect& row) const {
    return Error{ErrorCode::kInvalidInput, "the database has a row \"" + Printable(row.kind, 64) +
                                               "\" with key \"" + Printable(row.key, 128) +
                                               "\", which this farmd does not know"};
  }
  Result<std::int64_t> Number(const Effect& row, std::string_view text) const {
    auto number = ParseDecimal(text, kRoundsMax);
    if (!number) return Unknown(row);
    return static_cast<std::int64_t>(*number);
  }

  ReleaseState& state_;
};

Status Reader::TakeLine(const Effect& row, LineState& line, std::string_view step) {
  if (step == "signed") {
    line.signed_line = row.digest;
    line.note = row.note;
  } else if (step == "stamped") {
    line.stamped = row.digest;
  } else if (step == "logged") {
    line.logged = row.digest;
  } else {
    return Unknown(row);
  }
  return {};
}

Status Reader::TakeIntent(const Effect& row, std::string_view step) {
  ASSIGN_OR_RETURN(const std::int64_t number, Number(row, row.key));
  RoundState& round = state_.rounds[number];
  RETURN_IF_ERROR(TakeLine(row, round.intent, step));
  if (step != "signed") return {};
  ASSIGN_OR_RETURN(const Json note, Note(row));
  JsonFields fields(note, row.kind);
  round.attempt = fields.Integer("attempt", 1, kJsonIntegerMax);
  round.sites = fields.Strings("sites", kPartiesMax);
  return fields.Finish();
}

Status Reader::TakeRecord(const Effect& row) {
  const std::size_t space = row.key.find(' ');
  if (space == std::string::npos) return Unknown(row);
  ASSIGN_OR_RETURN(const std::int64_t number, Number(row, row.key.substr(0, space)));
  state_.rounds[number].records[row.key.substr(space + 1)] =
      RecordState{row.digest, row.note == "succeeded"};
  return {};
}

Status Reader::TakeOther(const Effect& row) {
  if (row.kind == "submitted") {
    state_.manifest = row.digest;
    ASSIGN_OR_RETURN(const Json note, Note(row));
    ASSIGN_OR_RETURN(state_.submitted, ReadSubmitted(note, row.kind));
  } else if (row.kind == "lock") {
    state_.lock = row.digest;
  } else if (row.kind == "text") {
    return {};
  } else if (row.kind == "record") {
    return TakeRecord(row);
  } else if (row.kind == "deciding") {
    ASSIGN_OR_RETURN(const std::int64_t number, Number(row, row.key));
    state_.rounds[number].deciding = true;
  } else if (row.kind == "published") {
    ASSIGN_OR_RETURN(const Json note, Note(row));
    ASSIGN_OR_RETURN(state_.published, ReadArtifacts(note, row.kind));
  } else if (row.kind == "kit") {
    ASSIGN_OR_RETURN(const Json note, Note(row));
    ASSIGN_OR_RETURN(state_.kit, ReadKit(note, row.kind));
  } else if (row.kind == "done") {
    state_.done = true;
  } else if (row.kind == "stopped") {
    ASSIGN_OR_RETURN(const std::int64_t number, Number(row, row.key));
    if (number > state_.stops) {
      state_.stops = number;
      ASSIGN_OR_RETURN(const Json note, Note(row));
      ASSIGN_OR_RETURN(state_.stop, ReadStop(note, row.kind));
    }
  } else if (row.kind == "resumed") {
    ASSIGN_OR_RETURN(const std::int64_t number, Number(row, row.key));
    ASSIGN_OR_RETURN(const std::int64_t round, Number(row, row.note));
    state_.resumes = std::max(state_.resumes, number);
    state_.round = std::max(state_.round, round);
  } else {
    return Unknown(row);
  }
  return {};
}

Status Reader::Take(const Effect& row) {
  const std::size_t dot = row.kind.find('.');
  if (dot == std::string::npos) return TakeOther(row);
  const std::string_view name = std::string_view(row.kind).substr(0, dot);
  const std::string_view step = std::string_view(row.kind).substr(dot + 1);
  if (name == "request") return TakeLine(row, state_.request, step);
  if (name == "approval") return TakeLine(row, state_.approvals[row.key], step);
  if (name == "intent") return TakeIntent(row, step);
  if (name == "kit-entry") return TakeLine(row, state_.kit_entry, step);
  if (name == "withdrawal") return TakeLine(row, state_.withdrawals[row.key], step);
  if (name == "log") {
    ASSIGN_OR_RETURN(const Json note, Note(row));
    ASSIGN_OR_RETURN(RebuiltFacts facts, ReadRebuilt(note, row.kind));
    if (step == "release")
      state_.rebuilt_release = std::move(facts);
    else if (step == "dissent")
      state_.rebuilt_dissent = std::move(facts);
    else
      return Unknown(row);
    return {};
  }
  if (name == "release" && step == "proved") {
    state_.proved = row.digest;
    return {};
  }
  if (name != "release" && name != "dissent") return Unknown(row);
  RETURN_IF_ERROR(TakeLine(row, name == "release" ? state_.release : state_.dissent, step));
  const bool sequence = name == "release" && step == "signed";
  if (!sequence && step != "logged") return {};
  auto number = ParseDecimal(row.note, static_cast<unsigned long long>(kJsonIntegerMax));
  if (!number) return Unknown(row);
  if (sequence)
    state_.sequence = static_cast<std::int64_t>(*number);
  else
    state_.log_index = *number;
  return {};
}

}  // namespace

std::string_view Name(Stage stage) {
  switch (stage) {
    case Stage::kUnknown:
      return "unknown";
    case Stage::kSubmitted:
      return "submitted";
    case Stage::kWaitingApprovals:
      return "waiting for approvals";
    case Stage::kBuilding:
      return "building";
    case Stage::kDeciding:
      return "deciding";
    case Stage::kPublishing:
      return "publishing";
    case Stage::kReleased:
      return "released";
    case Stage::kDissent:
      return "dissent";
    case Stage::kBuildFailed:
      return "build failed";
    case Stage::kCancelled:
      return "cancelled";
    case Stage::kRefused:
      return "refused";
  }
  return "unknown";
}

bool IsEnd(Stage stage) { return stage >= Stage::kReleased; }

bool RoundState::AllFailed() const {
  return AllRecordsHere() &&
         std::ranges::none_of(records, [](const auto& one) { return one.second.succeeded; });
}

std::string WriteSubmittedFacts(const SubmittedFacts& facts) {
  return WriteCanonicalJson(ToJson(facts));
}

std::string WriteStopFacts(const StopFacts& facts) {
  const auto* cause = std::ranges::find(kCauses, facts.cause, &CauseName::cause);
  CHECK(cause != std::end(kCauses));
  return WriteCanonicalJson(
      {{"cause", cause->name}, {"exit", static_cast<int>(facts.exit)}, {"message", facts.message}});
}

std::string WriteKitFacts(const KitFacts& kit) {
  return WriteCanonicalJson(
      {{"digest", kit.digest.Text()}, {"name", kit.name}, {"size", kit.size}});
}

std::string WriteRebuiltFacts(const RebuiltFacts& facts) {
  return WriteCanonicalJson({{"artifacts", ToJson(facts.artifacts)},
                             {"logIndex", facts.log_index},
                             {"manifest", facts.manifest.Text()},
                             {"sequence", facts.sequence},
                             {"submitted", ToJson(facts.submitted)},
                             {"summary", facts.summary}});
}

std::string WriteArtifactList(const std::vector<Artifact>& artifacts) {
  return WriteCanonicalJson(ToJson(artifacts));
}

std::string WriteRoundNote(std::int64_t attempt, const std::vector<std::string>& sites) {
  return WriteCanonicalJson({{"attempt", attempt}, {"sites", sites}});
}

const RoundState& ReleaseState::Current() const {
  static const RoundState kNone;
  const auto found = rounds.find(round);
  return found == rounds.end() ? kNone : found->second;
}

Stage ReleaseState::stage() const {
  if (done) return Stage::kReleased;
  if (rebuilt_dissent || dissent.logged) return Stage::kDissent;
  if (!submitted) return rebuilt_release ? Stage::kPublishing : Stage::kUnknown;
  const RoundState& current = Current();
  if (stop) return stop->cause == StopCause::kCancelled ? Stage::kCancelled : Stage::kRefused;
  if (release.signed_line) return Stage::kPublishing;
  if (dissent.signed_line) return Stage::kDeciding;
  if (current.AllFailed()) return Stage::kBuildFailed;
  if (current.AllRecordsHere()) return Stage::kDeciding;
  if (current.intent.logged) return Stage::kBuilding;
  return request.logged ? Stage::kWaitingApprovals : Stage::kSubmitted;
}

std::optional<ExitCode> ReleaseState::exit() const {
  switch (stage()) {
    case Stage::kReleased:
      return ExitCode::kProved;
    case Stage::kDissent:
      return ExitCode::kDissent;
    case Stage::kBuildFailed:
      return ExitCode::kBuildFailed;
    case Stage::kCancelled:
      return ExitCode::kCancelled;
    case Stage::kRefused:
      return stop->exit;
    default:
      return std::nullopt;
  }
}

Result<ReleaseState> StateOf(const std::vector<Effect>& rows) {
  ReleaseState state;
  Reader reader(state);
  for (const Effect& row : rows) RETURN_IF_ERROR(reader.Take(row));
  if (state.resumes >= state.stops) state.stop.reset();
  return state;
}

std::string RecordKey(std::int64_t round, std::string_view site) {
  return std::to_string(round) + " " + std::string(site);
}

}  // namespace farm
