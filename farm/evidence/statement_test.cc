// Every kind comes back as written; tests/vectors holds an example of each.
#include "farm/evidence/statement.h"

#include <gtest/gtest.h>

#include <functional>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

std::string Payload(std::size_t line) {
  static const MadeRelease made = EvidenceMaker().Make();
  return made.lines[line].envelope.payload;
}

Record GoodRecord() { return *ParseStatementAs<Record>(Payload(kFirstRecordLine), "record"); }
Release GoodRelease() { return *ParseStatementAs<Release>(Payload(kReleaseLine), "release"); }

TEST(Statement, ComesBackAsWritten) {
  for (std::size_t line = 0; line < 8; ++line) {
    const std::string payload = Payload(line);
    const auto statement = ParseStatement(payload, "line");
    ASSERT_TRUE(statement.has_value()) << statement.error().message;
    EXPECT_EQ(WriteStatement(*statement), payload);
  }
}

TEST(Statement, IsOneKindOnly) {
  const auto wrong = ParseStatementAs<Release>(Payload(kRequestLine), "bundle line 1");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message, "bundle line 1: is a request, want a release");
}

TEST(Statement, RecordOfAFailureNamesTheManifest) {
  Record record = GoodRecord();
  record.result = BuildResult::kFailed;
  record.outputs.clear();
  const std::string payload = WriteStatement(record);
  const auto read = ParseStatementAs<Record>(payload, "record");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->result, BuildResult::kFailed);
  EXPECT_TRUE(read->outputs.empty());
}

TEST(Statement, ApprovalByDiffNamesItsBase) {
  Approval approval = *ParseStatementAs<Approval>(Payload(6), "approval");
  EXPECT_FALSE(approval.base.has_value());
  approval.scope = kScopeDiff;
  approval.base = Sha256("base");
  const auto read = ParseStatementAs<Approval>(WriteStatement(approval), "approval");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->scope, kScopeDiff);
  EXPECT_EQ(read->base, Sha256("base"));
}

TEST(Statement, IsWrittenSorted) {
  Release release = GoodRelease();
  const std::string payload = WriteStatement(release);
  std::swap(release.artifacts[0], release.artifacts[1]);
  std::swap(release.approvals[0], release.approvals[1]);
  EXPECT_EQ(WriteStatement(release), payload);
}

struct Bend {
  std::string name;
  std::size_t line;
  std::function<void(Json&)> bend;
};

