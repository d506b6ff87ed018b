// Byte strings and their text forms.  A byte string is a std::string; a view of one is a
// std::string_view.  Decoders are strict: one text for one byte string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

// Lowercase hexadecimal.
std::string HexEncode(std::string_view bytes);
// Errors: kInvalidInput (odd length, or a character that is not 0-9 a-f).
Result<std::string> HexDecode(std::string_view text);

// Standard base64 with padding, no line breaks (RFC 4648 section 4).
std::string Base64Encode(std::string_view bytes);
// Errors: kInvalidInput (other characters, missing padding, non-zero trailing bits).
Result<std::string> Base64Decode(std::string_view text);

// Big-endian fixed-width integers, as tlog formats use them.
std::string BigEndian64(unsigned long long value);
std::string BigEndian16(unsigned value);
// `bytes` must have exactly 8 (or 2) bytes.
unsigned long long ReadBigEndian64(std::string_view bytes);
unsigned ReadBigEndian16(std::string_view bytes);

// Decimal, no sign, no leading zero, at most `max`.  Errors: kInvalidInput.
Result<unsigned long long> ParseDecimal(std::string_view text, unsigned long long max);

// "a,b,,c" -> {"a","b","","c"}.
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// True if `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

// `text` fit for a terminal or a log line: bytes outside printable ASCII as \xNN, at most
// `length_max` characters (then "...").
std::string Printable(std::string_view text, std::size_t length_max);
// The same for each line of `text`, whose newlines stay; no line has more than `length_max`.
std::string PrintableLines(std::string_view text, std::size_t length_max);

}  // namespace farm
