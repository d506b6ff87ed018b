#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// RFC 8785 section 3.2.2.2.
void WriteString(std::string_view text, std::string& out) {
  CHECK(IsUtf8(text));
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHexDigits[c >> 4];
          out += kHexDigits[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void WriteInteger(const Json& value, std::string& out) {
  if (value.is_number_unsigned()) {
    CHECK(value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kJsonIntegerMax));
  }
  const auto number = value.get<std::int64_t>();
  CHECK(number >= -kJsonIntegerMax && number <= kJsonIntegerMax);
  out += std::to_string(number);
}

// Recursive, but as deep as a value that we made or that the reader let through.
void Write(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      WriteInteger(value, out);
      return;
    case Json::value_t::string:
      WriteString(value.get_ref<const std::string&>(), out);
      return;
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const Json& element : value) {
        if (!first) out += ',';
        first = false;
        Write(element, out);
      }
      out += ']';
      return;
    }
    case Json::value_t::object: {
      // Members are kept in byte order, which for ASCII is the UTF-16 order of section 3.2.3.
      out += '{';
      bool first = true;
      for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
        CHECK(std::all_of(name.begin(), name.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
        if (!first) out += ',';
        first = false;
        WriteString(name, out);
        out += ':';
        Write(member, out);
      }
      out += '}';
      return;
    }
    case Json::value_t::number_float:
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  CHECK(false && "a value that no format of ours has");
}

}  // namespace

std::string WriteCanonicalJson(const Json& value) {
  std::string out;
  Write(value, out);
  return out;
}

std::string WriteReadableJson(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace farm
