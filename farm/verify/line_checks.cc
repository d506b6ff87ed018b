#include "farm/verify/line_checks.h"

namespace farm {

LineFacts LineChecks::Check(const Bundle& line, const std::string& name, Role role) {
  LineFacts facts = CheckLine(line, role, root_, policy_, cache_);
  NameProblems(name, facts.problems);
  return facts;
}

}  // namespace farm
