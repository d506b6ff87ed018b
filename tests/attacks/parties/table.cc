#include "tests/attacks/parties/table.h"

#include <map>
#include <vector>

#include "tests/attacks/parties/lies.h"

namespace farm {
namespace {

std::string Words(std::string name) {
  for (char& letter : name) {
    if (letter == '_') letter = ' ';
  }
  return name;
}

std::string Code(ExitCode exit) {
  return exit == ExitCode::kProved ? "-" : std::to_string(static_cast<int>(exit));
}

std::string Finding(const Stop& caught) {
  if (caught.words.empty()) return "";
  return caught.by == "customer" ? "`" + caught.words + "`" : "\"" + caught.words + "\"";
}

}  // namespace

std::string TableOfLies() {
  std::string text =
      "| party | lie | caught by | exit | finding | the customer alone "
      "|\n|---|---|---|---|---|---|\n";
  for (const Lie& lie : AllLies()) {
    text += "| " + lie.party + " | " + Words(lie.name) + " | " + lie.caught.by + " | " +
            Code(lie.caught.exit) + " | " + Finding(lie.caught) + " | " +
            (lie.alone ? Code(lie.alone->exit) + " `" + lie.alone->rule + "`" : lie.why_not) +
            " |\n";
  }
  return text;
}

std::string TableOfPairs() {
  std::vector<std::string> parties = LyingParties();
  std::map<std::string, int> shown;
  for (const Lie& lie : AllLies()) {
    if (lie.alone) ++shown[lie.party];
  }
  std::erase_if(parties, [&](const std::string& party) { return shown[party] == 0; });
  std::string head = "| |";
  std::string rule = "|---|";
  for (const std::string& party : parties) {
    head += " " + party + " |";
    rule += "---|";
  }
  std::string text = head + "\n" + rule + "\n";
  for (std::size_t a = 0; a < parties.size(); ++a) {
    text += "| " + parties[a] + " |";
    for (std::size_t b = 0; b < parties.size(); ++b) {
      const int count = shown[parties[a]] * shown[parties[b]];
      text += b > a ? " " + std::to_string(count) + " |" : " |";
    }
    text += "\n";
  }
  return text;
}

}  // namespace farm
