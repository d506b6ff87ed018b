// Text for people: colours and wrapped lines on a terminal, neither elsewhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace farm {

struct TextStyle {
  bool colours = false;
  std::size_t columns = 0;  // 0: lines are not wrapped, whatever their length
};

// How to write to `descriptor`.  A terminal: as wide as TerminalColumns says, and in colour unless
// $NO_COLOR is set and not empty or $TERM is "dumb".  Anything else: no colour and no wrapping, so
// that each line of a pipe or a file is one line, whatever $COLUMNS says.
TextStyle StyleOf(int descriptor);

// The width of the terminal at `descriptor`: what it says itself, else $COLUMNS, else 80.
std::size_t TerminalColumns(int descriptor);

enum class Colour { kGood, kWarning, kBad, kStrong };
// `text` in that colour, or as it is without colours.
std::string Coloured(std::string_view text, Colour colour, const TextStyle& style);

// `text` (printable ASCII, one line) broken at spaces, words that are too long anywhere; lines
// after the first begin with `indent` spaces, so that no text can pretend to be the beginning of a
// line. Without a line end.  A narrow terminal gets lines of kTextColumnsMin after the indent.
constexpr std::size_t kTextColumnsMin = 20;
std::string Wrapped(std::string_view text, std::size_t indent, const TextStyle& style);

}  // namespace farm
