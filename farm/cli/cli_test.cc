#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/cli/describe.h"
#include "farm/cli/init.h"
#include "farm/cli/output.h"
#include "farm/cli/release_view.h"
#include "farm/evidence/trust_root.h"

namespace farm {
namespace {

TEST(SubordinateIds, StayClearOfRangesThatAreGivenAway) {
  const auto directory = TemporaryDirectory::Make("");
  ASSERT_TRUE(directory);
  const std::string file = JoinPath(directory->path(), "subuid");
  EXPECT_EQ(FreeSubordinateIds({file}, 65536).value(), 1U << 30);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), file, "a:100000:65536\nb:1073741824:65536\nbad line\n"));
  EXPECT_EQ(FreeSubordinateIds({file}, 65536).value(), (1U << 30) + 65536);
  ASSERT_TRUE(WriteDurably(RealFileSystem(), file, "a:1073741824:3200000000\n"));
  EXPECT_FALSE(FreeSubordinateIds({file}, 1 << 26));  // what is left is too small
}

TEST(Init, MakesAFarmWhoseRootParsesAndRefusesToMakeItTwice) {
  const auto directory = TemporaryDirectory::Make("");
  ASSERT_TRUE(directory);
  InitOptions options;
  options.directory = JoinPath(directory->path(), "farm");
  options.programs = "/bin";
  const FixedClock clock(1795477230);
  const auto parties = InitDevelopment(options, clock);
  ASSERT_TRUE(parties) << parties.error().message;
  const auto bytes = ReadFile(JoinPath(options.directory, "public/root.json"), 1 << 20);
  ASSERT_TRUE(bytes);
  const auto root = ParseTrustRoot(*bytes, "root.json");
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE(root->development.has_value());
  EXPECT_EQ(root->auditors.size(), 2U);
  EXPECT_EQ(root->witnesses.size(), 2U);
  EXPECT_EQ(ReadParties(options.directory).value().size(), parties->size());
  EXPECT_EQ(InitDevelopment(options, clock).error().code, ErrorCode::kInvalidInput);
}

TEST(Describe, SaysWhatChanged) {
  Manifest before;
  before.product = "a";
  before.version = "1";
  Manifest after = before;
  EXPECT_TRUE(DescribeManifestDifference(before, after).empty());
  Step step;
  step.name = "build";
  step.argv = {"cc", "-O2", "it's"};
  step.limits.wall_seconds = 5;
  after.steps = {step};
  EXPECT_EQ(DescribeManifestDifference(before, after),
            (std::vector<std::string>{"+ step build: runs in /build/: cc -O2 'it'\\''s'",
                                      "+ step build: limit wall seconds 5"}));
}

TEST(Output, DurationsAndBars) {
  EXPECT_EQ(FormatDuration(65), "1:05");
  EXPECT_EQ(FormatDuration(7800), "2:10:00");
  EXPECT_EQ(ProgressBar(1, 2), "[##########----------]");
  EXPECT_EQ(ProgressBar(0, 0), "[--------------------]");
}

TEST(SitesLine, SaysWhatEachSiteDoes) {
  v1::ReleaseInfo info;
  info.set_stage(v1::BUILDING);
  v1::SiteInfo* one = info.add_site();
  one->set_builder_id("https://farm.example/sites/site-xa");
  one->set_state("building");
  one->set_actions_total(2);
  one->set_actions_done(1);
  one->set_detail("action: test");
  v1::SiteInfo* two = info.add_site();
  two->set_builder_id("https://farm.example/sites/site-xb");
  two->set_state("unreachable");
  EXPECT_EQ(SitesLine(info, 65),
            "building  1:05   site-xa [##########----------] 1/2 actions (action: test)   site-xb "
            "unreachable");
}

}  // namespace
}  // namespace farm
