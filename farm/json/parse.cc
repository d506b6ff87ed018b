#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kPathBytesMax = 200;  // of a path in a message

enum class Origin { kOurs, kForeign };

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What of nlohmann's words about malformed text means what.  The first that is found counts.
struct Wanted {
  std::string_view words;
  std::string_view want;
};
constexpr Wanted kWanted[] = {
    {"number overflow", "a number is too large"},
    {"surrogate", "a string has half a surrogate pair"},
    {"control character", "a string has a control character, want it escaped"},
    {"missing closing quote", "a string does not end, want a closing quote"},
    {"invalid string", "a string has a bad escape"},
    {"unexpected end of input", "it ends too early"},
    {"invalid number", "a number is malformed"},
    {"; expected end of input", "want nothing more after the value"},
    {"; expected string literal", "want a field's name in double quotes"},
    {"; expected ':'", "want a colon after the field's name"},
    {"; expected '}'", "want a comma or }"},
    {"; expected ']'", "want a comma or ]"},
};

// `message`: "syntax error while parsing value - REASON; last read: 'TEXT'; expected TOKEN".
std::string_view WhatIsWanted(std::string message) {
  const std::size_t read = message.find("; last read: '");  // TEXT is somebody's
  const std::size_t after = message.rfind("; expected ");
  if (read != std::string::npos) {
    const std::string expected =
        after != std::string::npos && after > read ? message.substr(after) : "";
    message.erase(read);
    message += expected;
  }
  for (const Wanted& wanted : kWanted) {
    if (message.find(wanted.words) != std::string::npos) return wanted.want;
  }
  return "want a value";
}

// "line 2, column 6" is the last character read; of a text of one line, as those of a bundle are,
// "column 6".  A newline is the end of its line.
std::string PlaceIn(std::string_view text, std::size_t characters_read) {
  std::string_view before = text.substr(0, characters_read);
  if (!before.empty()) before.remove_suffix(1);
  const auto newlines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = newlines == 0 ? 0 : before.rfind('\n') + 1;
  const std::string column = "column " + std::to_string(before.size() - line_start + 1);
  const bool one_line = text.find('\n') == std::string_view::npos;
  return one_line ? column : "line " + std::to_string(newlines + 1) + ", " + column;
}

// What a number of JSON with a fraction or an exponent is, if by its text it is an integer from 0
// to 2^53-1: "7.0", "70e-1".  The double that it becomes may have been rounded to one.
std::optional<std::int64_t> WholeNumber(std::string_view text) {
  constexpr std::size_t kIntegerDigits = 16;  // of 2^53-1
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (digits.starts_with('-')) return std::nullopt;
  const std::size_t whole_digits = digits.size();
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);
  std::int64_t places = static_cast<std::int64_t>(whole_digits);  // in front of the point
  if (e < text.size()) {
    std::string_view exponent = text.substr(e + 1);
    const bool minus = exponent.starts_with('-');
    if (minus || exponent.starts_with('+')) exponent.remove_prefix(1);
    exponent.remove_prefix(std::min(exponent.find_first_not_of('0'), exponent.size()));
    // More than any text has digits.
    const auto moved = ParseDecimal(exponent.empty() ? "0" : exponent, INT32_MAX);
    const auto by = static_cast<std::int64_t>(moved.value_or(INT32_MAX));
    places += minus ? -by : by;
  }
  const std::size_t last = digits.find_last_not_of('0');
  if (last == std::string::npos) return 0;
  digits.resize(last + 1);
  const std::size_t first = digits.find_first_not_of('0');
  digits.erase(0, first);
  places -= static_cast<std::int64_t>(first);
  if (places < static_cast<std::int64_t>(digits.size()) ||
      places > static_cast<std::int64_t>(kIntegerDigits)) {
    return std::nullopt;
  }
  digits.resize(static_cast<std::size_t>(places), '0');
  const auto number = ParseDecimal(digits, kJsonIntegerMax);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

