// Prints the tables of README.md.
#include <cstdio>

#include "tests/attacks/parties/table.h"

int main() {
  std::printf("%s\n%s", farm::TableOfLies().c_str(), farm::TableOfPairs().c_str());
  return 0;
}
