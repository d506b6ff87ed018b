#include "farm/verify/command_line.h"

#include <algorithm>
#include <cstdio>

#include "farm/base/exit_code.h"

namespace farm {
namespace {

std::string IsGiven(std::string& text) { return text.empty() ? "is empty" : ""; }

// "policy" of "farm-verify policy".
std::string LastWord(const std::string& name) { return name.substr(name.rfind(' ') + 1); }

}  // namespace

CommandLine::CommandLine(const char* explanation, const char* name, const char* examples)
    : app(explanation, name) {
  app.footer(examples);
}

CLI::Validator Given(const char* type_name) { return CLI::Validator(IsGiven, type_name); }

bool AsksForSubcommand(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 3 || argv[1] != LastWord(app.get_name())) return false;
  if (argc == 3 && IsHelpWord(argv[2])) return true;
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(subcommands.begin(), subcommands.end(),
                     [&](const CLI::App* each) { return argv[2] == each->get_name(); });
}

std::optional<int> ReadCommandLine(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc - 1, argv + 1);
    return std::nullopt;
  } catch (const CLI::CallForHelp& help) {
    if (IsHelpAlone(app, argc - 1, argv + 1))
      return app.exit(help);  // nothing proved, nothing asked
    return UsageError(app, "-h and --help want no other word");
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error.what());
  }
}

int UsageError(const CLI::App& app, std::string_view message) {
  std::fprintf(stderr, "%s: %s\nRun with --help for more information.\n", app.get_name().c_str(),
               std::string(message).c_str());
  return static_cast<int>(ExitCode::kUsage);
}

int Refused(const CLI::App& app, const Error& error, const std::string& remedy,
            const std::string& json) {
  std::fprintf(stderr, "%s: %s\n%s\n", app.get_name().c_str(), error.message.c_str(),
               remedy.c_str());
  std::fputs(json.c_str(), stdout);
  return static_cast<int>(error.Exit());
}

}  // namespace farm
