#include "farm/base/command_line.h"

namespace farm {

bool IsHelpWord(std::string_view word) { return word == "-h" || word == "--help"; }

bool IsHelpAlone(const CLI::App& app, int argc, const char* const* argv) {
  const int words = app.get_subcommands().empty() ? 2 : 3;
  return argc == words && IsHelpWord(argv[argc - 1]);
}

}  // namespace farm
