#pragma once

#include <string>
#include <string_view>

namespace sandbox {

// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

// `text` as a JSON string with its quotes, in ASCII: everything else is escaped. Bytes that are not
// UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

// `text` without white space at both ends.
std::string Trim(std::string_view text);

}  // namespace sandbox
