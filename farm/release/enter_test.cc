// What persons say beside the releases on their way: who may, and that it is logged once.
#include <gtest/gtest.h>

#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/verify/verify.h"
#include "tests/support/release_harness.h"

namespace farm {
namespace {

std::string SignedBy(const PrivateKey& key, const Statement& statement) {
  Bundle line;
  line.envelope.payload_type = kInTotoPayloadType;
  line.envelope.payload = WriteStatement(statement);
  line.envelope.key_id = key.public_key().KeyId();
  line.envelope.signature = key.Sign(line.envelope.PaeBytes());
  line.public_key = key.public_key();
  return WriteBundleLine(line);
}

Withdrawal WithdrawalBy(const std::string& who) {
  return {Sha256("release"), "greeting", "1.0", "it is rude", who, 1'800'000'000};
}

TEST(Enter, AnAuditorsOrRequestersWithdrawalIsStampedAndLoggedOnce) {
  Harness harness;
  FakeWorld& world = harness.world();
  for (const auto& [who, key] : {std::pair{"auditor-1", &world.auditor_key(0)},
                                 std::pair{"requester-1", &world.requester_key()}}) {
    const std::string line = SignedBy(*key, WithdrawalBy(who));
    const std::size_t before = world.log_size();
    const Bundle logged = Must(ParseBundleLine(Must(harness.farm().Enter(line)), "answer"));
    EXPECT_TRUE(logged.timestamp.has_value());
    ASSERT_TRUE(logged.log_entry.has_value());
    EXPECT_EQ(Must(ParseStatementAs<Withdrawal>(logged.envelope.payload, "answer")).by, who);
    EXPECT_TRUE(harness.farm().Enter(line));  // the answer was lost: asked again
    EXPECT_EQ(world.log_size(), before + 1) << who;
  }
}

TEST(Enter, NobodyElseAndNothingElse) {
  Harness harness;
  FakeWorld& world = harness.world();
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kP256);
  const auto exit_of = [&](const std::string& line) {
    const auto entered = harness.farm().Enter(line);
    return entered ? ExitCode::kProved : entered.error().Exit();
  };
  EXPECT_EQ(exit_of(SignedBy(stranger, WithdrawalBy("auditor-1"))), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of(SignedBy(world.auditor_key(1), WithdrawalBy("auditor-1"))),
            ExitCode::kBadSignature);
  Bundle bent =
      Must(ParseBundleLine(SignedBy(world.auditor_key(0), WithdrawalBy("auditor-1")), "line"));
  bent.envelope.signature.back() ^= 1;
  EXPECT_EQ(exit_of(WriteBundleLine(bent)), ExitCode::kBadSignature);
  SiteLocation location{"https://farm.example/sites/xa", "dev-a", "XA", 0, 1, "auditor-1", 0};
  EXPECT_EQ(exit_of(SignedBy(world.auditor_key(0), location)), ExitCode::kBadSignature);
  const Request request{Sha256("manifest"), "greeting", "1.0", "requester-1", 1'800'000'000};
  EXPECT_EQ(exit_of(SignedBy(world.requester_key(), request)), ExitCode::kUsage);
  EXPECT_EQ(exit_of("{}"), ExitCode::kUsage);
  EXPECT_EQ(world.log_size(), 0u);
}

TEST(Enter, WhatNobodyWouldCountIsNotAnswered) {
  Harness harness;
  FakeWorld& world = harness.world();
  const std::string line = SignedBy(world.auditor_key(0), WithdrawalBy("auditor-1"));
  world.token_ahead = 3600;
  EXPECT_FALSE(harness.farm().Enter(line));
  world.token_ahead = 0;
  world.cosigners = 0;
  EXPECT_FALSE(harness.farm().Enter(line));
  world.cosigners = 2;
  EXPECT_TRUE(harness.farm().Enter(line));
}

TEST(Enter, APublishedReleaseIsKnownByItsLine) {
  Harness harness;
  const Submission submission = harness.Make("1.0");
  const std::string id = Must(harness.farm().Submit(submission)).id;
  EXPECT_EQ(harness.farm().PublishedLine(id).error().Exit(), ExitCode::kInputMissing);
  harness.Approve(submission);
  harness.Drive();
  ASSERT_EQ(harness.Get(id).stage, Stage::kReleased) << harness.Why(id);
  const std::string lines = Must(
      ReadFile(harness.path("published/greeting/1.0/greet.sigstore.jsonl"), kBundleFileBytesMax));
  EXPECT_EQ(WriteBundleLine(Must(harness.farm().PublishedLine(id))),
            WriteBundleLine(Must(ParseBundleFile(lines, "lines")).front()));
  EXPECT_EQ(harness.farm().PublishedLine("no such").error().Exit(), ExitCode::kInputMissing);
}

}  // namespace
}  // namespace farm
