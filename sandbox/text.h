#pragma once

#include <string>
#include <string_view>

namespace sandbox {

// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

// Whether `text` is UTF-8 that shows what it is: without control characters (U+0000 to U+001F,
// U+007F to U+009F), ends of lines and paragraphs (U+2028, U+2029), and what changes the direction
// of writing (U+202A to U+202E, U+2066 to U+2069).
bool IsPlainText(std::string_view text);

// `text` as a JSON string with its quotes, in ASCII: everything else is escaped. Bytes that are not
// UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

// `bytes` as they may go to a terminal, where escape sequences would set its title, ask it for
// answers that come back as input, or hide what was written before: control characters but tab, new
// line and carriage return become question marks, also those of two bytes in UTF-8. `*before`: the
// byte before the first, and then the last; 0 at the beginning.
std::string ForTerminal(std::string_view bytes, unsigned char* before);

// `text` without white space at both ends.
std::string Trim(std::string_view text);

}  // namespace sandbox
