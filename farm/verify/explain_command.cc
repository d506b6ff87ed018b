#include "farm/verify/explain_command.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/base/exit_code.h"
#include "farm/base/files.h"
#include "farm/verify/explain.h"

namespace farm {
namespace {

constexpr std::string_view kOption = "--explain";
constexpr std::string_view kOptionWithRule = "--explain=";
constexpr std::string_view kAll = "all";  // no rule has that name
constexpr std::size_t kShownMax = 80;

struct ExplainWords {
  std::string rule = std::string(kAll);
  bool json = false;
};

// Nothing if the words are not exactly those of the command.
std::optional<ExplainWords> ReadExplainWords(int argc, const char* const* argv) {
  if (argc < 2 || argc > 4 || std::string_view(argv[1]) != kOption) return std::nullopt;
  ExplainWords words;
  if (argc == 2) return words;
  words.rule = argv[2];
  if (words.rule.empty() || words.rule.starts_with('-')) return std::nullopt;
  if (argc == 3) return words;
  if (std::string_view(argv[3]) != "--json") return std::nullopt;
  words.json = true;
  return words;
}

std::string AllRules() {
  std::string names;
  for (const RulePage& page : RulePages()) names += " " + page.rule;
  return names;
}

}  // namespace

bool HasExplainOption(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return false;
    if (word == kOption || word.starts_with(kOptionWithRule)) return true;
  }
  return false;
}

int RunExplainCommand(int argc, const char* const* argv) {
  const std::optional<ExplainWords> words = ReadExplainWords(argc, argv);
  if (!words) {
    std::fputs(
        "farm-verify: --explain stands first, then a rule's name, then --json or no other word;\n"
        "what a release says of itself is shown by --facts\n",
        stderr);
    return static_cast<int>(ExitCode::kUsage);
  }
  const bool all = words->rule == kAll;
  const RulePage* page = all ? nullptr : FindRulePage(words->rule);
  if (!all && page == nullptr) {
    std::fprintf(stderr, "farm-verify: --explain: no rule \"%s\"; want one of: all%s\n",
                 Printable(words->rule, kShownMax).c_str(), AllRules().c_str());
    return static_cast<int>(ExitCode::kUsage);
  }
  const TextStyle style = StyleOf(STDOUT_FILENO);
  const std::string text = words->json       ? RulePagesJson(page)
                           : page != nullptr ? RulePageText(*page, style)
                                             : RuleListText(style);
  std::fputs(text.c_str(), stdout);
  const Status printed = FlushStandardOutput();
  if (printed) return static_cast<int>(ExitCode::kProved);
  std::fprintf(stderr, "farm-verify: %s\n", printed.error().message.c_str());
  return static_cast<int>(printed.error().Exit());
}

}  // namespace farm
