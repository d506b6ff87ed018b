// Every two lies of two parties before the customer alone, while all others sign and carry whatever
// they are given: none is VERIFIED, and the refusal names what one of them did.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "tests/attacks/parties/lies.h"

namespace farm {
namespace {

std::vector<Lie> ShownLiesOf(const std::string& party) {
  std::vector<Lie> lies = AllLies();
  std::erase_if(lies, [&](const Lie& lie) { return lie.party != party || !lie.alone; });
  return lies;
}

void ExpectRefused(const EvidenceMaker& farm, const Lie& first, const Lie& second) {
  const std::string both = first.name + " and " + second.name;
  const Verdict verdict = JudgeAlone(farm, {&*first.alone, &*second.alone});
  const std::vector<std::string> broken = BrokenRules(verdict);
  EXPECT_FALSE(verdict.proved()) << both;
  EXPECT_NE(verdict.exit, ExitCode::kProved) << both;
  EXPECT_NE(verdict.exit, ExitCode::kInternal) << both;
  const bool named = std::ranges::count(broken, first.alone->rule) > 0 ||
                     std::ranges::count(broken, second.alone->rule) > 0;
  EXPECT_TRUE(named) << both << "\n" << ExplainVerdict(verdict);
}

// One party with each of those after it.
class Pairs : public testing::TestWithParam<std::string> {};

TEST_P(Pairs, AreRefused) {
  const EvidenceMaker farm = FarmOfLies();
  const std::vector<std::string> parties = LyingParties();
  const std::vector<Lie> own = ShownLiesOf(GetParam());
  int pairs = 0;
  for (auto other = std::ranges::find(parties, GetParam()) + 1; other != parties.end(); ++other) {
    for (const Lie& second : ShownLiesOf(*other)) {
      for (const Lie& first : own) {
        ExpectRefused(farm, first, second);
        ++pairs;
      }
    }
  }
  std::printf("%s with each of those after it: %d pairs of lies\n", GetParam().c_str(), pairs);
}

INSTANTIATE_TEST_SUITE_P(Of, Pairs, testing::ValuesIn(LyingParties()), [](const auto& one) {
  std::string name = one.param;
  std::ranges::replace(name, ' ', '_');
  return name;
});

}  // namespace
}  // namespace farm
