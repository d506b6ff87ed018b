// Every lie alone, against everybody else as they are and before the customer alone: none is
// VERIFIED, and each refusal has a name.
// The tables of README.md are those of this catalogue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "farm/base/files.h"
#include "tests/attacks/parties/lies.h"
#include "tests/attacks/parties/table.h"

namespace farm {
namespace {

std::string NameOf(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

// What everybody else says while one lies.
Stop Tell(const Lie& lie) {
  if (lie.scene) return lie.scene();
  if (!lie.bend) {
    const Verdict verdict = JudgeAlone(*lie.alone);
    return {"customer", verdict.exit, ExplainVerdict(verdict)};
  }
  Parties parties;
  Way way(parties, *lie.bend);
  if (auto stop = way.Run()) return *stop;
  const Verdict verdict = Judge(way.Input());
  return {"customer", verdict.exit, ExplainVerdict(verdict)};
}

class Alone : public testing::TestWithParam<Lie> {};

TEST_P(Alone, IsCaughtByName) {
  const Lie& lie = GetParam();
  const Stop stop = Tell(lie);
  EXPECT_EQ(stop.by, lie.caught.by) << stop.words;
  EXPECT_EQ(static_cast<int>(stop.exit), static_cast<int>(lie.caught.exit)) << stop.words;
  EXPECT_THAT(stop.words, testing::HasSubstr(lie.caught.words));
  // Nothing is worse than a lie that nobody names.
  EXPECT_FALSE(stop.words.empty());
  if (stop.by != "monitor") {
    EXPECT_NE(stop.exit, ExitCode::kProved) << stop.words;
  }
}

TEST_P(Alone, IsRefusedByTheCustomerToo) {
  const Lie& lie = GetParam();
  if (!lie.alone) {
    EXPECT_FALSE(lie.why_not.empty());
    return;
  }
  const Verdict verdict = JudgeAlone(*lie.alone);
  EXPECT_FALSE(verdict.proved());
  EXPECT_EQ(static_cast<int>(verdict.exit), static_cast<int>(lie.alone->exit))
      << ExplainVerdict(verdict);
  EXPECT_THAT(BrokenRules(verdict), testing::Contains(lie.alone->rule)) << ExplainVerdict(verdict);
}

INSTANTIATE_TEST_SUITE_P(Lies, Alone, testing::ValuesIn(AllLies()), [](const auto& one) {
  return NameOf(one.param.party) + "_" + one.param.name;
});

// The other side: with nobody lying everything above is signed, logged and VERIFIED.
TEST(Truth, IsVerified) {
  Parties parties;
  Way way(parties, {});
  const auto stop = way.Run();
  ASSERT_FALSE(stop) << stop->by << ": " << stop->words;
  const Verdict verdict = Judge(way.Input());
  EXPECT_TRUE(verdict.proved()) << ExplainVerdict(verdict);
  EXPECT_EQ(MonitorSays(parties), "");
  EXPECT_TRUE(JudgeAlone(CustomerAlone{}).proved());
}

// The time that counts is that by which enough of them had seen it: one that is early moves
// nothing.
TEST(Truth, IsVerifiedThoughOneWitnessIsEarly) {
  const CustomerAlone early{
      .draft = [](LineDraft& draft) { draft.witnessed_by[1] = draft.token - kHourSeconds; }};
  EXPECT_TRUE(JudgeAlone(early).proved());
}

TEST(Catalogue, HasSeveralLiesOfEveryParty) {
  std::map<std::string, std::set<std::string>> names;
  for (const Lie& lie : AllLies()) {
    EXPECT_TRUE(names[lie.party].insert(lie.name).second) << lie.party << " " << lie.name;
    EXPECT_TRUE(lie.scene || lie.bend || lie.alone) << lie.name;
  }
  EXPECT_EQ(names.size(), LyingParties().size());
  for (const std::string& party : LyingParties()) EXPECT_GE(names[party].size(), 4U) << party;
}

TEST(Readme, ShowsTheCatalogue) {
  const auto text = ReadFile("tests/attacks/parties/README.md", 1 << 20);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, testing::HasSubstr(TableOfLies()));
  EXPECT_THAT(*text, testing::HasSubstr(TableOfPairs()));
}

}  // namespace
}  // namespace farm
