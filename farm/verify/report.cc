#include "farm/verify/report.h"

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kLineCharactersMax = 2000;  // a terminal survives that
constexpr std::size_t kNameWidth = 18;            // the longest rule name and two spaces

std::string Padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string FactLine(const std::string& name, const std::string& value) {
  return "      " + Padded(name, kNameWidth) + Printable(value, kLineCharactersMax) + "\n";
}

std::string RuleText(const RuleOutcome& outcome) {
  const std::string_view state = !outcome.held ? "FAIL" : outcome.warning ? "warn" : "ok";
  std::string text = Padded(std::string(state), 6) + Padded(outcome.rule, kNameWidth) +
                     "found: " + outcome.found + " | expected: " + outcome.expected;
  text = Printable(text, kLineCharactersMax) + "\n";
  if (!outcome.held) text += FactLine("to do", outcome.remedy);
  return text;
}

std::string RecordText(const Record& record) {
  std::string text = FactLine("record", record.builder);
  text += FactLine("  built", FormatTime(record.started) + " to " + FormatTime(record.finished));
  text += FactLine("  limits", record.limits_observed ? "observed" : "the kernel's");
  text += FactLine("  root tar", record.root_tar.Text());
  text += FactLine("  image", record.image.Text());
  for (const auto& [name, digest] : record.programs) {
    text += FactLine("  program", name + " " + digest.Text());
  }
  for (const auto& [name, fact] : record.sandbox) {
    text += FactLine("  sandbox", name + " " + FactText(fact));
  }
  return text;
}

std::string FactsText(const Verdict& verdict) {
  std::string text;
  if (!verdict.release) return text;
  text += FactLine("product", verdict.product + " " + verdict.version);
  text += FactLine("sequence", std::to_string(verdict.sequence));
  text += FactLine("release", verdict.release_digest->Text());
  text += FactLine("signer", verdict.release->signer);
  for (const Artifact& artifact : verdict.release->artifacts) {
    text += FactLine("artifact", artifact.name + " " + artifact.digest.Text() + " " +
                                     std::to_string(artifact.size) + " bytes");
  }
  for (const Record& record : verdict.records) text += RecordText(record);
  return text;
}

Json RuleJson(const RuleOutcome& outcome) {
  return {{"exit", static_cast<int>(outcome.exit)},
          {"expected", outcome.expected},
          {"found", outcome.found},
          {"held", outcome.held},
          {"remedy", outcome.remedy},
          {"rule", outcome.rule},
          {"warning", outcome.warning}};
}

}  // namespace

std::string RulesText(const std::vector<RuleOutcome>& rules) {
  std::string text;
  std::string failed;
  for (const RuleOutcome& outcome : rules) (outcome.held ? text : failed) += RuleText(outcome);
  return text + failed;
}

Json RulesJson(const std::vector<RuleOutcome>& rules) {
  Json json = Json::array();
  for (const RuleOutcome& outcome : rules) json.push_back(RuleJson(outcome));
  return json;
}

std::string VerdictText(const Verdict& verdict, bool explain) {
  std::string text = RulesText(verdict.rules);
  if (explain) text += FactsText(verdict);
  return text + verdict.headline + "\n";
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
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ErrorJson(const Error& error, std::string_view format) {
  return OneLine({{"error", error.message},
                  {"exit", static_cast<int>(error.Exit())},
                  {"format", format},
                  {"headline", "NOT VERIFIED"},
                  {"verified", false}});
}

}  // namespace farm
