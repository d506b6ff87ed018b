// What is said after a release: each comes back as written, and has one form.
#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

Withdrawal GoodWithdrawal() {
  return {Sha256("release"), "hello", "1.0", "it is not safe", "auditor-0", 1'800'000'000};
}

FarmStatus GoodStatus() {
  EvidenceMaker maker({.monitors = 1});
  FarmStatus status = maker.Status(1'800'000'000);
  status.revoked_keys = {{std::string(64, 'a'), "lost", std::nullopt},
                         {std::string(64, 'b'), "stolen", 1'800'000'000}};
  status.withdrawn = {{Sha256("b"), "hello", "1.0", "bad", "auditor-0", 1'800'000'000},
                      {Sha256("a"), "hello", "1.1", "bad", "requester", 1'800'000'001}};
  if (status.withdrawn[1].release < status.withdrawn[0].release) {
    std::swap(status.withdrawn[0], status.withdrawn[1]);
  }
  status.newest = {{"hello", "1.2", Sha256("c"), 3}, {"world", "1.0", Sha256("d"), 1}};
  status.dissents = {{Sha256("e"), Sha256("manifest"), "hello", "1.3"}};
  return status;
}

template <typename T>
void ComesBack(const T& value) {
  const std::string payload = WriteStatement(value);
  const auto read = ParseStatementAs<T>(payload, "line");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(WriteStatement(*read), payload);
}

TEST(StatusStatements, ComeBackAsWritten) {
  ComesBack(GoodWithdrawal());
  ComesBack(EvidenceMaker({.certifiers = 1}).Location(1));
  ComesBack(GoodStatus());
  const auto read = ParseStatementAs<FarmStatus>(WriteStatement(GoodStatus()), "status");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->logs[0].head.origin, "log.farm.example");
  EXPECT_EQ(read->logs[0].head.size, 5u);
  EXPECT_EQ(read->revoked_keys[1].compromised_since, 1'800'000'000);
  EXPECT_EQ(read->newest[0].sequence, 3);
}

using Rows = std::vector<std::pair<std::string, std::function<void(Json&)>>>;

void AllRefused(const Statement& good, const Rows& rows) {
  const Json json = *ParseJson(WriteStatement(good), "good");
  ASSERT_TRUE(ParseStatement(WriteCanonicalJson(json), "line").has_value());
  for (const auto& [name, bend] : rows) {
    Json bent = json;
    bend(bent);
    const auto read = ParseStatement(WriteCanonicalJson(bent), "line");
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput) << name;
    EXPECT_TRUE(read.error().message.starts_with("line")) << read.error().message;
  }
}

Json& Said(Json& json) { return json["predicate"]; }

TEST(StatusStatements, AWithdrawalHasOneForm) {
  AllRefused(GoodWithdrawal(),
             {{"unknown_field", [](Json& j) { Said(j)["more"] = 1; }},
              {"no_reason", [](Json& j) { Said(j)["reason"] = ""; }},
              {"reason_of_two_lines", [](Json& j) { Said(j)["reason"] = "a\nb"; }},
              {"by_nobody", [](Json& j) { Said(j).erase("by"); }},
              {"of_no_release", [](Json& j) { j["subject"][0]["name"] = "manifest"; }},
              {"of_two_releases", [](Json& j) { j["subject"].push_back(j["subject"][0]); }}});
}

TEST(StatusStatements, ALocationHasOneForm) {
  AllRefused(EvidenceMaker({.certifiers = 1}).Location(0),
             {{"unknown_field", [](Json& j) { Said(j)["more"] = 1; }},
              {"another_site_as_subject",
               [](Json& j) { j["subject"][0]["digest"]["sha256"] = Sha256("x").Hex(); }},
              {"country_in_words", [](Json& j) { Said(j)["country"] = "Suisse"; }},
              {"for_ever", [](Json& j) { Said(j)["validFor"].erase("end"); }},
              {"ends_before_it_begins",
               [](Json& j) { Said(j)["validFor"]["end"] = "2020-01-01T00:00:00Z"; }},
              {"no_operator", [](Json& j) { Said(j)["operator"] = ""; }}});
}

TEST(StatusStatements, AStatusHasOneForm) {
  const auto swap = [](const char* list) {
    return [list](Json& j) { std::swap(Said(j)[list][0], Said(j)[list][1]); };
  };
  const auto twice = [](const char* list) {
    return [list](Json& j) { Said(j)[list].push_back(Said(j)[list].back()); };
  };
  AllRefused(GoodStatus(),
             {{"unknown_field", [](Json& j) { Said(j)["more"] = 1; }},
              {"unknown_field_of_a_key", [](Json& j) { Said(j)["revokedKeys"][0]["more"] = 1; }},
              {"keys_out_of_order", swap("revokedKeys")},
              {"key_twice", twice("revokedKeys")},
              {"key_too_short", [](Json& j) { Said(j)["revokedKeys"][0]["key"] = "ab"; }},
              {"withdrawn_out_of_order", swap("withdrawn")},
              {"withdrawn_twice", twice("withdrawn")},
              {"products_out_of_order", swap("newest")},
              {"product_twice", twice("newest")},
              {"sequence_zero", [](Json& j) { Said(j)["newest"][0]["sequence"] = 0; }},
              {"dissent_twice", twice("dissents")},
              {"no_log",
               [](Json& j) {
                 Said(j)["checkpoints"] = Json::array();
                 j["subject"] = Json::array();
               }},
              {"log_twice",
               [](Json& j) {
                 Said(j)["checkpoints"].push_back(Said(j)["checkpoints"][0]);
                 j["subject"].push_back(j["subject"][0]);
               }},
              {"no_note", [](Json& j) { Said(j)["checkpoints"][0] = "log\n5\n"; }},
              {"another_tree_as_subject",
               [](Json& j) { j["subject"][0]["digest"]["sha256"] = Sha256("x").Hex(); }},
              {"another_log_as_subject", [](Json& j) { j["subject"][0]["name"] = "log.example"; }},
              {"next_before_this", [](Json& j) { Said(j)["nextUpdate"] = "2020-01-01T00:00:00Z"; }},
              {"root_version_zero", [](Json& j) { Said(j)["rootVersion"] = 0; }}});
}

TEST(StatusStatements, AStatusHasLimits) {
  FarmStatus status = GoodStatus();
  status.newest.clear();
  const auto add = [&](std::size_t number) {
    std::string name = std::to_string(number);
    name.insert(0, 6 - name.size(), '0');
    status.newest.push_back({name, "1.0", Sha256(name), 1});
  };
  for (std::size_t i = 0; i < kStatusListMax; ++i) add(i);
  EXPECT_TRUE(ParseStatement(WriteStatement(status), "status").has_value());
  add(kStatusListMax);
  EXPECT_EQ(ParseStatement(WriteStatement(status), "status").error().code,
            ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace farm
