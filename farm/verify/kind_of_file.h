// What kind of file a customer has named in the place of another.  Private to this folder.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// "a policy", "a trust root", "a status", ... by what the bytes say of themselves, which nobody has
// checked; "" if they say nothing that is known.
std::string KindOfFile(std::string_view bytes);

// `error`, of reading `bytes` as `want` ("a trust root"); where they are malformed, and of another
// kind that is known, it says so.
Error NameKind(Error error, std::string_view bytes, std::string_view want);

}  // namespace farm
