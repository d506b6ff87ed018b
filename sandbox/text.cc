#include "sandbox/text.h"

#include <cstdint>
#include <cstdio>

namespace sandbox {
namespace {

constexpr std::uint32_t kInvalid = 0xffffffff;

// Takes one code point off the front of `*text`, which is not empty; at least one byte.
std::uint32_t TakeCodePoint(std::string_view* text) {
  unsigned char first = static_cast<unsigned char>((*text)[0]);
  std::size_t length = first < 0x80   ? 1
                       : first < 0xc2 ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  std::uint32_t point = length == 1 ? first : first & (0x7fU >> length);
  bool valid = length != 0 && length <= text->size();
  for (std::size_t i = 1; valid && i < length; ++i) {
    unsigned char next = static_cast<unsigned char>((*text)[i]);
    valid = (next & 0xc0) == 0x80;
    point = point << 6 | (next & 0x3f);
  }
  constexpr std::uint32_t kSmallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  valid = valid && point >= kSmallest[length] && point <= 0x10ffff &&
          (point < 0xd800 || point > 0xdfff);
  text->remove_prefix(valid ? length : 1);
  return valid ? point : kInvalid;
}

void AppendEscape(std::uint32_t unit, std::string* out) {
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", unit);
  *out += escape;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    if (TakeCodePoint(&text) == kInvalid) return false;
  }
  return true;
}

bool IsPlainText(std::string_view text) {
  while (!text.empty()) {
    std::uint32_t point = TakeCodePoint(&text);
    bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    bool is_end = point == 0x2028 || point == 0x2029;
    bool is_direction =
        (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    if (point == kInvalid || is_control || is_end || is_direction) return false;
  }
  return true;
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::uint32_t point = TakeCodePoint(&text);
    if (point == kInvalid) point = 0xfffd;
    if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point >= 0x20 && point < 0x7f) {
      out += static_cast<char>(point);
    } else if (point < 0x10000) {
      AppendEscape(point, &out);
    } else {
      AppendEscape(0xd800 + ((point - 0x10000) >> 10), &out);
      AppendEscape(0xdc00 + ((point - 0x10000) & 0x3ff), &out);
    }
  }
  return out + '"';
}

std::string ForTerminal(std::string_view bytes, unsigned char* before) {
  std::string plain;
  plain.reserve(bytes.size());
  for (char byte : bytes) {
    auto c = static_cast<unsigned char>(byte);
    bool is_space = c == '\t' || c == '\n' || c == '\r';
    bool is_control = (c < 0x20 && !is_space) || c == 0x7f;
    bool is_control_of_two = *before == 0xc2 && c >= 0x80 && c < 0xa0;  // U+0080 to U+009F
    plain += is_control || is_control_of_two ? '?' : byte;
    *before = c;
  }
  return plain;
}

std::string Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

}  // namespace sandbox
