// Replay verdicts: which count, which block, and what is refused by the rule `replays`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "farm/verify/verify.h"
#include "tests/support/known_codes.h"
#include "tests/support/replay_rows.h"

namespace farm {
namespace {

class Replays : public testing::TestWithParam<ReplayRow> {};

TEST_P(Replays, CountBlockOrAreRefusedByName) {
  const ReplayRow& row = GetParam();
  ReplayWorld world;
  row.arrange(world);
  const Verdict verdict = Judge(world.input);
  ExpectKnownCodes(verdict);
  EXPECT_EQ(verdict.exit, row.exit);
  bool looked = false;
  for (const RuleOutcome& outcome : verdict.rules) {
    if (outcome.rule != "replays") {
      EXPECT_TRUE(outcome.held) << outcome.rule << ": " << outcome.found;
      continue;
    }
    looked = true;
    EXPECT_EQ(outcome.held, row.exit == ExitCode::kProved);
    EXPECT_EQ(outcome.warning, row.warning);
    EXPECT_THAT(outcome.found, testing::HasSubstr(row.words));
  }
  EXPECT_TRUE(looked);
}

INSTANTIATE_TEST_SUITE_P(Verdict, Replays, testing::ValuesIn(ReplayRows()),
                         [](const auto& row) { return row.param.name; });

// They come after a release: no signer asks for them.
TEST(Replays, AreNoDemandOfASigner) {
  ReplayWorld world;
  const auto release =
      *ParseStatementAs<Release>(world.input.lines[kReleaseLine].envelope.payload, "release");
  const std::vector<Bundle> lines(world.input.lines.begin() + 1, world.input.lines.end());
  const Status status = CheckBeforeSigning(
      {release, *world.input.lines[kReleaseLine].certificate, lines, kReplayStart + 400},
      world.input.root, world.input.policy);
  EXPECT_TRUE(status) << status.error().message;
}

}  // namespace
}  // namespace farm
