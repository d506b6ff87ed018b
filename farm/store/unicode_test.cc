#include "farm/store/unicode.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

TEST(Unicode, NamesThatSomeFileSystemConfusesHaveOneKey) {
  const struct {
    const char* name;
    const char* a;
    const char* b;
  } kCases[] = {
      {"ascii", "README", "readme"},
      {"composed_and_decomposed", "caf\u00e9", "cafe\u0301"},
      {"composed_and_other_case", "CAF\u00c9", "cafe\u0301"},
      {"sharp_s", "stra\u00dfe", "STRASSE"},
      {"capital_sharp_s", "\u1e9e", "ss"},
      {"kelvin_sign", "\u212a", "k"},
      {"long_s", "\u017f", "S"},
      {"greek_final_sigma", "\u03c3", "\u03c2"},
      {"cyrillic", "\u0416", "\u0436"},
      {"hangul", "\ud55c", "\u1112\u1161\u11ab"},
      {"two_marks_in_either_order", "a\u0323\u0307", "a\u0307\u0323"},
      {"ligature", "\ufb01", "fi"},
      {"deseret_outside_the_first_plane", "\U00010400", "\U00010428"},
  };
  for (const auto& c : kCases) EXPECT_EQ(NameKey(c.a), NameKey(c.b)) << c.name;
}

TEST(Unicode, NamesThatDifferHaveDifferentKeys) {
  EXPECT_NE(NameKey("a"), NameKey("b"));
  EXPECT_NE(NameKey("e"), NameKey("\u00e9"));
  EXPECT_NE(NameKey("a\u0323"), NameKey("a\u0307"));
  EXPECT_NE(NameKey("\u0131"), NameKey("i"));                     // not Turkic
  EXPECT_NE(NameKey("a\u0307\u0301"), NameKey("a\u0301\u0307"));  // of one class: order counts
}

TEST(Unicode, AsciiKeyIsLowerCase) { EXPECT_EQ(NameKey("Makefile.AM_2"), "makefile.am_2"); }

}  // namespace
}  // namespace farm
