// The two forms of a replay's report.
#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/facts_json.h"
#include "farm/replay/replay.h"

namespace farm {
namespace {

constexpr std::string_view kReportFormat = "farm-replay-report/1";
constexpr std::size_t kReportBytesMax = 16 << 20;
constexpr std::size_t kMarkBytesMax = 120;
constexpr std::size_t kTextLineMax = 2000;  // a terminal survives that

Json ArtifactJson(const Artifact& artifact) {
  return {{"name", artifact.name},
          {"digest", artifact.digest.Text()},
          {"size", static_cast<std::int64_t>(artifact.size)},
          {"mode", artifact.mode}};
}

Result<Artifact> ReadArtifact(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  Artifact artifact;
  artifact.name = fields.String("name");
  artifact.digest = fields.DigestOf("digest");
  artifact.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
  artifact.mode = fields.String("mode");
  RETURN_IF_ERROR(fields.Finish());
  return artifact;
}

Result<ReplayedArtifact> ReadReplayed(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const Json& released = fields.Object("released");
  const Json& here = fields.Any("here");
  const bool equal = fields.Boolean("equal");
  RETURN_IF_ERROR(fields.Finish());
  ReplayedArtifact artifact;
  ASSIGN_OR_RETURN(artifact.released, ReadArtifact(released, fields.Where("released")));
  artifact.rebuilt = !here.is_null();
  if (artifact.rebuilt) {
    ASSIGN_OR_RETURN(artifact.here, ReadArtifact(here, fields.Where("here")));
  }
  if (artifact.equal() != equal) {
    return Error{ErrorCode::kInvalidInput, fields.Where("equal") + ": contradicts the artifacts"};
  }
  return artifact;
}

// What is signed must be readable: a statement that nobody takes would be found too late.
Status CheckReadable(const ReplayVerdict& verdict) {
  if (!IsUtf8(verdict.replayer)) {
    return Error{ErrorCode::kInvalidInput, "the name to sign under is not UTF-8"};
  }
  RETURN_IF_ERROR(ParseStatementAs<ReplayVerdict>(WriteStatement(verdict), "the verdict"));
  return {};
}

Json RulesJson(const Verdict& verdict) {
  Json rules = Json::array();
  for (const RuleOutcome& rule : verdict.rules) {
    rules.push_back({{"rule", rule.rule},
                     {"held", rule.held},
                     {"warning", rule.warning},
                     {"expected", rule.expected},
                     {"found", rule.found}});
  }
  return rules;
}

Json TraceJson(const std::vector<ActionTrace>& trace) {
  Json list = Json::array();
  for (const ActionTrace& action : trace) {
    list.push_back({{"step", action.step},
                    {"action", action.action.Text()},
                    {"exitCode", action.exit_code},
                    {"milliseconds", action.milliseconds}});
  }
  return list;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Row(std::initializer_list<std::string> cells) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) row += "<td>" + EscapeHtml(cell) + "</td>";
  return row + "</tr>\n";
}

constexpr std::string_view kStyle =
    "body{font:16px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#111;"
    "background:#fff}h1 .verdict{padding:.1em .5em;border:2px solid}table{border-collapse:collapse;"
    "width:100%;margin:1em 0}td,th{border:1px solid #999;padding:.3em .6em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}code{font-size:.9em}";

std::string ArtifactRows(const ReplayReport& report) {
  std::string rows;
  for (const ReplayedArtifact& artifact : report.artifacts) {
    const auto shown = [](const Artifact& one) { return one.digest.Hex() + " " + one.mode; };
    rows += Row({artifact.released.name, shown(artifact.released),
                 artifact.rebuilt ? shown(artifact.here) : "not rebuilt",
                 artifact.equal() ? "equal" : "NOT EQUAL"});
  }
  return rows;
}

}  // namespace

std::string Headline(const ReplayReport& report) {
  const std::string& mark = report.judgement.development;
  return std::string(Name(report.verdict)) + "  " + report.reason +
         (mark.empty() ? "" : "  " + mark);
}

