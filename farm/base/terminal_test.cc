#include "farm/base/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace farm {
namespace {

// A terminal that nobody looks at; it has no width until it is told one.
class Terminal {
 public:
  Terminal() : leader_(posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_EQ(grantpt(leader_), 0);
    EXPECT_EQ(unlockpt(leader_), 0);
    descriptor_ = open(ptsname(leader_), O_RDWR | O_NOCTTY);
    EXPECT_GE(descriptor_, 0);
  }
  ~Terminal() {
    close(descriptor_);
    close(leader_);
  }
  void Widen(unsigned short columns) const {
    winsize size{};
    size.ws_col = columns;
    EXPECT_EQ(ioctl(descriptor_, TIOCSWINSZ, &size), 0);
  }
  int descriptor() const { return descriptor_; }

 private:
  int leader_;
  int descriptor_ = -1;
};

class Style : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"NO_COLOR", "COLUMNS"}) unsetenv(name);
    setenv("TERM", "xterm", 1);
  }
  Terminal terminal_;
};

TEST_F(Style, OfATerminalIsInColourAndAsWideAsItSays) {
  terminal_.Widen(132);
  setenv("COLUMNS", "40", 1);  // what the terminal says itself goes first
  EXPECT_TRUE(StyleOf(terminal_.descriptor()).colours);
  EXPECT_EQ(StyleOf(terminal_.descriptor()).columns, 132u);
}

TEST_F(Style, OfATerminalWithoutWidthIsThatOfTheVariableElseEighty) {
  EXPECT_EQ(StyleOf(terminal_.descriptor()).columns, 80u);
  setenv("COLUMNS", "60", 1);
  EXPECT_EQ(StyleOf(terminal_.descriptor()).columns, 60u);
  for (const char* wrong : {"", "0", "wide", "-5", "10001"}) {
    setenv("COLUMNS", wrong, 1);
    EXPECT_EQ(StyleOf(terminal_.descriptor()).columns, 80u) << wrong;
  }
}

TEST_F(Style, HasNoColourWhereNoneIsWanted) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(StyleOf(terminal_.descriptor()).colours);
  setenv("NO_COLOR", "", 1);  // as if it were not there
  EXPECT_TRUE(StyleOf(terminal_.descriptor()).colours);
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(StyleOf(terminal_.descriptor()).colours);
}

TEST_F(Style, OfAPipeIsPlain) {
  setenv("COLUMNS", "60", 1);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const TextStyle style = StyleOf(ends[1]);
  EXPECT_FALSE(style.colours);
  EXPECT_EQ(style.columns, 0u);
  close(ends[0]);
  close(ends[1]);
}

TEST(Coloured, IsTheTextItselfWithoutColours) {
  EXPECT_EQ(Coloured("ok", Colour::kGood, {}), "ok");
  EXPECT_EQ(Coloured("ok", Colour::kGood, {.colours = true}), "\x1b[32mok\x1b[0m");
}

TEST(Wrapped, BreaksAtSpacesAndIndentsWhatFollows) {
  const TextStyle style{.colours = false, .columns = 24};
  EXPECT_EQ(Wrapped("one two three four five six seven", 4, style),
            "one two three four five\n    six seven");
  EXPECT_EQ(Wrapped("one two three four five!", 4, style), "one two three four five!");
  EXPECT_EQ(Wrapped("one two three four five!!", 4, style), "one two three four\n    five!!");
  EXPECT_EQ(Wrapped("", 4, style), "");
  EXPECT_EQ(Wrapped("one two three four five six seven", 4, {}),
            "one two three four five six seven");
}

TEST(Wrapped, BreaksLongWordsAndLosesNoCharacter) {
  const TextStyle style{.colours = false, .columns = 30};
  const std::string text = "found: sha256:" + std::string(64, 'a') + " and more";
  std::string lines = Wrapped(text, 6, style);
  std::string joined;
  std::size_t begin = 0;
  while (begin <= lines.size()) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    std::string line = lines.substr(begin, end - begin);
    EXPECT_LE(line.size(), 30u) << line;
    if (begin > 0) {
      EXPECT_TRUE(line.starts_with("      ")) << line;
      line = line.substr(6);
    }
    joined += line;
    begin = end + 1;
  }
  std::erase(joined, ' ');
  std::string want = text;
  std::erase(want, ' ');
  EXPECT_EQ(joined, want);
}

TEST(Wrapped, LeavesRoomForTextOnANarrowTerminal) {
  const TextStyle style{.colours = false, .columns = 10};
  EXPECT_EQ(Wrapped("one two three four five six", 8, style), "one two three four five six");
  EXPECT_EQ(Wrapped("one two three four five six seven", 8, style),
            "one two three four five six\n        seven");
}

}  // namespace
}  // namespace farm
