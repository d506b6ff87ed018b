#include "farm/base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::size_t kColumnsUsual = 80;
constexpr std::uint64_t kColumnsMax = 10'000;  // more is a mistake in $COLUMNS

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string_view CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kGood:
      return "\x1b[32m";
    case Colour::kWarning:
      return "\x1b[33m";
    case Colour::kBad:
      return "\x1b[1;31m";
    case Colour::kStrong:
      return "\x1b[1m";
  }
  return "";
}

// How much of `text` goes into a line of `room` characters: up to the last space that fits and
// stands after the first `least`, else all that fits.
std::size_t LineLength(std::string_view text, std::size_t room, std::size_t least) {
  if (text.size() <= room) return text.size();
  const std::size_t space = text.rfind(' ', room);
  return space == std::string_view::npos || space <= least ? room : space;
}

}  // namespace

TextStyle StyleOf(int descriptor) {
  if (isatty(descriptor) == 0) return {};
  return {Variable("NO_COLOR").empty() && Variable("TERM") != "dumb", TerminalColumns(descriptor)};
}

std::size_t TerminalColumns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const auto number = ParseDecimal(Variable("COLUMNS"), kColumnsMax);
  return number && *number > 0 ? static_cast<std::size_t>(*number) : kColumnsUsual;
}

std::string Coloured(std::string_view text, Colour colour, const TextStyle& style) {
  if (!style.colours) return std::string(text);
  return std::string(CodeOf(colour)) + std::string(text) + "\x1b[0m";
}

std::string Wrapped(std::string_view text, std::size_t indent, const TextStyle& style) {
  if (style.columns == 0) return std::string(text);
  const std::size_t columns = std::max(style.columns, indent + kTextColumnsMin);
  std::string lines;
  std::size_t room = columns;
  std::size_t least = indent;  // names and padding in front of a text stay with its beginning
  while (!text.empty()) {
    const std::size_t length = LineLength(text, room, least);
    if (!lines.empty()) lines += "\n" + std::string(indent, ' ');
    lines += text.substr(0, length);
    text.remove_prefix(length);
    while (text.starts_with(' ')) text.remove_prefix(1);
    room = columns - indent;
    least = 0;
  }
  return lines;
}

}  // namespace farm
