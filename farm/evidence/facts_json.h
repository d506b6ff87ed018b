// Facts as one JSON object.  Apart from facts.h, so that who only carries them needs no JSON.
#pragma once

#include <optional>
#include <string>

#include "farm/base/result.h"
#include "farm/evidence/facts.h"
#include "farm/json/json.h"

namespace farm {

constexpr std::size_t kFactsMax = 256;

Json FactsToJson(const Facts& facts);
// A string, an integer or a boolean; anything else is none.
std::optional<Fact> FactFromJson(const Json& value);
// Errors: kInvalidInput (a name that is not ASCII, a value that is no fact), kLimitExceeded.
Result<Facts> FactsFromJson(const Json& object, const std::string& where);

}  // namespace farm
