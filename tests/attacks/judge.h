#pragma once

#include <string>

#include "tests/attacks/column.h"

namespace attacks {

enum class Verdict {
  kRefused,
  kAllowed,
  kError,     // the test's own condition is missing, or nobody can tell
  kNotRun,    // not here: see Cell.said
  kByDesign,  // it was done under the assembly profile, as Row.assembly_may has it
};
std::string NameOf(Verdict verdict);

// One cell of the table.
struct Cell {
  Verdict verdict = Verdict::kNotRun;
  std::string said;  // why
};

// Runs the behaviour of `row` in `column` and judges what came of it. For resources, in our
// columns, a second build and a process of the host, of the same user, run beside it and must not
// notice.
Cell RunAndJudge(const Row& row, const Column& column, const Programs& programs, Scene& scene);

}  // namespace attacks
