// The texts that a kit carries for people without our programs; made of files at build time.
#pragma once

#include <string_view>

namespace farm {

std::string_view KitReadme();
std::string_view KitReplayScript();

}  // namespace farm
