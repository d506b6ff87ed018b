// How programs begin under a level of determinism, on the real launcher: whatever the way in which
// they are started, and whatever others do meanwhile.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/determinism/world.h"

namespace determinism {
namespace {

constexpr const char* kNoPages = "pages 0 again EPERM";

class Starts : public World {
 protected:
  // What hangs is ended soon.
  Ran Look(const std::vector<std::string>& ways, const std::string& level = "full") {
    return World::Look(ways, level, {"--wall-seconds", "120"});
  }
  // `count` programs say that they have none of the kernel's pages, and nothing else is said.
  void ExpectNoPages(const std::vector<std::string>& ways, int count) {
    const Ran ran = Look(ways);
    EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics << ran.log;
    std::istringstream lines(ran.log);
    int found = 0;
    for (std::string line; std::getline(lines, line); ++found) EXPECT_EQ(line, kNoPages) << found;
    EXPECT_EQ(found, count) << ran.log;
  }
};

TEST_F(Starts, NothingReadsTheClockWithoutASystemCall) {
  for (const std::vector<std::string>& ways : std::vector<std::vector<std::string>>{
           {"pages"},
           {"again", "pages"},
           {"vfork", "pages"},
           {"thread", "pages"},
           {"masked", "again", "pages"},
           {"unmaps-traced", "pages"},
       }) {
    SCOPED_TRACE(ways.front());
    ExpectNoPages(ways, 1);
  }
  EXPECT_NE(Look({"pages"}, "off").log.rfind("pages 0", 0), 0u);
}

// What the kernel tells lies behind the environment: at and across a page's end, and far away.
TEST_F(Starts, WithAnEnvironmentOfAnySize) {
  for (int size = 0; size < 4096; size += 256)
    ExpectNoPages({"long", std::to_string(size), "pages"}, 1);
  ExpectNoPages({"long", "1500000", "pages"}, 1);
}

TEST_F(Starts, SignalsAreAsTheProgramBeforeHasLeftThem) {
  const std::string log = Look({"masked", "signals"}).log;
  EXPECT_NE(log.find("SigIgn"), std::string::npos);
  EXPECT_EQ(log, Look({"masked", "signals"}, "off").log);
}

TEST_F(Starts, AFilterOfItsOwnKeepsNoPages) {
  for (const char* filter : {"unmaps-nothing", "may-not-unmap"}) {
    const Ran ran = Look({filter, "pages"});
    EXPECT_NE(ran.exit_code, 0) << filter;
    EXPECT_NE(ran.log.find("keeps the kernel's pages"), std::string::npos) << filter << ran.log;
  }
}

TEST_F(Starts, WhatOthersWriteIntoItsMemoryKeepsNoPages) { ExpectNoPages({"overwritten"}, 20); }

TEST_F(Starts, OfAnotherThreadThanTheFirstHoldNobodyUp) { ExpectNoPages({"storm"}, 30); }

TEST_F(Starts, WhoIsStoppedMeanwhileGoesOn) { ExpectNoPages({"stopped"}, 60); }

TEST_F(Starts, AChildWhoseParentIsKilledMeanwhileRuns) {
  EXPECT_EQ(Look({"orphans"}).log, "kept 0");
}

}  // namespace
}  // namespace determinism
