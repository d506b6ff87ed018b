// Entering: a person's own statement, beside the releases on their way, is stamped and logged.  Of
// each person the farm takes one withdrawal of a release: it stays in the log for ever, and a
// second one would say nothing new to anybody.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/release/admission.h"
#include "farm/release/book.h"
#include "farm/release/ledger.h"
#include "farm/release/world.h"

namespace farm {

// All of it outlives the call.
struct EntryContext {
  const Rules& rules;
  const World& world;
  const Ledger& ledger;
  Book& book;
};

// Stamps and logs `line`, which AdmitEntry has let in; the same line again is the same entry.
// Errors: kUnavailable exit 30 (ask again), those of the log.
Result<Bundle> CarryEntry(const EntryContext& in, const Bundle& line);

// The same for a withdrawal, of the release with the line `release`.  It is kept before it goes to
// the log, and the line that came from there is kept as the answer for as often as the same bytes
// come again.  Where the person has withdrawn that release before, in other bytes, that first
// withdrawal is logged if it is not yet, and this one is not.
// Errors: kMismatch exit 25 (withdrawn by this person already; names the release, who and since
// when), those of CarryEntry, of ledger and copy.
Result<std::string> EnterWithdrawal(const EntryContext& in, const Bundle& line,
                                    const Bundle& release);

}  // namespace farm
