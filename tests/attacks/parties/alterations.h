// Alterations: everything that a coordinator without keys but its own can change of a good question
// to the signer, in a fixed order: what is the same in every run can be looked at again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/gate/case.h"
#include "tests/attacks/parties/way.h"

namespace farm {

struct Altered {
  std::string
      kind;  // "json", "statement", "bytes", "lines", "replay", "manifest", "intent", "epoch"
  std::string what;  // "record line 2: /content/... removed"
  Question question;
  std::uint64_t epoch = 1;
};

// What the coordinator has: a good question, lines of other releases and attempts, and lines that
// it signed itself as it may, stamped and logged.
struct Material {
  Attempt good;
  std::vector<Attempt> others;
  std::vector<Bundle> intents;
  std::function<Bundle(const std::string& payload)> sign_as_coordinator;
  std::function<Bundle(const Bundle& line, const std::string& payload)> sign_as_stranger;
  // The time of a line's token by the trusted authority; an error where the token is none.
  std::function<Result<UnixSeconds>(const Bundle& line)> token_time;
};

// Which of the alterations: those whose number leaves `part` when divided by `parts`.
struct Share {
  std::size_t part = 0;
  std::size_t parts = 1;
};

// Calls `take` with `count` alterations of this share, no two of the same text, and `take_same`
// with what was altered on the way and still says the same: the good question's lines parse to the
// same values, but for what nobody signs or asks for, a `keyid` and certificates beside a token's
// signature.  Another order of records, or an approval twice, is no alteration.
// CHECKs that there are as many.
void ForEachAlteration(const Material& material, Share share, std::size_t count,
                       const std::function<void(const Altered&)>& take,
                       const std::function<void(const Altered&)>& take_same);

}  // namespace farm
