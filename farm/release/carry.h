// Carry: brings a signed line into the log, in steps that are stored one by one (DESIGN section
// 10): sign, stamp, append.  The first stored time stamp wins: the log answers a leaf that it has
// already under the head that it has published, which a later token would contradict.
#pragma once

#include <functional>
#include <string>

#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/release/admission.h"
#include "farm/release/book.h"
#include "farm/release/ledger.h"
#include "farm/release/state.h"
#include "farm/release/world.h"
#include "farm/verify/policy.h"

namespace farm {

// All of it outlives the call.
struct CarryContext {
  const Rules& rules;
  const World& world;
  const Ledger& ledger;
  Book& book;
};

// A line on its way.  Its rows are KIND.signed, which is there, KIND.stamped and KIND.logged
// (state.h).
struct LineOnItsWay {
  std::string release;  // id
  std::string kind;
  std::string key;
  LineState state;  // as the book has it
  // What gets the time stamp, asked for only where there is none: the signed line, or the same
  // statement signed again.
  std::function<Result<Bundle>()> plain;
  const Policy& policy;            // of the release
  const Bundle* intent = nullptr;  // of a release: no token may be older
};

// The logged line, as it was stored first.  Thread-safe; two who carry the same line at once carry
// the same bytes.
// Errors: kUnavailable (ask again later; with the exit code of the rule that an answer of time
// stamp authority or log would break), anything else is said of this line; those of `plain`, of
// ledger and copy.
Result<Bundle> CarryLine(const CarryContext& in, const LineOnItsWay& line);

// Stamps and logs a line of which no row is kept.  The same line again is the same entry, but only
// within the policy's clock skew or once the log has gone on: who lost the answer signs another.
// Errors: as of CarryLine.
Result<Bundle> CarryOnce(const CarryContext& in, const Bundle& line);

}  // namespace farm
