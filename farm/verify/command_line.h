// What the command lines of farm-verify have in common.  Private to this folder.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "farm/base/command_line.h"
#include "farm/base/result.h"

namespace farm {

// The words of one command; `app` is called as the user calls it, "farm-verify policy".
struct CommandLine {
  CommandLine(const char* explanation, const char* name, const char* examples);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  virtual ~CommandLine() = default;

  CLI::App app;
};

// A check of an option: an empty wish (an unset variable of a script) would check nothing.
CLI::Validator Given(const char* type_name);

// True for `COMMAND SUBCOMMAND ...` of a command that consists of subcommands, and for `COMMAND
// --help` alone: a file of that name given first, alone or before options, is judged like any
// other.
bool AsksForSubcommand(const CLI::App& app, int argc, const char* const* argv);

// Reads the words after the program's name.  A code: this is how the program ends, all is printed
// (help that stands alone, or a usage error).
std::optional<int> ReadCommandLine(CLI::App& app, int argc, char** argv);

// Prints a usage error of the command, returns its code.
int UsageError(const CLI::App& app, std::string_view message);

// Prints why the command `name` was refused and, as the last line, what to do ("to do: ...");
// `json`: what standard output gets, "" for nothing.  Returns the code.
int Refused(const CLI::App& app, const Error& error, const std::string& remedy,
            const std::string& json);

}  // namespace farm
