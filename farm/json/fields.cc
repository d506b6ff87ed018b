#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kNameBytesMax = 80;   // of a foreign field's name in a message
constexpr std::size_t kValueBytesMax = 80;  // of a foreign value in a message

std::string_view KindOf(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "an integer";
    case Json::value_t::number_float:
      return "a number with a fraction";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::binary:
    case Json::value_t::discarded:
      return "something else";
  }
  CHECK(false);
}

std::string FoundWant(const Json& found, std::string_view want) {
  return "found " + std::string(KindOf(found)) + ", want " + std::string(want);
}

const Json& EmptyObject() {
  static const Json empty = Json::object();
  return empty;
}

const Json& EmptyArray() {
  static const Json empty = Json::array();
  return empty;
}

const Json& Null() {
  static const Json null;
  return null;
}

bool IsInteger(const Json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() ||
          value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kJsonIntegerMax));
}

}  // namespace

std::string Element(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

JsonFields::JsonFields(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object_.is_object()) {
    error_ = Error{ErrorCode::kInvalidInput, (where_.empty() ? "top level" : where_) + ": " +
                                                 FoundWant(object_, "an object")};
  }
}

std::string JsonFields::Where(std::string_view name) const {
  const std::string printable = Printable(name, kNameBytesMax);
  return where_.empty() ? printable : where_ + "." + printable;
}

void JsonFields::Fail(std::string_view name, std::string_view message) {
  if (error_) return;
  error_ = Error{ErrorCode::kInvalidInput, Where(name) + ": " + std::string(message)};
}

const Json* JsonFields::Find(std::string_view name) {
  if (!object_.is_object()) return nullptr;
  asked_.emplace(name);
  const auto found = object_.find(name);
  if (found == object_.end()) {
    Fail(name, "missing");
    return nullptr;
  }
  return error_ ? nullptr : &*found;
}

std::string JsonFields::String(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return "";
  if (!value->is_string()) {
    Fail(name, FoundWant(*value, "a string"));
    return "";
  }
  return value->get<std::string>();
}

std::string JsonFields::Bytes(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return "";
  if (!value->is_string()) {
    Fail(name, FoundWant(*value, "a base64 string"));
    return "";
  }
  auto bytes = Base64Decode(value->get_ref<const std::string&>());
  if (!bytes) {
    Fail(name, bytes.error().message);
    return "";
  }
  return *std::move(bytes);
}

Digest JsonFields::DigestOf(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return Digest();
  if (!value->is_string()) {
    Fail(name, FoundWant(*value, "a digest like sha256:<64 hex digits>"));
    return Digest();
  }
  const auto digest = Digest::Parse(value->get_ref<const std::string&>());
  if (!digest) {
    Fail(name, digest.error().message);
    return Digest();
  }
  return *digest;
}

std::int64_t JsonFields::Integer(std::string_view name, std::int64_t min, std::int64_t max) {
  CHECK(min <= max);
  const std::int64_t fallback = min > 0 ? min : max < 0 ? max : 0;
  const Json* value = Find(name);
  if (value == nullptr) return fallback;
  if (!IsInteger(*value)) {
    Fail(name, FoundWant(*value, "an integer"));
    return fallback;
  }
  const auto number = value->get<std::int64_t>();
  if (number < min || number > max) {
    Fail(name, "found " + std::to_string(number) + ", want " + std::to_string(min) + " to " +
                   std::to_string(max));
    return fallback;
  }
  return number;
}

bool JsonFields::Boolean(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    Fail(name, FoundWant(*value, "a boolean"));
    return false;
  }
  return value->get<bool>();
}

std::int64_t JsonFields::Time(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return 0;
  if (!value->is_string()) {
    Fail(name, FoundWant(*value, "a time like 2026-11-23T23:40:30Z"));
    return 0;
  }
  const auto time = ParseTime(value->get_ref<const std::string&>());
  if (!time) {
    Fail(name, time.error().message);
    return 0;
  }
  return *time;
}

const Json& JsonFields::Object(std::string_view name) {
  const Json* value = Find(name);
  if (value == nullptr) return EmptyObject();
  if (!value->is_object()) {
    Fail(name, FoundWant(*value, "an object"));
    return EmptyObject();
  }
  return *value;
}

const Json& JsonFields::Array(std::string_view name, std::size_t count_max) {
  const Json* value = Find(name);
  if (value == nullptr) return EmptyArray();
  if (!value->is_array()) {
    Fail(name, FoundWant(*value, "an array"));
    return EmptyArray();
  }
  if (value->size() > count_max) {
    Fail(name, "has " + std::to_string(value->size()) + " elements, at most " +
                   std::to_string(count_max) + " are allowed");
    error_->code = ErrorCode::kLimitExceeded;
    return EmptyArray();
  }
  return *value;
}

std::vector<std::string> JsonFields::Strings(std::string_view name, std::size_t count_max) {
  std::vector<std::string> strings;
  for (const Json& element : Array(name, count_max)) {
    if (!element.is_string()) {
      Fail(Element(name, strings.size()), FoundWant(element, "a string"));
      return {};
    }
    strings.push_back(element.get<std::string>());
  }
  return strings;
}

const Json& JsonFields::Any(std::string_view name) {
  const Json* value = Find(name);
  return value == nullptr ? Null() : *value;
}

bool JsonFields::Has(std::string_view name) const {
  return object_.is_object() && object_.contains(name);
}

void JsonFields::Ignore(std::string_view name) { asked_.emplace(name); }

void JsonFields::Format(std::string_view name) {
  const std::string found = String("format");
  if (!error_ && found != name) {
    Fail("format",
         "found \"" + Printable(found, kValueBytesMax) + "\", want \"" + std::string(name) + "\"");
  }
}

Status JsonFields::Finish() {
  if (error_) return *error_;
  for (const auto& [name, value] : object_.get_ref<const Json::object_t&>()) {
    if (!asked_.contains(name)) {
      Fail(name, "unknown field");
      return *error_;
    }
  }
  return {};
}

}  // namespace farm
