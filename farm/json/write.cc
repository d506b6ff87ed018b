#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// A character that stands for itself in a string.
bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void WriteEscaped(char c, std::string& out) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[c >> 4];
      out += kHexDigits[c & 15];
  }
}

// RFC 8785 section 3.2.2.2.  Most of what we write is long and plain: base64.
void WriteString(std::string_view text, std::string& out) {
  CHECK(IsUtf8(text));
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    out.append(text, 0, plain);
    if (plain == text.size()) break;
    WriteEscaped(text[plain], out);
    text.remove_prefix(plain + 1);
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
