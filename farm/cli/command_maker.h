// How the words of a command are added to the command line by a file of their own.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace farm {

// Makes a command below `parent` that runs if it was chosen.
using CommandMaker = std::function<CLI::App*(CLI::App& parent, const std::string& name,
                                             const std::string& help, std::function<int()> run)>;

}  // namespace farm
