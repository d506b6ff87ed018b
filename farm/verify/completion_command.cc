#include "farm/verify/completion_command.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/completion.h"
#include "farm/base/exit_code.h"
#include "farm/base/files.h"
#include "farm/verify/commands.h"
#include "farm/verify/explain.h"
#include "farm/verify/policy_words.h"

namespace farm {
namespace {

std::vector<std::string> RuleNames() {
  std::vector<std::string> names = {"all"};
  for (const RulePage& page : RulePages()) names.push_back(page.rule);
  return names;
}

std::vector<std::string> TemplateNames() {
  std::vector<std::string> names;
  for (const PolicyTemplate& each : PolicyTemplates()) names.emplace_back(each.name);
  return names;
}

Result<std::string> Script(const CLI::App& app, const char* shell) {
  CLI::App completion_app;
  completion_app.set_help_flag();  // `completion --help` is a file's name and another
  std::string shell_name;
  completion_app.add_option("SHELL", shell_name);

  Completion completion{"farm-verify", {}, {}};
  AddCommands({"", &app, "judge a file"}, completion);
  std::vector<std::unique_ptr<CommandLine>> lines;
  for (const Command& command : Commands()) {
    lines.push_back(command.line());
    AddCommands({command.word, &lines.back()->app, command.description}, completion);
  }
  AddCommands({"completion", &completion_app, "a script for a shell"}, completion);
  completion.places = {
      {"", "--explain", RuleNames()},
      {"policy show", "NAME", TemplateNames()},
      {"completion", "SHELL", {std::begin(kCompletionShells), std::end(kCompletionShells)}}};
  return CompletionScript(completion, shell);
}

}  // namespace

bool IsCompletionCommand(int argc, const char* const* argv) {
  return argc == 3 && std::string_view(argv[1]) == "completion" &&
         std::find(std::begin(kCompletionShells), std::end(kCompletionShells),
                   std::string_view(argv[2])) != std::end(kCompletionShells);
}

int RunCompletionCommand(const CLI::App& app, const char* shell) {
  const Result<std::string> script = Script(app, shell);
  Status printed = script ? Status() : Status(script.error());
  if (script) {
    std::fputs(script->c_str(), stdout);
    printed = FlushStandardOutput();
  }
  if (printed) return static_cast<int>(ExitCode::kProved);
  std::fprintf(stderr, "farm-verify: %s\n", printed.error().message.c_str());
  return static_cast<int>(printed.error().Exit());
}

}  // namespace farm
