#include "farm/verify/report.h"

#include <algorithm>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kLineCharactersMax = 2000;  // a terminal survives that
constexpr std::size_t kStateWidth = 6;            // of ok, warn, FAIL
constexpr std::size_t kNameWidth = 18;            // the longest rule name and two spaces
constexpr std::size_t kHeadlineIndent = 2;        // of what does not fit into its first line

std::string Padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string FactLine(const std::string& name, const std::string& value, const TextStyle& style) {
  const std::string text = std::string(kStateWidth, ' ') + Padded(name, kNameWidth) +
                           Printable(value, kLineCharactersMax);
  return Wrapped(text, kStateWidth + kNameWidth, style) + "\n";
}

struct StateWord {
  std::string_view word;
  Colour colour;
};

StateWord StateOf(const RuleOutcome& outcome) {
  if (!outcome.held) return {"FAIL", Colour::kBad};
  if (outcome.warning) return {"warn", Colour::kWarning};
  return {"ok", Colour::kGood};
}

std::string RuleText(const RuleOutcome& outcome, const TextStyle& style) {
  constexpr std::size_t kIndent = kStateWidth + kNameWidth;
  const StateWord state = StateOf(outcome);
  const std::string expected = "expected: " + outcome.expected;
  const std::string start = Padded(std::string(state.word), kStateWidth) +
                            Padded(outcome.rule, kNameWidth) + "found: " + outcome.found;
  std::string text = Printable(start + " | " + expected, kLineCharactersMax);
  if (style.columns > 0 && text.size() > style.columns) {
    text = Wrapped(Printable(start, kLineCharactersMax), kIndent, style) + "\n" +
           Wrapped(std::string(kIndent, ' ') + Printable(expected, kLineCharactersMax), kIndent,
                   style);
  }
  // Only now: a colour has no width.
  text.replace(0, state.word.size(), Coloured(state.word, state.colour, style));
  text += "\n";
  if (!outcome.held) text += FactLine("to do", outcome.remedy, style);
  return text;
}

std::string RecordText(const Record& record, const TextStyle& style) {
  const auto line = [&](const std::string& name, const std::string& value) {
    return FactLine(name, value, style);
  };
  std::string text = line("record", record.builder);
  text += line("  built", FormatTime(record.started) + " to " + FormatTime(record.finished));
  text += line("  limits", record.limits_observed ? "observed" : "the kernel's");
  text += line("  root tar", record.root_tar.Text());
  text += line("  image", record.image.Text());
  for (const auto& [name, digest] : record.programs) {
    text += line("  program", name + " " + digest.Text());
  }
  for (const auto& [name, fact] : record.sandbox) {
    text += line("  sandbox", name + " " + FactText(fact));
  }
  return text;
}

std::string FactsText(const Verdict& verdict, const TextStyle& style) {
  std::string text;
  if (!verdict.release) return text;
  const auto line = [&](const std::string& name, const std::string& value) {
    return FactLine(name, value, style);
  };
  text += line("product", verdict.product + " " + verdict.version);
  text += line("sequence", std::to_string(verdict.sequence));
  text += line("release", verdict.release_digest->Text());
  text += line("signer", verdict.release->signer);
  for (const Artifact& artifact : verdict.release->artifacts) {
    text += line("artifact", artifact.name + " " + artifact.digest.Text() + " " +
                                 std::to_string(artifact.size) + " bytes");
  }
  for (const Record& record : verdict.records) text += RecordText(record, style);
  return text;
}

Json EvidenceJson(const std::vector<LookedAt>& evidence) {
  Json list = Json::array();
  for (const LookedAt& looked_at : evidence) {
    Json item = {{"digest", looked_at.digest ? looked_at.digest->Text() : ""},
                 {"file", looked_at.file}};
    if (looked_at.line > 0) item["line"] = looked_at.line;
    list.push_back(std::move(item));
  }
  return list;
}

