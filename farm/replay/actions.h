// actions.txt of a kit: a plan as lines that a shell reads with `read -r key rest` and splits at
// blanks.  Words are data, never a shell's text: a byte that is not one of A-Z a-z 0-9 . _ / = + :
// ,
// @ ~ - stands as %xx, the empty word as %.
//   step NAME
//   input AT SHA256            a raw file at /build/AT
//   from AT STEP PATH          an output of an earlier step
//   epoch SECONDS              file time of every input
//   variable NAME=VALUE
//   prepare WORD...            at most once
//   directory PATH             below /build, may be empty
//   run WORD...
//   output PATH
//   end
//   artifact STEP PATH NAME    after the last step
#pragma once

#include <string>

#include "farm/plan/plan.h"

namespace farm {

std::string WriteActions(const Plan& plan);

std::string EncodeActionWord(std::string_view word);

}  // namespace farm
