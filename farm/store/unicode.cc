#include "farm/store/unicode.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "farm/base/bytes.h"
#include "farm/base/result.h"

namespace farm {
namespace {

struct Mapping {
  char32_t from;
  char32_t to[4];  // zero after the last
};
struct CombiningRange {
  char32_t first;
  char32_t last;
  int combining_class;
};
#include "farm/store/unicode_tables.inc"

std::u32string Decode(std::string_view text) {
  std::u32string characters;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t character = length == 1 ? lead : lead & (0x7F >> length);
    for (int k = 1; k < length; ++k) character = character << 6 | (text[i + k] & 0x3F);
    characters += character;
    i += length;
  }
  return characters;
}

std::string Encode(std::u32string_view characters) {
  std::string text;
  for (const char32_t c : characters) {
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xC0 | c >> 6);
      text += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      text += static_cast<char>(0xE0 | c >> 12);
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      text += static_cast<char>(0xF0 | c >> 18);
      text += static_cast<char>(0x80 | (c >> 12 & 0x3F));
      text += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      text += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return text;
}

// Unicode 3.12: Hangul syllables are decomposed by arithmetic.
bool AppendHangul(char32_t c, std::u32string& out) {
  constexpr char32_t kSyllables = 0xAC00;
  if (c < kSyllables || c >= kSyllables + 11172) return false;
  const char32_t index = c - kSyllables;
  out.push_back(0x1100 + index / 588);
  out.push_back(0x1161 + index % 588 / 28);
  if (index % 28 != 0) out.push_back(0x11A7 + index % 28);
  return true;
}

std::u32string Map(std::u32string_view characters, std::span<const Mapping> table) {
  std::u32string out;
  for (const char32_t c : characters) {
    const auto found = std::lower_bound(table.begin(), table.end(), c,
                                        [](const Mapping& m, char32_t x) { return m.from < x; });
    if (found == table.end() || found->from != c) {
      out += c;
      continue;
    }
    for (const char32_t to : found->to) {
      if (to != 0) out += to;
    }
  }
  return out;
}

int CombiningClass(char32_t c) {
  const auto found =
      std::lower_bound(std::begin(kCombining), std::end(kCombining), c,
                       [](const CombiningRange& r, char32_t x) { return r.last < x; });
  return found != std::end(kCombining) && found->first <= c ? found->combining_class : 0;
}

// Unicode 3.11, D109: each run of non-starters sorted by class, equal classes in their order.
void ReorderMarks(std::u32string& characters) {
  for (auto run = characters.begin(); run != characters.end();) {
    if (CombiningClass(*run) == 0) {
      ++run;
      continue;
    }
    const auto end =
        std::find_if(run, characters.end(), [](char32_t c) { return CombiningClass(c) == 0; });
    std::stable_sort(run, end,
                     [](char32_t a, char32_t b) { return CombiningClass(a) < CombiningClass(b); });
    run = end;
  }
}

}  // namespace

std::string NameKey(std::string_view name) {
  CHECK(IsUtf8(name));
  std::u32string hangul_free;
  for (const char32_t c : Decode(name)) {
    if (!AppendHangul(c, hangul_free)) hangul_free += c;
  }
  std::u32string characters = Map(hangul_free, kDecompositions);
  ReorderMarks(characters);
  characters = Map(characters, kFoldings);
  ReorderMarks(characters);
  return Encode(characters);
}

}  // namespace farm