// Builds the value from nlohmann's events and stops at the first thing that we refuse.  The parser
// behind it keeps its own stack, so depth costs no recursion.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, Origin origin) : text_(text), origin_(origin) {}

  Json& root() { return root_; }
  std::optional<Error>& error() { return error_; }

  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }

  // Called only for numbers that begin with a minus sign.
  bool number_integer(number_integer_t value) override {
    if (value == 0) return Refuse("-0 is not an integer of ours");
    if (value < -kJsonIntegerMax) return AddLarge(static_cast<double>(value));
    return Add(value);
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(kJsonIntegerMax)) {
      return AddLarge(static_cast<double>(value));
    }
    return Add(static_cast<std::int64_t>(value));
  }

  // Called also for integers that no 64-bit type holds.
  bool number_float(number_float_t value, const string_t& text) override {
    if (text.find_first_of(".eE") == string_t::npos) return AddLarge(value);
    if (origin_ == Origin::kOurs) return Refuse("a number has a fraction or an exponent");
    const std::optional<std::int64_t> whole = WholeNumber(text);
    return whole ? Add(*whole) : Add(value);
  }

  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t&) override { return Refuse("binary value"); }

  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.name = name;
    if (origin_ == Origin::kOurs && !IsAscii(name)) return Refuse("the key is not ASCII");
    if (level.container->contains(name)) return Refuse("duplicate key");
    return true;
  }

  bool parse_error(std::size_t characters_read, const std::string&,
                   const nlohmann::detail::exception& exception) override {
    error_ = Error{ErrorCode::kInvalidInput,
                   text_.empty() ? "is empty, want JSON"
                                 : "not JSON at " + PlaceIn(text_, characters_read) + ": " +
                                       std::string(WhatIsWanted(exception.what()))};
    return false;
  }

 private:
  struct Level {
    Json* container;
    std::string name;  // of the member being read, if `container` is an object
  };

  // "predicate.sites[2].name": the place of the value being read.
  std::string Path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (level.container->is_array()) {
        // An array already counts an element that is still open.
        const std::size_t open = &level == &levels_.back() ? 0 : 1;
        path += "[" + std::to_string(level.container->size() - open) + "]";
      } else {
        path += (path.empty() ? "" : ".") + level.name;
      }
      if (path.size() > kPathBytesMax) break;
    }
    return path.empty() ? "top level" : Printable(path, kPathBytesMax);
  }

  bool Refuse(std::string_view reason, ErrorCode code = ErrorCode::kInvalidInput) {
    error_ = Error{code, Path() + ": " + std::string(reason)};
    return false;
  }

  // An integer beyond 2^53-1.  Others write such numbers where we never look; no field takes a
  // double for an integer.
  bool AddLarge(double value) {
    if (origin_ == Origin::kForeign) return Add(value);
    return Refuse("an integer is beyond 2^53-1, want it as a string");
  }

  Json& Put(Json value) {
    if (levels_.empty()) return root_ = std::move(value);
    const Level& level = levels_.back();
    if (!level.container->is_array()) {
      return (*level.container)[level.name] = std::move(value);
    }
    level.container->push_back(std::move(value));
    return level.container->back();
  }

  bool Add(Json value) {
    Put(std::move(value));
    return true;
  }

  bool Open(Json container) {
    if (levels_.size() >= static_cast<std::size_t>(kJsonDepthMax)) {
      return Refuse("deeper than " + std::to_string(kJsonDepthMax) + " levels",
                    ErrorCode::kLimitExceeded);
    }
    // While a child is open nothing is added to its parent, so the address holds.
    Json& placed = Put(std::move(container));
    levels_.push_back(Level{&placed, ""});
    return true;
  }

  bool Close() {
    levels_.pop_back();
    return true;
  }

  std::string_view text_;  // borrowed: for places in it
  Origin origin_;
  Json root_;
  std::vector<Level> levels_;
  std::optional<Error> error_;
};

Result<Json> Parse(std::string_view text, std::string_view what, std::size_t bytes_max,
                   Origin origin) {
  if (text.size() > bytes_max) {
    return Wrap(what, Error{ErrorCode::kLimitExceeded,
                            "has " + std::to_string(text.size()) + " bytes, at most " +
                                std::to_string(bytes_max) + " are read"});
  }
  // nlohmann skips a byte order mark and takes a NUL byte for the end of the text.
  if (text.starts_with("\xef\xbb\xbf")) {
    return Wrap(what, Error{ErrorCode::kInvalidInput, "begins with a byte order mark"});
  }
  if (text.find('\0') != std::string_view::npos) {
    return Wrap(what, Error{ErrorCode::kInvalidInput, "holds a NUL byte"});
  }
  if (!IsUtf8(text)) return Wrap(what, Error{ErrorCode::kInvalidInput, "is not UTF-8"});

  Builder builder(text, origin);
  if (!Json::sax_parse(text, &builder)) {
    CHECK(builder.error());
    return Wrap(what, *std::move(builder.error()));
  }
  return std::move(builder.root());
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view what, std::size_t bytes_max) {
  return Parse(text, what, bytes_max, Origin::kOurs);
}

Result<Json> ParseForeignJson(std::string_view text, std::string_view what, std::size_t bytes_max) {
  return Parse(text, what, bytes_max, Origin::kForeign);
}

}  // namespace farm
