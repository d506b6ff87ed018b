// The tables of README.md, from the catalogue that the tests hold everybody to.
#pragma once

#include <string>

namespace farm {

// One row for each lie: who catches it, exit code and finding, and what the customer says alone.
std::string TableOfLies();
// How many pairs of lies there are of each two parties.  What came of them pairs_test says, which
// has judged them.
std::string TableOfPairs();

}  // namespace farm
