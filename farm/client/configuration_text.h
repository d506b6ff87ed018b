// The page CONFIGURATION.md, which every daemon's --help shows its part of; made at build time.
#pragma once

#include <string_view>

namespace farm {

std::string_view ConfigurationText();

}  // namespace farm
