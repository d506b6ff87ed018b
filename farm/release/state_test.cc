#include "farm/release/state.h"

#include <gtest/gtest.h>

#include "farm/crypto/hash.h"

namespace farm {
namespace {

Effect Row(const std::string& kind, const std::string& key = "", const std::string& note = "") {
  return Effect{kind, key, 1, Sha256(kind + key), note};
}

std::vector<Effect> UpTo(std::size_t count) {
  const std::vector<std::string> sites = {"xa", "xb"};
  const std::vector<Effect> rows = {
      Row("submitted", "", WriteSubmittedFacts({"p", "1", 1, "requester-1", 5})),
      Row("request.signed"),
      Row("request.logged", "", "0"),
      Row("intent.signed", "1", WriteRoundNote(1, sites)),
      Row("intent.logged", "1", "3"),
      Row("record", RecordKey(1, "xa"), "succeeded"),
      Row("record", RecordKey(1, "xb"), "succeeded"),
      Row("deciding", "1"),
      Row("release.signed", "", "7"),
      Row("release.logged", "", "9"),
      Row("published", "", "[]"),
      Row("done"),
  };
  return {rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(State, StageFollowsFromTheRows) {
  const Stage kStages[] = {Stage::kUnknown,          Stage::kSubmitted,        Stage::kSubmitted,
                           Stage::kWaitingApprovals, Stage::kWaitingApprovals, Stage::kBuilding,
                           Stage::kBuilding,         Stage::kDeciding,         Stage::kDeciding,
                           Stage::kPublishing,       Stage::kPublishing,       Stage::kPublishing,
                           Stage::kReleased};
  for (std::size_t i = 0; i < std::size(kStages); ++i) {
    const auto state = StateOf(UpTo(i));
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_EQ(state->stage(), kStages[i]) << i << ": " << Name(state->stage());
    EXPECT_EQ(state->exit().has_value(), IsEnd(state->stage())) << i;
  }
  const auto state = StateOf(UpTo(12));
  EXPECT_EQ(state->sequence, 7);
  EXPECT_EQ(state->log_index, 9u);
  EXPECT_EQ(state->exit(), ExitCode::kProved);
}

TEST(State, AWithdrawalChangesNoStage) {
  std::vector<Effect> rows = {Row("withdrawal.signed", "a b", "auditor-1")};
  EXPECT_EQ(StateOf(rows)->stage(), Stage::kUnknown);  // of a release of another farm
  EXPECT_FALSE(StateOf(rows)->withdrawals.at("a b").logged);
  rows.push_back(Row("withdrawal.stamped", "a b"));
  EXPECT_TRUE(StateOf(rows)->withdrawals.at("a b").stamped);
  rows.push_back(Row("withdrawal.logged", "a b", "17"));
  for (const Effect& row : UpTo(12)) rows.push_back(row);
  const auto state = StateOf(rows);
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(state->stage(), Stage::kReleased);
  EXPECT_EQ(state->log_index, 9u);
  EXPECT_EQ(state->withdrawals.at("a b").note, "auditor-1");
  EXPECT_TRUE(state->withdrawals.at("a b").logged);
}

TEST(State, OrderOfRowsDoesNotMatter) {
  std::vector<Effect> rows = UpTo(12);
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(StateOf(rows)->stage(), Stage::kReleased);
}

TEST(State, OtherEnds) {
  std::vector<Effect> failed = UpTo(5);
  failed.push_back(Row("record", RecordKey(1, "xa"), "failed"));
  failed.push_back(Row("record", RecordKey(1, "xb"), "failed"));
  EXPECT_EQ(StateOf(failed)->stage(), Stage::kBuildFailed);
  EXPECT_EQ(StateOf(failed)->exit(), ExitCode::kBuildFailed);

  std::vector<Effect> dissent = UpTo(8);
  dissent.push_back(Row("dissent.signed", "", "x differs"));
  EXPECT_EQ(StateOf(dissent)->stage(), Stage::kDeciding);
  dissent.push_back(Row("dissent.logged", "", "9"));
  EXPECT_EQ(StateOf(dissent)->stage(), Stage::kDissent);
  EXPECT_EQ(StateOf(dissent)->exit(), ExitCode::kDissent);

  std::vector<Effect> stopped = UpTo(6);
  stopped.push_back(
      Row("stopped", "1", WriteStopFacts({StopCause::kCancelled, ExitCode::kCancelled, "c"})));
  EXPECT_EQ(StateOf(stopped)->stage(), Stage::kCancelled);
  EXPECT_EQ(StateOf(stopped)->exit(), ExitCode::kCancelled);
  stopped.push_back(Row("resumed", "1", "2"));
  EXPECT_EQ(StateOf(stopped)->stage(), Stage::kWaitingApprovals);
  EXPECT_EQ(StateOf(stopped)->round, 2);
  EXPECT_TRUE(StateOf(stopped)->Current().sites.empty());
  stopped.push_back(
      Row("stopped", "2", WriteStopFacts({StopCause::kSigner, ExitCode::kQuorum, "s"})));
  EXPECT_EQ(StateOf(stopped)->stage(), Stage::kRefused);
  EXPECT_EQ(StateOf(stopped)->exit(), ExitCode::kQuorum);
}

TEST(State, AReleaseThatOnlyTheLogKnowsIsNotReleasedBeforeItIsSeenInThePublishedTree) {
  const Effect logged = Row("log.release", "", WriteRebuiltFacts({}));
  EXPECT_EQ(StateOf({logged})->stage(), Stage::kPublishing);
  EXPECT_EQ(StateOf({logged, Row("done")})->stage(), Stage::kReleased);
}

TEST(State, RefusesRowsItDoesNotKnow) {
  for (const Effect& row : {Row("colour"), Row("request.painted"), Row("intent.signed", "x", "{}"),
                            Row("record", "nospace"), Row("published", "", "{"),
                            Row("stopped", "1", "{}"), Row("release.logged", "", "-1")}) {
    const auto state = StateOf({row});
    EXPECT_FALSE(state) << row.kind;
    EXPECT_EQ(state.error().code, ErrorCode::kInvalidInput) << row.kind;
  }
}

}  // namespace
}  // namespace farm
