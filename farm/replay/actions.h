// actions.txt of a kit: a plan as lines that a shell reads with `read -r key rest`, every word
// quoted for `eval "set -- $rest"`.
//   step NAME
//   input AT SHA256            a raw file at /build/AT
//   from AT STEP PATH          an output of an earlier step
//   epoch SECONDS              file time of every input
//   variable NAME=VALUE
//   prepare WORD...            at most once
//   directory PATH             below /build, may be ''
//   run WORD...
//   output PATH
//   end
//   artifact STEP PATH NAME    after the last step
#pragma once

#include <string>

#include "farm/plan/plan.h"

namespace farm {

std::string WriteActions(const Plan& plan);

// `word` so that bash reads exactly it; never more than one line.
std::string QuoteForBash(std::string_view word);

}  // namespace farm
