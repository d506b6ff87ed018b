#include "tests/attacks/mutants/json_edit.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"

namespace farm::mutants {
namespace {

using Pointer = Json::json_pointer;

// Names that stand in for one that is taken, until the text is written; nothing else begins so.
constexpr std::string_view kSortedFirst = "!stands-in!";
constexpr std::string_view kSortedLast = "~stands-in~";

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsHexDigest(std::string_view text) { return text.size() == 64 && HexDecode(text).has_value(); }

Json AnotherType(const Json& value) {
  // A number in a string as the number.
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    return IsNumber(text) ? std::stoll(text) : 7;
  }
  if (value.is_number()) return std::to_string(value.get<std::int64_t>());
  if (value.is_boolean()) return "true";
  if (value.is_object()) return Json::array({value});
  return Json::object();
}

Json Empty(const Json& value) {
  if (value.is_string()) return "";
  if (value.is_number()) return 0;
  if (value.is_boolean()) return false;
  if (value.is_object()) return Json::object();
  return Json::array();
}

// Another text of the same form.
std::string AnotherText(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"0644", "0755"},   {"kernel", "observed"}, {"succeeded", "failed"}, {"site", "signer"},
      {"signer", "site"}, {"XA", "XZ"},           {"ecdsa", "ed25519"},
  };
  for (const auto& [word, another] : kWords) {
    if (text == word) return std::string(another);
  }
  if (const auto time = ParseTime(text)) return FormatTime(*time + 1);
  if (IsNumber(text)) return std::to_string(std::stoll(text) + 1);
  const std::size_t colon = text.find(':') == std::string::npos ? 0 : text.find(':') + 1;
  if (IsHexDigest(std::string_view(text).substr(colon))) {
    text.back() = text.back() == '0' ? '1' : '0';
    return text;
  }
  return text + "x";
}

Json Another(const Json& value) {
  if (value.is_string()) return AnotherText(value.get<std::string>());
  if (value.is_number()) return value.get<std::int64_t>() + 1;
  if (value.is_boolean()) return !value.get<bool>();
  return value;
}

// Writes `json` with the real name for the one that stands in for it.
std::string WriteRenamed(const Json& json, std::string_view stand_in, const std::string& name) {
  std::string text = json.dump();
  const std::string from = Json(stand_in).dump();
  const std::size_t at = text.find(from + ":");
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), Json(name).dump());
}

std::optional<std::string> WithMemberTwice(Json json, const Pointer& pointer) {
  Json& parent = json.at(pointer.parent_pointer());
  if (parent.is_array()) {
    parent.push_back(parent.at(std::stoul(pointer.back())));
    return json.dump();
  }
  parent[std::string(kSortedLast)] = parent.at(pointer.back());
  return WriteRenamed(json, kSortedLast, pointer.back());
}

std::optional<std::string> WithMemberElsewhere(Json json, const Pointer& pointer) {
  Json& parent = json.at(pointer.parent_pointer());
  if (parent.size() < 2) return std::nullopt;
  if (parent.is_array()) {
    const std::size_t at = std::stoul(pointer.back());
    if (at + 1 == parent.size() || parent[at] == parent[at + 1]) return std::nullopt;
    std::swap(parent[at], parent[at + 1]);
    return json.dump();
  }
  const bool last = std::prev(parent.end()).key() == pointer.back();
  const std::string stand_in(last ? kSortedFirst : kSortedLast);
  parent[stand_in] = parent.at(pointer.back());
  parent.erase(pointer.back());
  return WriteRenamed(json, stand_in, pointer.back());
}

std::optional<std::string> Replaced(Json json, const Pointer& pointer, Json value) {
  if (json.at(pointer) == value) return std::nullopt;
  json.at(pointer) = std::move(value);
  return json.dump();
}

void AddPlaces(const Json& value, const std::string& place, std::vector<std::string>& places) {
  places.push_back(place);
  if (!value.is_structured()) return;
  for (const auto& [name, member] : value.items()) {
    AddPlaces(member, (Pointer(place) / name).to_string(), places);
  }
}

}  // namespace

std::string_view EditName(Edit edit) {
  constexpr std::string_view kNames[] = {"removed", "doubled",   "retyped", "nulled", "emptied",
                                         "changed", "reordered", "swapped", "added"};
  return kNames[static_cast<std::size_t>(edit)];
}

std::vector<std::string> PlacesOf(const Json& json) {
  std::vector<std::string> places;
  AddPlaces(json, "", places);
  return places;
}

std::string KindOfPlace(const std::string& place) {
  std::vector<std::string> parts = Split(place, '/');
  for (std::string& part : parts) {
    if (IsNumber(part) || IsHexDigest(part)) part = "*";
  }
  return Join(parts, "/");
}

std::optional<std::string> Edited(const Json& json, const std::string& place, Edit edit,
                                  const Json* other) {
  const Pointer pointer(place);
  const Json& value = json.at(pointer);
  if (edit == Edit::kAdded) {
    if (!value.is_object()) return std::nullopt;
    Json added = value;
    added["unexpected"] = "x";
    return Replaced(json, pointer, std::move(added));
  }
  if (place.empty()) return std::nullopt;  // the whole is not a part of something
  switch (edit) {
    case Edit::kRemoved: {
      Json less = json;
      Json& parent = less.at(pointer.parent_pointer());
      if (parent.is_array()) {
        parent.erase(std::stoul(pointer.back()));
      } else {
        parent.erase(pointer.back());
      }
      return less.dump();
    }
    case Edit::kDoubled:
      return WithMemberTwice(json, pointer);
    case Edit::kRetyped:
      return Replaced(json, pointer, AnotherType(value));
    case Edit::kNulled:
      return Replaced(json, pointer, nullptr);
    case Edit::kEmptied:
      return Replaced(json, pointer, Empty(value));
    case Edit::kChanged:
      return Replaced(json, pointer, Another(value));
    case Edit::kReordered:
      return WithMemberElsewhere(json, pointer);
    case Edit::kSwapped:
      if (other == nullptr || !other->contains(pointer)) return std::nullopt;
      return Replaced(json, pointer, other->at(pointer));
    case Edit::kAdded:
      break;
  }
  CHECK(false);
}

void ForEachEdit(const Json& json, const Json& other,
                 const std::function<void(const std::string& kind, const std::string& name,
                                          const std::string& text)>& attempt) {
  for (const std::string& place : PlacesOf(json)) {
    for (const Edit edit : kEdits) {
      const auto text = Edited(json, place, edit, &other);
      if (!text) continue;
      const std::string how = " " + std::string(EditName(edit));
      attempt(KindOfPlace(place) + how, place + how, *text);
    }
  }
}

}  // namespace farm::mutants
