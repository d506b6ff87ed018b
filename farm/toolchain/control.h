// Debian control text: stanzas of "Field: value" lines, separated by empty lines; a line that
// begins with a space or tab continues the field above (deb822(5)).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

constexpr std::size_t kStanzaBytesMax = 4 << 20;  // texlive's source, the largest seen, has 300 kB

// Cuts a stream of control text into stanzas, in constant memory.  Not thread-safe.
class StanzaReader {
 public:
  // `sink` gets each stanza without the empty line that ends it.
  explicit StanzaReader(std::function<void(std::string_view)> sink) : sink_(std::move(sink)) {}
  void Add(std::string_view piece);
  // Hands over what is left.  Errors: kLimitExceeded (a stanza beyond kStanzaBytesMax was dropped).
  Status Finish();

 private:
  std::function<void(std::string_view)> sink_;
  std::string rest_;
  bool too_long_ = false;
};

// The value of a field, its own line without surrounding spaces and each continuation line after a
// newline, without its first space; empty if there is none.  `name` is matched without case.
std::string ControlField(std::string_view stanza, std::string_view name);

}  // namespace farm
