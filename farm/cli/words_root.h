// The words of `farm root` on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "farm/cli/output.h"

namespace farm {

// Makes a command below `parent` that runs if it was chosen.
using CommandMaker = std::function<CLI::App*(CLI::App& parent, const std::string& name,
                                             const std::string& help, std::function<int()> run)>;

// `output` outlives the program's run.
void AddRoot(CLI::App& app, const Output& output, const CommandMaker& command);

}  // namespace farm
