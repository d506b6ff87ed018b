// The name of a JSON value alone, for headers that only pass one on: the library itself takes a
// second to compile.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace farm {

using Json = nlohmann::json;

}  // namespace farm
