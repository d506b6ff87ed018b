// Facts of a sandbox as a record tells them: names with plain values, nothing nested.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace farm {

using Fact = std::variant<std::string, std::int64_t, bool>;
using Facts = std::map<std::string, Fact>;  // ASCII names

// As JSON writes it: "word", 3, true.
std::string FactText(const Fact& fact);
// The fact with this name if it is a word; "" if not.
std::string WordOf(const Facts& facts, const std::string& name);

}  // namespace farm