Json RuleJson(const RuleOutcome& outcome) {
  return {{"evidence", EvidenceJson(outcome.evidence)},
          {"exit", static_cast<int>(outcome.exit)},
          {"expected", outcome.expected},
          {"found", outcome.found},
          {"held", outcome.held},
          {"remedy", outcome.remedy},
          {"rule", outcome.rule},
          {"warning", outcome.warning}};
}

}  // namespace

std::string RulesText(const std::vector<RuleOutcome>& rules, const TextStyle& style) {
  std::string text;
  std::string failed;
  for (const RuleOutcome& outcome : rules) {
    (outcome.held ? text : failed) += RuleText(outcome, style);
  }
  return text + failed;
}

std::string HeadlineText(const std::string& headline, bool proved, const TextStyle& style) {
  std::string text = Wrapped(headline, kHeadlineIndent, style);
  const std::size_t first = std::min(text.find('\n'), text.size());
  text.replace(0, first,
               Coloured(text.substr(0, first), proved ? Colour::kGood : Colour::kBad, style));
  return text + "\n";
}

std::string RemedyText(const std::vector<RuleOutcome>& rules, ExitCode exit, bool explained,
                       const TextStyle& style) {
  const RuleOutcome* first = nullptr;
  for (const RuleOutcome& outcome : rules) {
    if (outcome.held) continue;
    if (first == nullptr || (outcome.exit == exit && first->exit != exit)) first = &outcome;
  }
  if (first == nullptr) return "";
  std::string text = "to do: " + first->remedy + " (exit " +
                     std::to_string(static_cast<int>(exit)) + ", rule " + first->rule;
  if (explained) text += "; why: farm-verify --explain " + first->rule;
  return Wrapped(text + ")", kHeadlineIndent, style) + "\n";
}

Json RulesJson(const std::vector<RuleOutcome>& rules) {
  Json json = Json::array();
  for (const RuleOutcome& outcome : rules) json.push_back(RuleJson(outcome));
  return json;
}

std::string VerdictText(const Verdict& verdict, bool facts, const TextStyle& style) {
  std::string text = RulesText(verdict.rules, style);
  if (facts) text += FactsText(verdict, style);
  text += HeadlineText(verdict.headline, verdict.proved(), style);
  if (!verdict.proved()) text += RemedyText(verdict.rules, verdict.exit, true, style);
  return text;
}

std::string ErrorRemedy(const Error& error) {
  switch (error.Exit()) {
    case ExitCode::kUsage:
      return "to do: mend or get again what is named above; nothing was judged";
    case ExitCode::kBadSignature:
      return "to do: get the trust root again from whom you trust, and compare its digest";
    case ExitCode::kInputMissing:
      return "to do: get what is missing, or name where it lies; nothing was judged";
    case ExitCode::kRollback:
      return "to do: bring back what is named above, or ask the root's people which root is their "
             "newest; nothing was judged";
    default:
      return "to do: try again when that is mended; nothing was judged";
  }
}

std::string VerdictJson(const Verdict& verdict, const VerdictInput& input) {
  const bool released = verdict.release_digest.has_value();
  return OneLine({{"artifact", verdict.artifact},
                  {"at", FormatTime(input.at)},
                  {"exit", static_cast<int>(verdict.exit)},
                  {"file", input.file_name},
                  {"fileDigest", input.file_digest.Text()},
                  {"format", kVerdictFormat},
                  {"headline", verdict.headline},
                  {"product", verdict.product},
                  {"release", released ? verdict.release_digest->Text() : ""},
                  {"rootVersion", verdict.root_version},
                  {"rules", RulesJson(verdict.rules)},
                  {"sequence", verdict.sequence},
                  {"verified", verdict.proved()},
                  {"version", verdict.version}});
}

std::string OneLine(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string ErrorJson(const Error& error, std::string_view format) {
  return OneLine({{"error", error.message},
                  {"exit", static_cast<int>(error.Exit())},
                  {"format", format},
                  {"headline", "NOT VERIFIED"},
                  {"verified", false}});
}

}  // namespace farm
