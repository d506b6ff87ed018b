// What may follow a command, and its scripts.  Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farm {

struct OfferedWord {
  std::string word;
  std::string description;  // one line; may be empty
};

struct OfferedOption {
  std::vector<std::string> names;  // "--root", "-h"
  std::string description;
  bool takes_value = false;
  std::vector<std::string> words;  // what the value may be; empty: a file
};

struct OfferedCommand {
  std::string path;  // "" or " policy explain": each word after a space
  std::vector<OfferedWord> commands;
  std::vector<OfferedOption> options;
  std::vector<std::string> words;  // for its arguments
  bool files = false;              // an argument is a file
};

std::string ShellQuoted(std::string_view text);
// "_farm_verify".
std::string FunctionName(std::string_view program);
// The paths of all commands but the program itself, quoted, with `separator` between them.
std::string QuotedPaths(const std::vector<OfferedCommand>& offers, std::string_view separator,
                        std::string (*quoted)(std::string_view));

std::string BashScript(const std::string& program, const std::vector<OfferedCommand>& offers);
std::string ZshScript(const std::string& program, const std::vector<OfferedCommand>& offers);
std::string FishScript(const std::string& program, const std::vector<OfferedCommand>& offers);

}  // namespace farm