namespace {

Json ReportJson(const ReplayReport& report) {
  Json artifacts = Json::array();
  for (const ReplayedArtifact& artifact : report.artifacts) {
    artifacts.push_back({{"released", ArtifactJson(artifact.released)},
                         {"here", artifact.rebuilt ? ArtifactJson(artifact.here) : Json()},
                         {"equal", artifact.equal()}});
  }
  return {{"format", kReportFormat},
          {"verdict", std::string(Name(report.verdict))},
          {"headline", Headline(report)},
          {"development", report.judgement.development},
          {"reason", report.reason},
          {"exit", static_cast<int>(report.exit)},
          {"product", report.product},
          {"version", report.version},
          {"kit", report.kit.Text()},
          {"release", report.release.Text()},
          {"manifest", report.manifest.Text()},
          {"lock", report.lock.Text()},
          {"evidence", report.judgement.headline},
          {"rules", RulesJson(report.judgement)},
          {"artifacts", artifacts},
          {"notes", report.notes},
          {"sandbox", FactsToJson(report.sandbox)},
          {"trace", TraceJson(report.trace)},
          {"started", FormatTime(report.started)},
          {"finished", FormatTime(report.finished)}};
}

}  // namespace

std::string WriteReportJson(const ReplayReport& report) {
  return WriteCanonicalJson(ReportJson(report));
}

std::string ReportJsonLine(const ReplayReport& report) {
  return ReportJson(report).dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string ReportText(const ReplayReport& report) {
  std::string text;
  const auto say = [&](const std::string& line) { text += Printable(line, kTextLineMax) + "\n"; };
  for (const RuleOutcome& rule : report.judgement.rules) {
    if (rule.held && !rule.warning) continue;
    say(rule.rule + ": expected " + rule.expected + ", found " + rule.found + "; " + rule.remedy);
  }
  for (const ReplayedArtifact& artifact : report.artifacts) {
    say((artifact.equal() ? "equal      " : "DIFFERENT  ") + artifact.released.name);
  }
  return text + PrintableLines(Headline(report), kReasonLineMax) + "\n";
}

std::string WriteReportHtml(const ReplayReport& report) {
  const std::string verdict(Name(report.verdict));
  const std::string& mark = report.judgement.development;
  const std::string what = report.product + " " + report.version + (mark.empty() ? "" : " " + mark);
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
      EscapeHtml(verdict + ": " + what) +
      "</title><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\"><style>" +
      std::string(kStyle) + "</style></head><body>\n<h1><span class=\"verdict\">" +
      EscapeHtml(verdict) + "</span> " + EscapeHtml(what) + "</h1>\n<p>" +
      EscapeHtml(report.reason) + "</p>\n<table>\n";
  html += Row({"kit", report.kit.Text()});
  html += Row({"release", report.release.Text()});
  html += Row({"manifest", report.manifest.Text()});
  html += Row({"toolchain lock", report.lock.Text()});
  html += Row({"evidence, by the root and policy given here", report.judgement.headline});
  html += Row({"time", FormatTime(report.started) + " to " + FormatTime(report.finished)});
  html +=
      "</table>\n<h2>Artifacts</h2>\n<table><tr><th>name</th><th>released: SHA-256, mode</th><th>"
      "rebuilt here: SHA-256, mode</th><th></th></tr>\n" +
      ArtifactRows(report) +
      "</table>\n<h2>Rules of the evidence</h2>\n<table><tr><th>rule</th>"
      "<th>expected</th><th>found</th><th></th></tr>\n";
  for (const RuleOutcome& rule : report.judgement.rules) {
    html += Row({rule.rule, rule.expected, rule.found,
                 rule.held      ? "held"
                 : rule.warning ? "warning"
                                : "FAILED"});
  }
  html +=
      "</table>\n<h2>Build</h2>\n<table><tr><th>step</th><th>action</th><th>exit code</th>"
      "<th>milliseconds</th></tr>\n";
  for (const ActionTrace& action : report.trace) {
    html += Row({action.step, action.action.Text(), std::to_string(action.exit_code),
                 std::to_string(action.milliseconds)});
  }
  html += "</table>\n<ul>\n";
  for (const std::string& note : report.notes) html += "<li>" + EscapeHtml(note) + "</li>\n";
  return html + "</ul>\n<p><code>" + EscapeHtml(FactsToJson(report.sandbox).dump()) +
         "</code></p>\n</body></html>\n";
}

Status WriteReports(FileSystem& files, const ReplayReport& report, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  RETURN_IF_ERROR(WriteDurably(files, JoinPath(directory, "report.html"), WriteReportHtml(report)));
  return WriteDurably(files, JoinPath(directory, "report.json"), WriteReportJson(report));
}

namespace {

// What the artifacts of a report, and how it ended, allow to say.
struct ReportFacts {
  bool evidence_holds = false;
  std::int64_t exit = 0;
  std::size_t artifacts = 0;
  std::size_t equal = 0;
};

Status CheckFollows(const std::string& verdict, const ReportFacts& facts) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::kInvalidInput, "report.json says " + verdict + ", but " + why};
  };
  const bool all_equal = facts.artifacts > 0 && facts.equal == facts.artifacts;
  if (verdict == Name(ReplayVerdictKind::kMatch)) {
    if (!facts.evidence_holds) return refuse("its evidence is not VERIFIED");
    if (!all_equal) return refuse("not every artifact was rebuilt as released");
    if (facts.exit != 0) return refuse("its exit code is not 0");
    return {};
  }
  if (verdict == Name(ReplayVerdictKind::kMismatch)) {
    if (!facts.evidence_holds) return refuse("its evidence is not VERIFIED");
    if (all_equal) return refuse("every artifact was rebuilt as released");
    if (facts.exit != static_cast<int>(ExitCode::kReplayMismatch))
      return refuse("its exit code is not 20");
    return {};
  }
  if (verdict == Name(ReplayVerdictKind::kInconclusive)) {
    return facts.exit != 0 && facts.exit != static_cast<int>(ExitCode::kReplayMismatch)
               ? Status()
               : refuse("its exit code is that of another verdict");
  }
  return Error{ErrorCode::kInvalidInput,
               "report.json: verdict is none of MATCH, MISMATCH, INCONCLUSIVE"};
}

}  // namespace