TEST(Statement, RefusesWhatItDoesNotUnderstand) {
  const auto subject = [](Json& j) -> Json& { return j["subject"][0]; };
  const auto predicate = [](Json& j) -> Json& { return j["predicate"]; };
  const auto definition = [](Json& j) -> Json& { return j["predicate"]["buildDefinition"]; };
  const auto internal = [&](Json& j) -> Json& { return definition(j)["internalParameters"]; };
  const Bend kRows[] = {
      {"another_type", 0, [](Json& j) { j["_type"] = "https://in-toto.io/Statement/v2"; }},
      {"another_predicate", 0, [](Json& j) { j["predicateType"] = "https://farm.example/x/v1"; }},
      {"another_major", 0, [](Json& j) { j["predicateType"] = "https://farm.example/release/v2"; }},
      {"unknown_field", 0, [](Json& j) { j["more"] = 1; }},
      {"unknown_predicate_field", 0, [&](Json& j) { predicate(j)["more"] = 1; }},
      {"missing_field", 0, [&](Json& j) { predicate(j).erase("sequence"); }},
      {"no_subject", 0, [](Json& j) { j["subject"] = Json::array(); }},
      {"sequence_zero", 0, [&](Json& j) { predicate(j)["sequence"] = 0; }},
      {"digest_too_short", 0, [&](Json& j) { predicate(j)["intent"] = "sha256:ab"; }},
      {"time_with_offset", 0,
       [&](Json& j) { predicate(j)["created"] = "2027-01-15T08:00:00+01:00"; }},
      {"artifact_with_slash", 0, [&](Json& j) { subject(j)["name"] = "a/b"; }},
      {"artifact_dot_dot", 0, [&](Json& j) { subject(j)["name"] = ".."; }},
      {"artifact_with_newline", 0, [&](Json& j) { subject(j)["name"] = "a\nb"; }},
      {"artifact_twice", 0, [](Json& j) { j["subject"].push_back(j["subject"][1]); }},
      {"artifacts_not_sorted", 0, [](Json& j) { std::swap(j["subject"][0], j["subject"][1]); }},
      {"mode_setuid", 0, [&](Json& j) { subject(j)["annotations"]["mode"] = "4755"; }},
      {"size_negative", 0, [&](Json& j) { subject(j)["annotations"]["size"] = -1; }},
      {"size_as_text", 0, [&](Json& j) { subject(j)["annotations"]["size"] = "12"; }},
      {"no_requester", 1, [&](Json& j) { predicate(j)["requester"] = ""; }},
      {"control_in_version", 1, [&](Json& j) { predicate(j)["version"] = "1\x1b[31m"; }},
      {"request_with_two_subjects", 1, [](Json& j) { j["subject"].push_back(j["subject"][0]); }},
      {"request_of_no_manifest", 1, [&](Json& j) { subject(j)["name"] = "other"; }},
      {"no_sites", 2, [&](Json& j) { predicate(j)["sites"] = Json::array(); }},
      {"site_twice", 2, [&](Json& j) { predicate(j)["sites"][1] = predicate(j)["sites"][0]; }},
      {"attempt_zero", 2, [&](Json& j) { predicate(j)["attempt"] = 0; }},
      {"short_nonce", 2, [&](Json& j) { predicate(j)["nonce"] = "00"; }},
      {"another_build_type", 3, [&](Json& j) { definition(j)["buildType"] = "x"; }},
      {"another_result", 3, [&](Json& j) { internal(j)["result"] = "maybe"; }},
      {"another_limit", 3, [&](Json& j) { internal(j)["limits"] = "none"; }},
      {"failed_with_outputs", 3, [&](Json& j) { internal(j)["result"] = "failed"; }},
      {"nested_sandbox_fact", 3,
       [&](Json& j) {
         internal(j)["sandbox"]["x"] = {{"y", 1}};
       }},
      {"dependency_missing", 3, [&](Json& j) { definition(j)["resolvedDependencies"].erase(1); }},
      {"dependency_renamed", 3,
       [&](Json& j) { definition(j)["resolvedDependencies"][2]["name"] = "disk"; }},
      {"another_scope", 6, [&](Json& j) { predicate(j)["scope"] = "all"; }},
      {"diff_without_base", 6, [&](Json& j) { predicate(j)["scope"] = "diff"; }},
      {"tree_with_base", 6, [&](Json& j) { predicate(j)["base"] = Sha256("base").Text(); }},
      {"base_no_digest", 6,
       [&](Json& j) {
         predicate(j)["scope"] = "diff";
         predicate(j)["base"] = "the last one";
       }},
      {"tree_too_short", 6, [](Json& j) { j["subject"][1]["digest"]["gitTree"] = "ab"; }},
  };
  for (const Bend& row : kRows) {
    Json json = *ParseJson(Payload(row.line), "payload");
    row.bend(json);
    const auto statement = ParseStatement(WriteCanonicalJson(json), "line");
    ASSERT_FALSE(statement.has_value()) << row.name;
    EXPECT_EQ(statement.error().code, ErrorCode::kInvalidInput) << row.name;
    EXPECT_TRUE(statement.error().message.starts_with("line")) << statement.error().message;
  }
}

TEST(Statement, TakesOnlyTheCanonicalBytes) {
  const std::string good = Payload(kRequestLine);
  EXPECT_FALSE(ParseStatement(good + "\n", "line").has_value());
  EXPECT_FALSE(ParseStatement(" " + good, "line").has_value());
  EXPECT_FALSE(ParseStatement(ParseJson(good, "")->dump(1), "line").has_value());
}

TEST(Statement, HasLimits) {
  Release release = GoodRelease();
  release.artifacts.clear();
  const auto add = [&](std::size_t number) {
    std::string name = std::to_string(number);
    name.insert(0, 6 - name.size(), '0');
    release.artifacts.push_back({name, Sha256(name), 1, "0644"});
  };
  for (std::size_t i = 0; i < kArtifactsMax; ++i) add(i);
  EXPECT_TRUE(ParseStatement(WriteStatement(release), "line").has_value());
  add(kArtifactsMax);
  EXPECT_EQ(ParseStatement(WriteStatement(release), "line").error().code,
            ErrorCode::kLimitExceeded);

  Record record = GoodRecord();
  record.outputs[0].name = std::string(255, 'a');
  EXPECT_TRUE(ParseStatement(WriteStatement(record), "line").has_value());
  record.outputs[0].name += 'a';
  EXPECT_FALSE(ParseStatement(WriteStatement(record), "line").has_value());
}

}  // namespace
}  // namespace farm
