#include "farm/base/bytes.h"

#include <array>
#include <cstdint>

namespace farm {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr std::array<int, 256> MakeBase64Values() {
  std::array<int, 256> values{};
  for (int& value : values) value = -1;
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<int>(i);
  }
  return values;
}
constexpr std::array<int, 256> kBase64Values = MakeBase64Values();

}  // namespace

std::string HexEncode(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char c : bytes) {
    text += kHexDigits[c >> 4];
    text += kHexDigits[c & 15];
  }
  return text;
}

Result<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return Error{ErrorCode::kInvalidInput,
                 "hex text has " + std::to_string(text.size()) + " digits, want an even number"};
  }
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return Error{ErrorCode::kInvalidInput,
                   "hex text has a character other than 0-9 a-f at " + std::to_string(i)};
    }
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64Digits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

Result<std::string> Base64Decode(std::string_view text) {
  const Error bad{ErrorCode::kInvalidInput, "not standard base64 with padding"};
  if (text.size() % 4 != 0) return bad;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = !last ? 0 : text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (int k = 0; k < 4; ++k) {
      const int value =
          k >= 4 - padding ? 0 : kBase64Values[static_cast<unsigned char>(text[i + k])];
      if (value < 0) return bad;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0))
      return bad;
    for (int k = 0; k < 3 - padding; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 0xff);
  }
  return bytes;
}

std::string BigEndian64(unsigned long long value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::string BigEndian16(unsigned value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

unsigned long long ReadBigEndian64(std::string_view bytes) {
  CHECK(bytes.size() == 8);
  unsigned long long value = 0;
  for (const unsigned char c : bytes) value = value << 8 | c;
  return value;
}

unsigned ReadBigEndian16(std::string_view bytes) {
  CHECK(bytes.size() == 2);
  return static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]);
}

Result<unsigned long long> ParseDecimal(std::string_view text, unsigned long long max) {
  const Error bad{
      ErrorCode::kInvalidInput,
      "\"" + Printable(text, 40) + "\" is not a decimal number up to " + std::to_string(max)};
  if (text.empty() || text.size() > 20 || (text[0] == '0' && text.size() > 1)) return bad;
  unsigned long long value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return bad;
    const unsigned digit = static_cast<unsigned>(c - '0');
    if (value > (max - digit) / 10 && (value != 0 || digit > max)) return bad;
    value = value * 10 + digit;
    if (value > max) return bad;
  }
  return value;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

bool IsUtf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t value = 0;
    std::uint32_t least = 0;
    if (c < 0x80) {
      ++i;
      continue;
    }
    if (c >= 0xc2 && c <= 0xdf) {
      more = 1, value = c & 0x1f, least = 0x80;
    } else if (c >= 0xe0 && c <= 0xef) {
      more = 2, value = c & 0x0f, least = 0x800;
    } else if (c >= 0xf0 && c <= 0xf4) {
      more = 3, value = c & 0x07, least = 0x10000;
    } else {
      return false;
    }
    if (i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const unsigned char next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      value = value << 6 | (next & 0x3f);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

std::string Printable(std::string_view text, std::size_t length_max) {
  std::string printable;
  for (const unsigned char c : text) {
    if (printable.size() >= length_max) return printable + "...";
    if (c >= 0x20 && c < 0x7f) {
      printable += static_cast<char>(c);
    } else {
      printable += "\\x";
      printable += kHexDigits[c >> 4];
      printable += kHexDigits[c & 15];
    }
  }
  return printable;
}

std::string PrintableLines(std::string_view text, std::size_t length_max) {
  std::vector<std::string> lines = Split(text, '\n');
  for (std::string& line : lines) line = Printable(line, length_max);
  return Join(lines, "\n");
}

}  // namespace farm