Result<SignableVerdict> VerdictOfReport(std::string_view report_json, const std::string& replayer,
                                        UnixSeconds now) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(report_json, "report.json", kReportBytesMax));
  JsonFields fields(json, "report.json");
  fields.Format(kReportFormat);
  ReplayVerdict verdict;
  verdict.release = fields.DigestOf("release");
  verdict.kit = fields.DigestOf("kit");
  verdict.verdict = fields.String("verdict");
  verdict.replayer = replayer;
  verdict.report = Sha256(report_json).Text();
  verdict.created = now;
  ReportFacts facts;
  const std::string evidence = fields.String("evidence");
  facts.evidence_holds = evidence.starts_with("VERIFIED");
  const std::string mark = fields.String("development");
  facts.exit = fields.Integer("exit", 0, 255);
  const Json& artifacts = fields.Array("artifacts", kArtifactsMax);
  for (const char* known : {"headline", "reason", "product", "version", "manifest", "lock", "rules",
                            "notes", "sandbox", "trace", "started", "finished"}) {
    fields.Ignore(known);
  }
  RETURN_IF_ERROR(fields.Finish());
  if (WriteCanonicalJson(json) != report_json) {
    return Error{ErrorCode::kInvalidInput, "report.json is not as farm-replay wrote it"};
  }
  if (facts.evidence_holds && evidence.starts_with("VERIFIED (") == mark.empty()) {
    return Error{ErrorCode::kInvalidInput, "report.json: development contradicts the evidence, \"" +
                                               Printable(evidence, kMarkBytesMax) + "\""};
  }
  for (const Json& entry : artifacts) {
    ASSIGN_OR_RETURN(const ReplayedArtifact artifact,
                     ReadReplayed(entry, fields.Where("artifacts")));
    ++facts.artifacts;
    facts.equal += artifact.equal() ? 1 : 0;
    if (artifact.rebuilt) verdict.rebuilt.push_back(artifact.here);
  }
  RETURN_IF_ERROR(CheckFollows(verdict.verdict, facts));
  RETURN_IF_ERROR(CheckReadable(verdict));
  return SignableVerdict{std::move(verdict), Printable(mark, kMarkBytesMax)};
}

Status CheckMayBeSigned(const SignableVerdict& verdict, bool allow_development_root) {
  if (verdict.development.empty() || allow_development_root) return {};
  return Error{ErrorCode::kUntrusted,
               "the report is by a development root " + verdict.development +
                   "; what you sign will not say so: replay with a production root, or add "
                   "--allow-development-root",
               ExitCode::kJurisdiction};
}

}  // namespace farm
