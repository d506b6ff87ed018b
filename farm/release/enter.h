// Entering: a person's own statement, beside the releases on their way, is stamped and logged.  Of
// each person the farm takes one withdrawal of a release: it stays in the log for ever, and a
// second one would say nothing new to anybody.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/release/carry.h"

namespace farm {

// Stamps and logs a withdrawal, which AdmitEntry has let in, of the release of the line `release`.
// It is kept before it gets its time stamp, and again before it goes to the log; the line that came
// from there is kept as the answer for as often as the same bytes come again.  Where the person has
// withdrawn that release before, in other bytes, that first withdrawal is logged if it is not yet,
// and this one is not.
// Errors: kMismatch exit 25 (withdrawn by this person already; names the release, who and since
// when), those of CarryLine.
Result<std::string> EnterWithdrawal(const CarryContext& in, const Bundle& line,
                                    const Bundle& release);

}  // namespace farm
