#include "farm/verify/policy_command.h"

#include <unistd.h>

#include <cstdio>
#include <string_view>
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

int PolicyFailure(const Error& error, bool json) {
  std::fprintf(stderr, "farm-verify policy: %s\n", error.message.c_str());
  const int exit = static_cast<int>(error.Exit());
  if (json) {
    const Json answer = {{"error", error.message}, {"exit", exit}, {"format", "farm-error/1"}};
    std::fputs(OneLine(answer).c_str(), stdout);
  }
  return exit;
}

int PolicyUsage(const std::string& message) {
  std::fprintf(stderr, "farm-verify policy: %s\nRun with --help for more information.\n",
               message.c_str());
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace

PolicyCommandLine::PolicyCommandLine() : app(kPolicyExplanation, "farm-verify policy") {
  app.footer(kPolicyExamples);
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

bool IsPolicyCommand(int argc, const char* const* argv) {
  if (argc < 3 || std::string_view(argv[1]) != "policy") return false;
  const std::string_view word = argv[2];
  return word == "explain" || word == "list" || word == "show" || (argc == 3 && IsHelpWord(word));
}

int RunPolicyCommand(int argc, char** argv) {
  PolicyCommandLine line;
  try {
    line.app.parse(argc - 1, argv + 1);
  } catch (const CLI::CallForHelp& help) {
    // Asked for alone: `policy --help`, `policy show --help`.
    if (argc == (line.app.get_subcommands().empty() ? 3 : 4)) return line.app.exit(help);
    return PolicyUsage("-h and --help want no other word");
  } catch (const CLI::ParseError& error) {
    return PolicyUsage(error.what());
  }
  const Result<std::string> answer = Answer(line);
  if (!answer) return PolicyFailure(answer.error(), line.arguments.json);
  std::fputs(answer->c_str(), stdout);
  const Status printed = FlushStandardOutput();
  return printed ? static_cast<int>(ExitCode::kProved) : PolicyFailure(printed.error(), false);
}

}  // namespace farm
