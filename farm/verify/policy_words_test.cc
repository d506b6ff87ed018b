#include "farm/verify/policy_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/key.h"
#include "farm/json/json.h"

namespace farm {
namespace {

const PublicKey& ReplayerKey() {
  static const PublicKey key = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  return key;
}

// As strong as the words know, and with every field of the file.
Policy Strong() {
  Policy policy;
  policy.countries = 2;
  policy.countries_any = {"AT", "CH"};
  policy.certified_countries = true;
  policy.refuse_development_root = true;
  policy.status_max_age_seconds = 14 * 86400;
  policy.replays = 1;
  policy.replayers = {{"regulator-1", ReplayerKey()}};
  return policy;
}

std::vector<std::string> WeakFields(const Policy& policy) {
  std::vector<std::string> fields;
  for (const PolicyDemand& demand : ExplainPolicy(policy)) {
    if (!demand.weak.empty()) fields.push_back(demand.field);
  }
  return fields;
}

TEST(ExplainPolicy, SaysEveryFieldOfTheFileOnce) {
  std::vector<std::string> fields;
  for (const PolicyDemand& demand : ExplainPolicy(Strong())) {
    fields.push_back(demand.field);
    EXPECT_FALSE(demand.words.empty()) << demand.field;
  }
  const auto file = ParseJson(WritePolicy(Strong()), "policy");
  ASSERT_TRUE(file.has_value());
  std::vector<std::string> want;
  for (const auto& [name, value] : file->items()) {
    if (name != "format") want.push_back(name);
  }
  EXPECT_THAT(fields, testing::UnorderedElementsAreArray(want));
}

TEST(ExplainPolicy, WarnsOfEachWeakDemandAndOfNothingElse) {
  EXPECT_THAT(WeakFields(Strong()), testing::IsEmpty());
  const struct {
    std::string name;
    std::function<void(Policy&)> change;
    std::vector<std::string> weak;
  } kRows[] = {
      {"no_auditor", [](Policy& p) { p.auditors = 0; }, {"auditors"}},
      {"one_auditor", [](Policy& p) { p.auditors = 1; }, {"auditors"}},
      {"two_auditors", [](Policy& p) { p.auditors = 2; }, {}},
      {"one_operator", [](Policy& p) { p.operators = 1; }, {"operators"}},
      {"one_country", [](Policy& p) { p.countries = 1; }, {"countries"}},
      {"one_site",
       [](Policy& p) { p.sites = p.operators = p.countries = 1; },
       {"sites", "operators", "countries"}},
      {"one_site_named_but_two_operators", [](Policy& p) { p.sites = 1; }, {}},
      {"one_witness", [](Policy& p) { p.witnesses = 1; }, {"witnesses"}},
      {"two_witnesses", [](Policy& p) { p.witnesses = 2; }, {}},
      {"ten_minutes_of_skew", [](Policy& p) { p.clock_skew_seconds = 600; }, {}},
      {"more_skew", [](Policy& p) { p.clock_skew_seconds = 601; }, {"clockSkewSeconds"}},
      {"observed_limits",
       [](Policy& p) { p.require_kernel_limits = false; },
       {"requireKernelLimits"}},
      {"development_root",
       [](Policy& p) { p.refuse_development_root = false; },
       {"refuseDevelopmentRoot"}},
      {"no_status", [](Policy& p) { p.status_max_age_seconds = 0; }, {"statusMaxAgeSeconds"}},
      {"status_of_a_month", [](Policy& p) { p.status_max_age_seconds = 31 * 86400; }, {}},
      {"status_older",
       [](Policy& p) { p.status_max_age_seconds = 31 * 86400 + 1; },
       {"statusMaxAgeSeconds"}},
      {"countries_by_the_farms_word",
       [](Policy& p) { p.certified_countries = false; },
       {"certifiedCountries"}},
      {"no_countries_to_certify",
       [](Policy& p) {
         p.certified_countries = false;
         p.countries = 1;
         p.countries_any.clear();
       },
       {"countries"}},
      {"made_up_country",
       [](Policy& p) {
         p.countries_any = {"CH", "XA"};
       },
       {"countriesAny"}},
      {"mismatch_passes", [](Policy& p) { p.mismatch_blocks = false; }, {"mismatchBlocks"}},
      {"approvals_of_changes", [](Policy& p) { p.diff_approvals = true; }, {"diffApprovals"}},
      {"no_replays", [](Policy& p) { p.replays = 0; }, {}},
      {"no_replayers",
       [](Policy& p) {
         p.replays = 0;
         p.replayers.clear();
       },
       {}},
  };
  for (const auto& row : kRows) {
    Policy policy = Strong();
    row.change(policy);
    EXPECT_EQ(WeakFields(policy), row.weak) << row.name;
  }
}

TEST(PolicyText, SaysItInPlainWords) {
  const std::string text = PolicyText(Strong(), "policy.json", {});
  for (const char* words :
       {"policy.json demands\n",
        "at least 3 sites, each with a key of its own, have built the release and agree byte for "
        "byte\n",
        "they stand in at least 2 different countries\n",
        "at least one of them stands in AT or CH\n", "at least 2 different auditors have approved",
        "a status signed by a monitor is at hand, at most 14 days old\n",
        "clocks of different parties may differ by 60 seconds\n", "nothing in it is weak\n"}) {
    EXPECT_THAT(text, testing::HasSubstr(words));
  }
  Policy weak = Strong();
  weak.auditors = 0;
  weak.witnesses = 1;
  const std::string warned = PolicyText(weak, "policy.json", {});
  EXPECT_THAT(warned, testing::HasSubstr("\n                        weak: nobody needs to have "
                                         "looked at the source"));
  EXPECT_THAT(warned, testing::HasSubstr("\n2 demands are weak; "));
}

// Whose word decides is a demand like any other, whether or not the file says so.
TEST(PolicyText, SaysWhoseVerdictsCount) {
  Policy policy = Strong();
  EXPECT_THAT(
      PolicyText(policy, "p", {}),
      testing::HasSubstr("\n  replayers             only verdicts of these replayers count: "
                         "regulator-1 (key sha256:" +
                         ReplayerKey().KeyId() + ")\n"));
  policy.replayers[0].name = "a\x1b[31m";
  EXPECT_EQ(PolicyText(policy, "p", {}).find('\x1b'), std::string::npos);
  policy.replays = 0;
  policy.replayers.clear();
  EXPECT_THAT(PolicyText(policy, "p", {}),
              testing::HasSubstr("nobody's MATCH counts; a MISMATCH at hand counts whoever signed "
                                 "it\n"));
  policy.mismatch_blocks = false;
  EXPECT_THAT(PolicyText(policy, "p", {}), testing::HasSubstr("nobody's MATCH counts\n"));
}

TEST(PolicyText, SaysHowManySitesOtherDemandsNeed) {
  Policy policy = Strong();
  policy.sites = 2;
  policy.operators = 4;
  EXPECT_THAT(PolicyText(policy, "p", {}),
              testing::HasSubstr("(in effect 4, for so many operators"));
}

TEST(PolicyText, FitsATerminalAndShowsNoControlCharacters) {
  const std::string text =
      PolicyText(Strong(), "a\x1b[31m.json", {.colours = false, .columns = 70});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  for (const std::string& line : Split(text, '\n')) EXPECT_LE(line.size(), 70u) << line;
}

TEST(PolicyJson, HoldsEveryDemand) {
  Policy policy = Strong();
  policy.auditors = 1;
  const auto json = ParseJson(PolicyJson(policy, "policy.json"), "answer");
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ((*json)["format"], "farm-policy-explained/1");
  EXPECT_EQ((*json)["weak"], 1);
  EXPECT_EQ((*json)["demands"].size(), ExplainPolicy(policy).size());
}

TEST(PolicyTemplates, AreTheFilesOfTheFolderAndEachIsOne) {
  std::vector<std::string> names;
  for (const PolicyTemplate& each : PolicyTemplates()) {
    names.emplace_back(each.name);
    const std::string path = "manifests/policies/" + std::string(each.name) + ".json";
    const auto file = ReadFile(path, 1 << 16);
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(each.text, *file) << path;
    const auto policy = ParsePolicy(each.text, path);
    ASSERT_TRUE(policy.has_value()) << policy.error().message;
    EXPECT_EQ(FindPolicyTemplate(each.name), &each);
    EXPECT_THAT(PolicyListText({}), testing::HasSubstr(std::string(each.name) + " "));
  }
  const auto folder = ListDirectory("manifests/policies");
  ASSERT_TRUE(folder.has_value());
  std::vector<std::string> files;
  for (const std::string& name : *folder) {
    if (name.ends_with(".json")) files.push_back(name.substr(0, name.size() - 5));
  }
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(files));
  EXPECT_EQ(FindPolicyTemplate("no-such"), nullptr);
}

TEST(PolicyTemplates, AreAsStrongAsTheirNames) {
  const auto read = [](std::string_view name) {
    return ParsePolicy(FindPolicyTemplate(name)->text, name).value();
  };
  const Policy neutral = read("neutral-country");
  EXPECT_EQ(neutral.sites, 3);
  EXPECT_EQ(neutral.operators, 3);
  EXPECT_EQ(neutral.countries, 2);
  EXPECT_FALSE(neutral.countries_any.empty());
  EXPECT_TRUE(neutral.certified_countries);
  EXPECT_EQ(neutral.auditors, 2);
  EXPECT_EQ(neutral.status_max_age_seconds, 14 * 86400);
  EXPECT_THAT(WeakFields(neutral), testing::IsEmpty());
  const Policy two = read("two-operators");
  EXPECT_EQ(two.sites, 2);
  EXPECT_EQ(two.operators, 2);
  EXPECT_TRUE(two.refuse_development_root);
  EXPECT_THAT(WeakFields(two), testing::ElementsAre("countries", "statusMaxAgeSeconds"));
  EXPECT_FALSE(read("development").refuse_development_root);
}

}  // namespace
}  // namespace farm
