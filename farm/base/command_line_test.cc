#include "farm/base/command_line.h"

#include <gtest/gtest.h>

#include <vector>

namespace farm {
namespace {

// Whether help that was asked for so is given with 0.
bool IsAlone(std::vector<const char*> words) {
  CLI::App app{"", "program"};
  app.add_flag("--json");
  app.add_option("FILE");
  app.add_subcommand("run", "")->add_option("KIT");
  words.insert(words.begin(), "program");
  const int argc = static_cast<int>(words.size());
  EXPECT_THROW(app.parse(argc, words.data()), CLI::CallForHelp);
  return IsHelpAlone(app, argc, words.data());
}

TEST(CommandLine, HelpIsAskedForAlone) {
  EXPECT_TRUE(IsAlone({"-h"}));
  EXPECT_TRUE(IsAlone({"--help"}));
  EXPECT_TRUE(IsAlone({"run", "-h"}));
  EXPECT_TRUE(IsAlone({"run", "--help"}));
  EXPECT_FALSE(IsAlone({"--json", "-h"}));
  EXPECT_FALSE(IsAlone({"-h", "--json"}));
  EXPECT_FALSE(IsAlone({"run", "kit", "-h"}));
  EXPECT_FALSE(IsAlone({"run", "-h", "kit"}));
}

}  // namespace
}  // namespace farm
