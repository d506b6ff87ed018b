// What command lines of programs have in common whose 0 says something: VERIFIED, MATCH.
#pragma once

#include <CLI/CLI.hpp>
#include <string_view>

namespace farm {

// `-h` or `--help`.
bool IsHelpWord(std::string_view word);

// `-h`, or `COMMAND -h` with a command that `app` has just parsed.  Beside other words it may be a
// script's file of that name, and 0 would say what nobody has looked at.
bool IsHelpAlone(const CLI::App& app, int argc, const char* const* argv);

}  // namespace farm
