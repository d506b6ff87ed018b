#include "farm/verify/policy_command.h"

#include <unistd.h>

#include <cstdio>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/command_line.h"
#include "farm/base/files.h"
#include "farm/json/json.h"
#include "farm/verify/policy.h"
#include "farm/verify/policy_words.h"
#include "farm/verify/report.h"

namespace farm {
namespace {

constexpr char kPolicyExplanation[] =
    "A policy says what YOU demand of a release: how many sites, operators, countries, auditors,\n"
    "witnesses. It is your own file; no farm can change it.";
constexpr char kPolicyExamples[] =
    "Examples:\n"
    "  farm-verify policy list\n"
    "  farm-verify policy show neutral-country >policy.json     # then make it yours\n"
    "  farm-verify policy explain policy.json                   # what it demands, and what is "
    "weak";

Result<std::string> Explanation(const PolicyArguments& arguments) {
  const std::string& file = arguments.file;
  Result<std::string> bytes = ReadFile(file, kPolicyBytesMax);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) {
    return Error{ErrorCode::kNotFound, "no policy: " + file +
                                           " is missing; `farm-verify policy show NAME` prints a "
                                           "template"};
  }
  if (!bytes) return bytes.error();
  ASSIGN_OR_RETURN(const Policy policy, ParsePolicy(*bytes, file));
  return arguments.json ? PolicyJson(policy, file)
                        : PolicyText(policy, file, StyleOf(STDOUT_FILENO));
}

Result<std::string> Template(const PolicyArguments& arguments) {
  const PolicyTemplate* found = FindPolicyTemplate(arguments.name);
  if (found != nullptr) return std::string(found->text);
  std::vector<std::string> names;
  for (const PolicyTemplate& each : PolicyTemplates()) names.emplace_back(each.name);
  constexpr std::size_t kNameShownMax = 80;
  return Error{ErrorCode::kInvalidInput, "no template \"" +
                                             Printable(arguments.name, kNameShownMax) +
                                             "\"; want one of: " + Join(names, " ")};
}

Result<std::string> Answer(const PolicyCommandLine& line) {
  if (*line.explain) return Explanation(line.arguments);
  if (*line.show) return Template(line.arguments);
  return line.arguments.json ? PolicyListJson() : PolicyListText(StyleOf(STDOUT_FILENO));
}

int PolicyFailure(const PolicyCommandLine& line, const Error& error) {
  const Json json = {{"error", error.message},
                     {"exit", static_cast<int>(error.Exit())},
                     {"format", "farm-error/1"}};
  return Refused(line.app, error, ErrorRemedy(error), line.arguments.json ? OneLine(json) : "");
}

}  // namespace

PolicyCommandLine::PolicyCommandLine()
    : CommandLine(kPolicyExplanation, "farm-verify policy", kPolicyExamples) {
  app.require_subcommand(1);
  explain =
      app.add_subcommand("explain", "says each demand of a policy, and what is weak about it");
  explain->add_option("FILE", arguments.file, "the policy, JSON")->required();
  explain->add_flag("--json", arguments.json, "one line of JSON (farm-policy-explained/1)");
  list = app.add_subcommand("list", "the templates that this program carries");
  list->add_flag("--json", arguments.json, "one line of JSON (farm-policy-templates/1)");
  show = app.add_subcommand("show", "prints a template, which is JSON");
  show->add_option("NAME", arguments.name, "development, neutral-country or two-operators")
      ->required();
}

int RunPolicyCommand(int argc, char** argv) {
  PolicyCommandLine line;
  if (const auto ended = ReadCommandLine(line.app, argc, argv)) return *ended;
  const Result<std::string> answer = Answer(line);
  if (!answer) return PolicyFailure(line, answer.error());
  std::fputs(answer->c_str(), stdout);
  const Status printed = FlushStandardOutput();
  return printed ? static_cast<int>(ExitCode::kProved) : PolicyFailure(line, printed.error());
}

}  // namespace farm
