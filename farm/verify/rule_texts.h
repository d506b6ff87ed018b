// RULES.md, as the program carries it.  Private to this folder.
#pragma once

#include <string_view>

namespace farm {

std::string_view RulesDocument();

}  // namespace farm
