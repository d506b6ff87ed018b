// A site that is cut off anywhere: at most one record ever leaves.
#include <gtest/gtest.h>

#include <set>

#include "farm/site/site.h"
#include "tests/support/site_world.h"

namespace farm::at_a_site {
namespace {

// What is in the log, and what is answered in the end, is one record.
void ExpectOneRecord(World& world, const BuildQuestion& question) {
  world.Restart();
  world.files.Revive();
  world.publish_fails = 0;
  const auto line = world.Build(question);
  ASSERT_TRUE(line) << line.error().message;
  std::set<Digest> logged;
  for (const auto& [leaf, bundle] : world.log) logged.insert(bundle.PaeDigest());
  EXPECT_EQ(logged, std::set<Digest>{ParseBundleLine(*line, "")->PaeDigest()});
  EXPECT_EQ(world.log.size(), 1U);
  EXPECT_EQ(world.Build(question).value(), *line);
}

TEST(SiteCrash, APowerCutNeverMakesASecondRecord) {
  bool finished = false;
  for (unsigned dies_at = 0; !finished; ++dies_at) {
    ASSERT_LT(dies_at, 100U);
    World world;
    const BuildQuestion question = world.Ask();
    world.site();
    world.files.DieAfter(dies_at, false);
    const auto line = world.Build(question);
    finished = line.has_value();
    // Another build would say something else: whatever has left must not be contradicted.
    if (!world.log.empty()) world.script.bytes = "another greeting";
    ExpectOneRecord(world, question);
  }
}

TEST(SiteCrash, WhatWasHalfWrittenIsRemoved) {
  const TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const std::string directory = temporary.path() + "/records";
  ASSERT_TRUE(SiteJournal::Open(RealFileSystem(), directory));
  for (const std::string name : {"/epoch.json.part.0123456789abcdef", "/x.signed.part.4711.1"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), directory + name, "half"));
  }
  ASSERT_TRUE(SiteJournal::Open(RealFileSystem(), directory));
  EXPECT_EQ(ListDirectory(directory).value(), std::vector<std::string>{"lock"});
}

TEST(SiteCrash, ALogThatFailsMakesNoSecondRecord) {
  for (const int publish_fails : {1, 2, 3}) {
    World world;
    const BuildQuestion question = world.Ask();
    world.publish_fails = publish_fails;
    const auto line = world.Build(question);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().Exit(), ExitCode::kUnavailable);
    EXPECT_TRUE(world.Kept(question)) << "kept before anything left";
    world.script.bytes = "another greeting";
    ExpectOneRecord(world, question);
    EXPECT_EQ(world.script.runs, 1);
  }
}

TEST(Site, AFullDiskMakesNoRecordAndIsSaidAsExit30) {
  World world;
  const BuildQuestion question = world.Ask();
  world.site();
  world.disk.FillAfter(0);  // outputs cannot be stored
  const auto full = world.Build(question);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().Exit(), ExitCode::kUnavailable) << full.error().message;
  EXPECT_FALSE(world.Kept(question));
  world.disk.Revive();
  world.files.FillAfter(0);  // the record cannot be kept
  const auto unkept = world.Build(question);
  ASSERT_FALSE(unkept);
  EXPECT_EQ(unkept.error().Exit(), ExitCode::kUnavailable) << unkept.error().message;
  EXPECT_TRUE(world.log.empty());
  ExpectOneRecord(world, question);
}

TEST(SiteCrash, NothingIsConfirmedOnceAWriteHasFailed) {
  World world;
  const BuildQuestion question = world.Ask();
  world.site();
  world.files.DieAfter(12, false);
  ASSERT_FALSE(world.Build(question));
  EXPECT_FALSE(world.site().Health());
  world.files.Revive();
  EXPECT_FALSE(world.Build(question)) << "the program must end first";
}

}  // namespace
}  // namespace farm::at_a_site
