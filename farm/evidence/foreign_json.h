// Reading of JSON that is not ours (Sigstore, DSSE): fields that we do not know are tolerated, and
// 64-bit integers are strings, as protobuf's JSON form has them.  Private to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {

// Tolerates every field of `object` that has not been asked for.
inline void IgnoreOthers(const Json& object, JsonFields& fields) {
  if (!object.is_object()) return;
  for (const auto& [name, unused] : object.items()) fields.Ignore(name);
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
