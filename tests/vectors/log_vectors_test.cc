// Proofs and policies in the formats of others' logs: what stands here was made apart from this
// code, from the bundle and the root beside it.
#include <gtest/gtest.h>

#include "farm/base/files.h"
#include "farm/evidence/tlog_proof.h"

namespace farm {
namespace {

std::string Vector(const std::string& name) {
  const auto bytes = ReadFile("tests/vectors/v1/evidence/" + name, 1 << 20);
  EXPECT_TRUE(bytes.has_value()) << name;
  return bytes ? *bytes : "";
}

TrustRoot RootVector() { return *ParseTrustRoot(Vector("root-file.json"), "root-file.json"); }

TEST(LogVectors, ProofIsReadWrittenAndHolds) {
  const std::string text = Vector("hello.tar.tlog-proof");
  const auto proof = ParseTlogProof(text, "hello.tar.tlog-proof");
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_EQ(WriteTlogProof(*proof), text);
  const auto lines = ParseBundleFile(Vector("hello.tar.sigstore.jsonl"), "bundle");
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(WriteTlogProof(*TlogProofOf(lines->front())), text);
  const auto policy = ParseTlogPolicy(Vector("root-file.tlog-policy"), "policy");
  ASSERT_TRUE(policy) << policy.error().message;
  const auto verdict = CheckTlogProof(*proof, *proof->extra, *policy);
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->checkpoint.size, 10u);
  EXPECT_EQ(ParseCanonicalizedBody(*proof->extra)->pae_digest, lines->front().PaeDigest());
}

TEST(LogVectors, PolicyOfARootIsWrittenTheSameToday) {
  const auto policy = TlogPolicyOf(RootVector(), 1, 1'800'000'000, {});
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(WriteTlogPolicy(*policy), Vector("root-file.tlog-policy"));
}

TEST(LogVectors, PolicyWithGroupsIsRead) {
  const auto policy = ParseTlogPolicy(Vector("groups.tlog-policy"), "groups");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->logs[0].url, "https://log.farm.example/");
  EXPECT_TRUE(QuorumMet(*policy, {0, 2, 3}));
  EXPECT_FALSE(QuorumMet(*policy, {0, 1, 2}));
  EXPECT_FALSE(QuorumMet(*policy, {0, 3}));
}

TEST(LogVectors, TheManualQuotesThem) {
  const auto manual = ReadFile("farm/evidence/FORMAT.md", 1 << 20);
  ASSERT_TRUE(manual.has_value());
  for (const char* name : {"hello.tar.tlog-proof", "root-file.tlog-policy", "groups.tlog-policy"}) {
    EXPECT_NE(manual->find("```\n" + Vector(name) + "```\n"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace farm
