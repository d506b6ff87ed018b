#include "farm/evidence/facts.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/facts_json.h"

namespace farm {
namespace {

Json ToJson(const Fact& fact) {
  return std::visit([](const auto& value) { return Json(value); }, fact);
}

}  // namespace

std::string FactText(const Fact& fact) { return WriteCanonicalJson(ToJson(fact)); }

std::string WordOf(const Facts& facts, const std::string& name) {
  const auto found = facts.find(name);
  const auto* word = found == facts.end() ? nullptr : std::get_if<std::string>(&found->second);
  return word == nullptr ? "" : *word;
}

Json FactsToJson(const Facts& facts) {
  Json object = Json::object();
  for (const auto& [name, fact] : facts) object[name] = ToJson(fact);
  return object;
}

std::optional<Fact> FactFromJson(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_boolean()) return value.get<bool>();
  return std::nullopt;
}

Result<Facts> FactsFromJson(const Json& object, const std::string& where) {
  if (object.size() > kFactsMax) {
    return Error{ErrorCode::kLimitExceeded,
                 where + ": more than " + std::to_string(kFactsMax) + " facts"};
  }
  Facts facts;
  for (const auto& [name, value] : object.items()) {
    const bool ascii = std::all_of(name.begin(), name.end(),
                                   [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    auto fact = FactFromJson(value);
    if (!ascii || !fact) {
      return Error{ErrorCode::kInvalidInput,
                   where + "." + Printable(name, 80) +
                       ": want an ASCII name and a string, an integer or a boolean"};
    }
    facts.emplace(name, *std::move(fact));
  }
  return facts;
}

}  // namespace farm
