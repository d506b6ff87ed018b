// Where sites stand, by who is listed to say so: one row a rule, as in verdict_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/status_case.h"

namespace farm {
namespace {

class Certified : public StatusVerdict {
 protected:
  Bundle LocationLine(const std::function<void(SiteLocation&, LineDraft&)>& bend, int site) {
    SiteLocation location = maker_.Location(site);
    LineDraft draft = maker_.Draft(location, "certifier-0", kMade + 50);
    bend(location, draft);
    draft.statement = location;
    return maker_.MakeLine(draft);
  }
  VerdictInput CertifiedInput() {
    const auto as_it_is = [](SiteLocation&, LineDraft&) {};
    VerdictInput input = maker_.Input(made_);
    input.policy.certified_countries = true;
    for (int i = 0; i < 3; ++i) input.certifications.push_back(LocationLine(as_it_is, i));
    return input;
  }
};

TEST_F(Certified, EverySiteStandsWhereSomebodySaysItDoes) {
  VerdictInput input = CertifiedInput();
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  EXPECT_EQ(RuleOf(Judge(input), "certifiers").found, "XA XB XC");
  input.certifications.push_back(made_.lines[kRequestLine]);  // what is none of them is passed over
  EXPECT_TRUE(Judge(input).proved());
  input.certifications.erase(input.certifications.begin() + 1);
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  EXPECT_THAT(RuleOf(Judge(input), "certifiers").found, testing::HasSubstr("site/1"));
  input.policy.certified_countries = false;
  EXPECT_TRUE(Judge(input).proved());
}

// The operator's CA may issue a leaf for any key: also for one that the root lists for somebody who
// is to vouch for him.
TEST_F(Certified, WhoHasSignedForASiteVouchesForNone) {
  made_ = maker_.Make([](LineDraft& draft) {
    if (draft.party == "site-1") draft.party = "certifier-0";
  });
  VerdictInput input = CertifiedInput();
  EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  EXPECT_THAT(RuleOf(Judge(input), "certifiers").found,
              testing::HasSubstr("its key has also signed for a site"));
  input.policy.certified_countries = false;
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
}

TEST_F(Certified, AStatementCountsOnlyForWhatItSays) {
  using Bend = std::function<void(SiteLocation&, LineDraft&)>;
  const UnixSeconds built = kMade + 300;
  const std::pair<std::string, Bend> kRows[] = {
      {"another_site", [](SiteLocation& l, LineDraft&) { l.builder = EvidenceMaker::SiteId(1); }},
      {"another_operator", [](SiteLocation& l, LineDraft&) { l.operator_id = "operator-1"; }},
      {"another_country", [](SiteLocation& l, LineDraft&) { l.country = "XB"; }},
      {"later", [&](SiteLocation& l, LineDraft&) { l.start = built + 1; }},
      {"earlier", [&](SiteLocation& l, LineDraft&) { l.end = built - 1; }},
      {"by_a_monitor", [](SiteLocation&, LineDraft& d) { d.party = "monitor-0"; }},
      {"by_a_monitor_who_says_so",
       [](SiteLocation& l, LineDraft& d) { l.certifier = d.party = "monitor-0"; }},
      {"in_another_name", [](SiteLocation& l, LineDraft&) { l.certifier = "certifier-1"; }},
      {"not_stamped", [](SiteLocation&, LineDraft& d) { d.stamped = false; }},
      {"not_logged", [](SiteLocation&, LineDraft& d) { d.logged = false; }},
      {"not_witnessed", [](SiteLocation&, LineDraft& d) { d.witnesses = {0}; }},
  };
  VerdictInput input = CertifiedInput();
  for (const auto& [name, bend] : kRows) {
    input.certifications[0] = LocationLine(bend, 0);
    EXPECT_EQ(BrokenRules(Judge(input)), std::vector<std::string>{"certifiers"}) << name;
    EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction) << name;
  }
  for (const Bend& bend : {Bend([&](SiteLocation&l, LineDraft&) { l.start = built; }),
                           Bend([&](SiteLocation&l, LineDraft&) { l.end = built; })}) {
    input.certifications[0] = LocationLine(bend, 0);
    EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
  }
}

TEST_F(Certified, ByACertifierOfThatTime) {
  VerdictInput input = CertifiedInput();
  const TrustRoot good = input.root;
  input.root.certifiers[0].valid_for.end = kMade + 49;
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  input.root = good;
  input.root.revocations.push_back({"key", good.certifiers[0].key.KeyId(), "stolen", kMade + 50});
  EXPECT_EQ(Judge(input).exit, ExitCode::kJurisdiction);
  input.root = good;
  input.root.certifiers[0].valid_for.end = kMade + 50;
  EXPECT_TRUE(Judge(input).proved()) << Words(Judge(input));
}

}  // namespace
}  // namespace farm
