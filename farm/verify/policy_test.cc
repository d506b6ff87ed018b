#include "farm/verify/policy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "farm/base/files.h"

namespace farm {
namespace {

TEST(Policy, ComesBackAsWritten) {
  Policy policy;
  policy.sites = 5;
  policy.countries_any = {"CH", "DE"};
  policy.refuse_development_root = true;
  policy.status_max_age_seconds = 14 * 86400;
  policy.certified_countries = true;
  policy.replays = 1;
  policy.replayers = {{"regulator-1", PrivateKey::Generate(KeyKind::kP256).public_key()}};
  policy.mismatch_blocks = false;
  policy.diff_approvals = true;
  const std::string json = WritePolicy(policy);
  const auto read = ParsePolicy(json, "policy.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->sites, 5);
  EXPECT_EQ(read->countries_any, policy.countries_any);
  EXPECT_TRUE(read->refuse_development_root);
  EXPECT_EQ(read->status_max_age_seconds, 14 * 86400);
  EXPECT_TRUE(read->certified_countries);
  EXPECT_EQ(read->replays, 1);
  EXPECT_FALSE(read->mismatch_blocks);
  EXPECT_TRUE(read->diff_approvals);
  EXPECT_EQ(WritePolicy(*read), json);
}

TEST(Policy, NamesReplayersOrLeavesThemOut) {
  Policy policy;
  EXPECT_EQ(WritePolicy(policy).find("replayers"), std::string::npos);
  const PublicKey one = PrivateKey::Generate(KeyKind::kP256).public_key();
  const PublicKey two = PrivateKey::Generate(KeyKind::kEd25519).public_key();
  policy.replayers = {{"regulator-1", one}, {"regulator-2", two}};
  const auto read = ParsePolicy(WritePolicy(policy), "policy.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->replayers.size(), 2u);
  EXPECT_EQ(read->replayers[1].name, "regulator-2");
  EXPECT_TRUE(read->replayers[1].key == two);
  const std::vector<std::vector<Replayer>> kWrong = {{{"regulator-1", one}, {"regulator-1", two}},
                                                     {{"regulator-1", one}, {"regulator-2", one}},
                                                     {{"", one}},
                                                     {{"two\nlines", one}},
                                                     {{std::string(201, 'x'), one}}};
  for (const std::vector<Replayer>& replayers : kWrong) {
    policy.replayers = replayers;
    const auto refused = ParsePolicy(WritePolicy(policy), "policy.json");
    ASSERT_FALSE(refused.has_value()) << replayers[0].name;
    EXPECT_TRUE(refused.error().message.starts_with("policy.json.replayers["))
        << refused.error().message;
  }
  policy.replayers = {{"regulator-1", one}};
  std::string broken = WritePolicy(policy);
  broken.replace(broken.find("\"key\": \""), 12, "\"key\": \"AAAA");
  EXPECT_FALSE(ParsePolicy(broken, "policy.json").has_value());
}

// Nothing could ever meet it.
TEST(Policy, DemandsNoMoreReplaysThanItNamesReplayers) {
  Policy policy;
  policy.replays = 1;
  const auto refused = ParsePolicy(WritePolicy(policy), "policy.json");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().Exit(), ExitCode::kUsage);
  EXPECT_TRUE(refused.error().message.starts_with("policy.json.replays: found 1"))
      << refused.error().message;
  policy.replayers = {{"regulator-1", PrivateKey::Generate(KeyKind::kP256).public_key()}};
  EXPECT_TRUE(ParsePolicy(WritePolicy(policy), "policy.json"));
  policy.replays = 2;
  EXPECT_FALSE(ParsePolicy(WritePolicy(policy), "policy.json"));
}

TEST(Policy, TheFirstFormatDemandsNothingThatIsNew) {
  constexpr char kFirst[] =
      R"({"auditors": 1, "clockSkewSeconds": 60, "countries": 1, "countriesAny": [],
          "format": "farm-policy/1", "operators": 1, "refuseDevelopmentRoot": false,
          "requireKernelLimits": true, "sites": 1, "witnesses": 1)";
  const auto first = ParsePolicy(std::string(kFirst) + "}", "policy.json");
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(first->status_max_age_seconds, 0);
  EXPECT_FALSE(first->certified_countries);
  EXPECT_EQ(first->replays, 0);
  EXPECT_TRUE(first->mismatch_blocks);
  EXPECT_FALSE(first->diff_approvals);
  EXPECT_FALSE(ParsePolicy(std::string(kFirst) + R"(, "replays": 1})", "policy.json").has_value());
}

TEST(Policy, LaterDemandsCanBeSetAside) {
  Policy policy;
  policy.sites = 4;
  policy.status_max_age_seconds = 60;
  policy.certified_countries = true;
  policy.replays = 2;
  const Policy now = WithoutLaterDemands(policy);
  EXPECT_EQ(now.sites, 4);
  EXPECT_EQ(now.status_max_age_seconds, 0);
  EXPECT_FALSE(now.certified_countries);
  EXPECT_EQ(now.replays, 0);
}

TEST(Policy, NamesFileAndFieldOfWhatItRefuses) {
  const std::string good = WritePolicy(Policy{});
  const struct {
    std::string name, from, to, field;
  } kRows[] = {
      {"unknown_field", "\"sites\"", "\"sitez\"", "policy.json.sites"},
      {"no_witness", "\"witnesses\": 2", "\"witnesses\": 0", "policy.json.witnesses"},
      {"no_site", "\"sites\": 3", "\"sites\": 0", "policy.json.sites"},
      {"negative", "\"auditors\": 2", "\"auditors\": -1", "policy.json.auditors"},
      {"text", "\"sites\": 3", "\"sites\": \"3\"", "policy.json.sites"},
      {"another_format", "farm-policy/2", "farm-policy/3", "policy.json.format"},
      {"a_field_of_the_second_in_the_first", "farm-policy/2", "farm-policy/1", "policy.json."},
      {"status_age", "\"statusMaxAgeSeconds\": 0", "\"statusMaxAgeSeconds\": -1",
       "policy.json.statusMaxAgeSeconds"},
      {"replays", "\"replays\": 0", "\"replays\": \"0\"", "policy.json.replays"},
      {"mismatch", "\"mismatchBlocks\": true", "\"mismatchBlocks\": 1",
       "policy.json.mismatchBlocks"},
      {"country", "\"countriesAny\": []", "\"countriesAny\": [\"Suisse\"]",
       "policy.json.countriesAny"},
      {"skew", "\"clockSkewSeconds\": 60", "\"clockSkewSeconds\": 3601",
       "policy.json.clockSkewSeconds"},
  };
  for (const auto& row : kRows) {
    std::string json = good;
    const std::size_t at = json.find(row.from);
    ASSERT_NE(at, std::string::npos) << row.name;
    json.replace(at, row.from.size(), row.to);
    const auto read = ParsePolicy(json, "policy.json");
    ASSERT_FALSE(read.has_value()) << row.name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_TRUE(read.error().message.starts_with(row.field)) << read.error().message;
  }
}

TEST(Policy, IsOnlyEverTightened) {
  Policy policy;
  policy.countries_any = {"CH"};
  const Policy looser = Tighten(policy, Requires{1, 1, 1, 1, {}});
  EXPECT_EQ(looser.sites, policy.sites);
  EXPECT_EQ(looser.operators, policy.operators);
  EXPECT_EQ(looser.auditors, policy.auditors);
  EXPECT_EQ(looser.witnesses, policy.witnesses);
  const Policy tighter = Tighten(policy, Requires{9, 8, 7, 6, {"DE"}});
  EXPECT_EQ(tighter.sites, 9);
  EXPECT_EQ(tighter.operators, 8);
  EXPECT_EQ(tighter.auditors, 7);
  EXPECT_EQ(tighter.witnesses, 6);
  EXPECT_EQ(tighter.countries_any, policy.countries_any);
  EXPECT_EQ(tighter.manifest_countries_any, std::vector<std::string>{"DE"});
}

TEST(Policy, TemplatesAreReadable) {
  for (const std::string name : {"neutral-country", "two-operators", "development"}) {
    const std::string path = "manifests/policies/" + name + ".json";
    const auto json = ReadFile(path, 1 << 16);
    ASSERT_TRUE(json.has_value()) << json.error().message;
    const auto policy = ParsePolicy(*json, path);
    ASSERT_TRUE(policy.has_value()) << policy.error().message;
    EXPECT_EQ(policy->refuse_development_root, name != "development");
    EXPECT_EQ(WritePolicy(*policy), *json);
  }
}

TEST(Policy, SaysItsRulesAndThoseOfTheManifest) {
  Requires demands;
  demands.auditors = 3;
  demands.countries_any = {"CH", "IS"};
  const auto has = [](const std::vector<std::string>& rules, const std::string& rule) {
    return std::ranges::find(rules, rule) != rules.end();
  };
  const auto usual = RulesInWords(Policy{}, {});
  const auto tight = RulesInWords(Tighten(Policy{}, demands), {"site-a", "site-b"});
  EXPECT_TRUE(has(usual, "2 auditors approve the manifest and its sources"));
  EXPECT_TRUE(has(tight, "3 auditors approve the manifest and its sources"));
  EXPECT_TRUE(has(tight, "at least one site is in CH or IS"));
  EXPECT_TRUE(has(tight,
                  "these sites build it, and all of them must agree byte for byte: site-a, "
                  "site-b"));
  EXPECT_EQ(tight.size(), usual.size() + 1);
}

}  // namespace
}  // namespace farm
