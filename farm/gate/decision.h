// Decision: from a proved case, the log's history and the signer's own past to a release, a
// dissent, an answer given before, or a refusal.  It builds the statement; nothing here signs
// foreign bytes.  Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/gate/case.h"
#include "farm/gate/history.h"

namespace farm {

// One answer that the signer has given, as its journal keeps it.
struct GivenAnswer {
  std::int64_t number = 0;  // 1, 2, ... in the journal
  std::variant<Release, Dissent> statement;
  std::string product;
  std::string version;
  Digest manifest;
  Bundle line;  // as it left, without time stamp and log entry
};

// A stored answer, to be given again.
struct SameAnswer {
  std::int64_t number = 0;
};

using Decision = std::variant<Release, Dissent, SameAnswer>;

// What the signer says, in this order.  "The log" is the one that it reads and all that this one
// goes on from.  A release given before is given again only where everything
// above it still holds.
//   a dissent of this manifest given before                            the same answer
//   lines of the question not in the open log that the signer reads    15, 30
//   a dissent of this manifest in the log                              23
//   every site failed                                                  40
//   records disagree                                                   a Dissent
//   quorums of the policy, limits                                      12, 13, 14
//   something unreadable in the log                                    15
//   a record of this manifest in the log that differs, under any intent   23
//   a second record of a site under this intent in the log, even if it agrees      12
//   a release of the product in the log under an issuer that the root does not list, and that the
//     journal does not know                                            11
//   this product and version released before: with the same manifest and bytes the same answer; by
//     the same manifest with other bytes 23; by another manifest (revision) 24, even with
//     the same bytes
//   a release of the product with the last sequence that a statement can hold   2
//   else a Release, its sequence one more than the highest in journal or log
Result<Decision> Decide(const ProvedCase& proved, const ParsedQuestion& question,
                        const Histories& histories, const std::vector<GivenAnswer>& given,
                        const GateRules& rules);

}  // namespace farm
