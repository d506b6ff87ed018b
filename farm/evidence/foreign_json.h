// Reading of JSON that is not ours (Sigstore, DSSE): fields that we do not know are tolerated, and
// 64-bit integers are strings, as protobuf's JSON form has them.  Private to this folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {

// "log_index" -> "logIndex", as protobuf makes it.
inline std::string InCamelCase(std::string_view snake) {
  std::string camel;
  bool raise = false;
  for (const char c : snake) {
    if (c == '_') {
      raise = true;
      continue;
    }
    camel += raise && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    raise = false;
  }
  return camel;
}

// Tolerates every field of `object` that has not been asked for.  Only protobuf's first form of a
// name is read: `known` are those with a second one ("log_index"), which another reader takes, and
// which is refused, lest two see different things in the same bytes.
inline void IgnoreOthers(const Json& object, JsonFields& fields,
                         std::initializer_list<std::string_view> known = {}) {
  if (!object.is_object()) return;
  for (const auto& [name, unused] : object.items()) {
    fields.Ignore(name);
    if (name.find('_') == std::string::npos) continue;
    const std::string camel = InCamelCase(name);
    if (std::find(known.begin(), known.end(), camel) == known.end()) continue;
    fields.Fail(name, "is " + camel + " by its other name, want that one alone");
  }
}

// A non-negative int64 as protobuf writes it: a decimal string; a JSON number that is one by its
// text is taken too ("7", "7.0", "7e0": ParseForeignJson makes the same of them), and a missing
// field is 0 (protobuf leaves out default values).
inline std::uint64_t ForeignInteger(JsonFields& fields, std::string_view name) {
  if (!fields.Has(name)) return 0;
  const Json& value = fields.Any(name);
  if (value.is_number_integer() && value >= 0) return value.get<std::uint64_t>();
  if (value.is_string()) {
    const auto number = ParseDecimal(value.get_ref<const std::string&>(), INT64_MAX);
    if (number) return *number;
  }
  fields.Fail(name, "want a decimal number up to 2^63-1");
  return 0;
}

}  // namespace farm
