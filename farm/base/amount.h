// Numbers of things as people write them.
#pragma once

#include <string>
#include <string_view>

namespace farm {

// "1 entry", "2 entries", "0 entries".  `count`: any integer.
template <typename Count>
std::string Amount(Count count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// Where many are called one and an s: "1 line", "2 lines".
template <typename Count>
std::string Amount(Count count, std::string_view one) {
  return Amount(count, one, std::string(one) + "s");
}

}  // namespace farm
