// Completion of command lines in bash, zsh and fish, made from a program's own CLI11 commands, so
// that no option is missing from it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

constexpr std::string_view kCompletionShells[] = {"bash", "fish", "zsh"};

struct CompletedCommand {
  std::string words;              // "" is the program itself; "policy explain" a command's command
  const CLI::App* app = nullptr;  // borrowed; outlives this
  std::string description = {};   // one line; "": the first line of the app's
};

// The words that may stand in one place.  Every other value is completed as the name of a file.
struct CompletedPlace {
  std::string command;  // as CompletedCommand.words
  std::string place;    // an option ("--explain") or the name of an argument ("NAME")
  std::vector<std::string> words;
};

struct Completion {
  std::string program;
  std::vector<CompletedCommand> commands;  // the program itself, each command after its parent
  std::vector<CompletedPlace> places;
};

// Adds the command, and all subcommands of its app.
void AddCommands(const CompletedCommand& command, Completion& completion);

// The words of a program that has all its commands in `app`, `completion SHELL` among them.
Completion CompletionOf(const CLI::App& app);

// The script that the shell reads: eval "$(PROGRAM completion bash)"; PROGRAM completion fish |
// source. Errors: kInvalidInput (none of kCompletionShells).
Result<std::string> CompletionScript(const Completion& completion, std::string_view shell);

}  // namespace farm
