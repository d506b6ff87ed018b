// One change at one place of a JSON text: what a mutant of a field is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/json/json.h"

namespace farm::mutants {

enum class Edit {
  kRemoved,
  kDoubled,    // a member twice in its object, an element twice in its list
  kRetyped,    // a value of another type
  kNulled,     // null
  kEmptied,    // "", 0, false, [] or {}
  kChanged,    // another value of the same form: the next number, a later second, another digest
  kReordered,  // a member last in its object (the last one first), an element behind the next one
  kSwapped,    // what stands at the same place in another document
  kAdded,      // an object with a member that no format has
};
constexpr Edit kEdits[] = {Edit::kRemoved,   Edit::kDoubled, Edit::kRetyped,
                           Edit::kNulled,    Edit::kEmptied, Edit::kChanged,
                           Edit::kReordered, Edit::kSwapped, Edit::kAdded};
std::string_view EditName(Edit edit);

// Every place of `json` at every depth as a JSON pointer (RFC 6901), the whole ("") first.
std::vector<std::string> PlacesOf(const Json& json);
// The place with `*` for each number of an element and each name that is a hex digest.
std::string KindOfPlace(const std::string& place);

// `json` as text, in one line and in nlohmann's order, with `edit` made at `place`.  None where the
// edit has no sense there or changes nothing.  `other`: where kSwapped takes from; may be null.
std::optional<std::string> Edited(const Json& json, const std::string& place, Edit edit,
                                  const Json* other);

// Each edit that has a sense at each place: with the kind "PLACE EDIT", the name, which has the
// place's numbers, and the text.
void ForEachEdit(const Json& json, const Json& other,
                 const std::function<void(const std::string& kind, const std::string& name,
                                          const std::string& text)>& attempt);

}  // namespace farm::mutants
