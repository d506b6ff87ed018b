// The words of `farm log` on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "farm/cli/command_maker.h"
#include "farm/cli/output.h"

namespace farm {

// `output` outlives the program's run.
void AddLog(CLI::App& app, const Output& output, const CommandMaker& command);

}  // namespace farm
