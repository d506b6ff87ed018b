#include "farm/verify/holes.h"

namespace farm {
namespace {

// Static, for LeftOut has no argument to carry it.
std::optional<Rule>& Hole() {
  static std::optional<Rule> hole;
  return hole;
}

}  // namespace

bool LeftOut(Rule rule) { return Hole() == rule; }

void LeaveOut(std::optional<Rule> rule) { Hole() = rule; }

const char* HolesMark() { return "a verifier that can leave out a rule"; }

}  // namespace farm
