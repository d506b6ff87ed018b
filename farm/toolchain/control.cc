#include "farm/toolchain/control.h"

#include <algorithm>
#include <cctype>

namespace farm {
namespace {

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

void StanzaReader::Add(std::string_view piece) {
  rest_ += piece;
  std::size_t start = 0;
  while (true) {
    while (start < rest_.size() && rest_[start] == '\n') ++start;
    const std::size_t end = rest_.find("\n\n", start);
    if (end == std::string::npos) break;
    sink_(std::string_view(rest_).substr(start, end - start));
    start = end + 2;
  }
  rest_.erase(0, start);
  if (rest_.size() > kStanzaBytesMax) {
    too_long_ = true;
    rest_.clear();
  }
}

Status StanzaReader::Finish() {
  while (!rest_.empty() && rest_.back() == '\n') rest_.pop_back();
  if (!rest_.empty()) sink_(rest_);
  rest_.clear();
  if (too_long_) {
    return Error{ErrorCode::kLimitExceeded,
                 "a stanza of more than " + std::to_string(kStanzaBytesMax) + " bytes"};
  }
  return {};
}

std::string ControlField(std::string_view stanza, std::string_view name) {
  std::string value;
  bool inside = false;
  while (!stanza.empty()) {
    const std::size_t end = stanza.find('\n');
    const std::string_view line = stanza.substr(0, end);
    stanza.remove_prefix(end == std::string_view::npos ? stanza.size() : end + 1);
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (inside) value += "\n" + std::string(line.substr(1));
      continue;
    }
    if (inside) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !SameName(line.substr(0, colon), name)) continue;
    value = Trimmed(line.substr(colon + 1));
    inside = true;
  }
  return value;
}

}  // namespace farm
