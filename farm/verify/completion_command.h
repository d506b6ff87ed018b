// `farm-verify completion SHELL`: the script by which a shell completes command lines.  Private to
// this folder.
#pragma once

#include <CLI/CLI.hpp>

namespace farm {

// True for `completion bash`, `completion fish` and `completion zsh` and nothing else: any other
// word may be a file's name.
bool IsCompletionCommand(int argc, const char* const* argv);

// app: the options of a verdict.  Prints the script and returns the exit code.
int RunCompletionCommand(const CLI::App& app, const char* shell);

}  // namespace farm
