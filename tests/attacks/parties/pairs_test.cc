// Every two lies of two parties before the customer alone, while all others sign and carry whatever
// they are given: none is VERIFIED, and the refusal names what one of them did.
// FARM_EVERY: of the pairs of each two parties only every so-many-th (tests/support/share.h). Where
// all are judged README.md's figures of what was judged are held to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "tests/attacks/parties/lies.h"
#include "tests/support/share.h"

namespace farm {
namespace {

std::string Readme() {
  const auto text = ReadFile("tests/attacks/parties/README.md", 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  return text.value_or("");
}

std::vector<Lie> ShownLiesOf(const std::string& party) {
  std::vector<Lie> lies = AllLies();
  std::erase_if(lies, [&](const Lie& lie) { return lie.party != party || !lie.alone; });
  return lies;
}

std::vector<std::string> PartiesAfter(const std::string& party) {
  const std::vector<std::string> parties = LyingParties();
  return {std::ranges::find(parties, party) + 1, parties.end()};
}

struct PairOfLies {
  std::size_t first;
  std::size_t second;
};

// Places in the lists of two parties' lies.  In diagonals: where there is any, the first two are
// among them, and no lie is left out with all parties.
std::vector<PairOfLies> ShareOf(std::size_t firsts, std::size_t seconds, std::size_t every) {
  std::vector<PairOfLies> pairs;
  for (std::size_t second = 0; second < seconds; ++second) {
    for (std::size_t first = 0; first < firsts; ++first) {
      if ((first + second) % every == 0) pairs.push_back({first, second});
    }
  }
  return pairs;
}

struct Judged {
  int pairs = 0;
  int verified = 0;

  // Of README.md's table of what was judged.
  std::string Row(const std::string& party) const {
    return "| " + party + " | " + std::to_string(pairs) + " | " + std::to_string(verified) + " |\n";
  }
};

void JudgePair(const EvidenceMaker& farm, const Lie& first, const Lie& second, Judged& judged) {
  const std::string both = first.name + " and " + second.name;
  const Verdict verdict = JudgeAlone(farm, {&*first.alone, &*second.alone});
  const std::vector<std::string> broken = BrokenRules(verdict);
  ++judged.pairs;
  if (verdict.proved()) ++judged.verified;
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
  const std::size_t every = EveryHowMany();
  const EvidenceMaker farm = FarmOfLies();
  const std::vector<Lie> own = ShownLiesOf(GetParam());
  Judged judged;
  for (const std::string& other : PartiesAfter(GetParam())) {
    const std::vector<Lie> theirs = ShownLiesOf(other);
    for (const auto& [first, second] : ShareOf(own.size(), theirs.size(), every)) {
      JudgePair(farm, own[first], theirs[second], judged);
    }
  }
  const std::string row = judged.Row(GetParam());
  std::printf("%s", row.c_str());
  if (every > 1 || judged.pairs == 0) return;
  EXPECT_THAT(Readme(), testing::HasSubstr("\n" + row));
}

INSTANTIATE_TEST_SUITE_P(Of, Pairs, testing::ValuesIn(LyingParties()), [](const auto& one) {
  std::string name = one.param;
  std::ranges::replace(name, ' ', '_');
  return name;
});

// Kit makers speak to a regulator, whose kit has the evidence in it: each of their lies with each
// that others tell in the lines of a release.  Certifiers are none of the farm of a kit's example.
TEST(PairsOfAKitMaker, AreRefusedByTheRegulator) {
  const std::size_t every = EveryHowMany();
  std::vector<Lie> told = AllLies();
  std::erase_if(told, [](const Lie& lie) {
    return !lie.alone || !lie.alone->draft || lie.party == "certifier";
  });
  const std::vector<Lie> own = LiesOfKitMakers();
  int kits = 0;
  int taken = 0;
  for (const auto& [first, second] : ShareOf(own.size(), told.size(), every)) {
    const Lie& kit = own[first];
    const Lie& evidence = told[second];
    const std::string both = kit.name + " and " + evidence.party + " " + evidence.name;
    const Stop stop = kit.with_evidence(evidence.alone->draft);
    ++kits;
    if (stop.by != "regulator") ++taken;
    EXPECT_EQ(stop.by, "regulator") << both << "\n" << stop.words;
    EXPECT_NE(stop.exit, ExitCode::kProved) << both;
    EXPECT_NE(stop.exit, ExitCode::kInternal) << both;
    EXPECT_THAT(stop.words, testing::AnyOf(testing::HasSubstr(kit.caught.words),
                                           testing::HasSubstr(evidence.alone->rule)))
        << both;
  }
  const std::string sentence =
      std::to_string(kits) + " kits with two lies, " + std::to_string(taken) + " taken.\n";
  std::printf("%s", sentence.c_str());
  if (every > 1) return;
  EXPECT_THAT(Readme(), testing::HasSubstr("\n" + sentence));
}

// Whatever FARM_EVERY says.
TEST(Share, HasEveryLieAndEveryTwoParties) {
  const std::size_t every = EveryHowMany();
  std::set<std::string> told;
  std::set<std::string> all;
  for (const std::string& party : LyingParties()) {
    const std::vector<Lie> own = ShownLiesOf(party);
    for (const Lie& lie : own) all.insert(party + " " + lie.name);
    for (const std::string& other : PartiesAfter(party)) {
      const std::vector<Lie> theirs = ShownLiesOf(other);
      const std::vector<PairOfLies> pairs = ShareOf(own.size(), theirs.size(), every);
      EXPECT_EQ(pairs.empty(), own.empty() || theirs.empty()) << party << ", " << other;
      for (const auto& [first, second] : pairs) {
        told.insert(party + " " + own[first].name);
        told.insert(other + " " + theirs[second].name);
      }
    }
  }
  EXPECT_EQ(told, all);
}

// The rows of the table are each held by the party's own test; together they are what it says.
TEST(Readme, AddsUpWhatWasJudged) {
  const std::string text = Readme();
  const std::string head =
      "| a lie of | with one of each party after it | VERIFIED |\n|---|---|---|\n";
  const std::size_t at = text.find(head);
  ASSERT_NE(at, std::string::npos);
  std::vector<std::string> parties;
  Judged all;
  for (const std::string& line : Split(text.substr(at + head.size()), '\n')) {
    if (!line.starts_with("| ")) break;
    const std::vector<std::string> cells = Split(line, '|');
    ASSERT_EQ(cells.size(), 5U) << line;
    parties.push_back(cells[1].substr(1, cells[1].size() - 2));
    all.pairs += std::stoi(cells[2]);
    all.verified += std::stoi(cells[3]);
  }
  std::vector<std::string> want = LyingParties();
  std::erase_if(want, [](const std::string& party) {
    const std::vector<std::string> after = PartiesAfter(party);
    return ShownLiesOf(party).empty() || std::ranges::all_of(after, [](const std::string& other) {
             return ShownLiesOf(other).empty();
           });
  });
  EXPECT_EQ(parties, want);
  EXPECT_THAT(text, testing::HasSubstr("\n" + std::to_string(all.pairs) + " pairs of lies, " +
                                       std::to_string(all.verified) + " VERIFIED.\n"));
}

}  // namespace
}  // namespace farm
