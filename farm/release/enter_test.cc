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

// A farm with a release that people may withdraw.
class Enter : public testing::Test {
 protected:
  Enter() {
    const std::string id = harness_.Release(harness_.Make("1.0"));
    release_ = Must(harness_.farm().PublishedLine(id));
    size_ = world().log_size();
  }
  FakeWorld& world() { return harness_.world(); }
  Withdrawal WithdrawalBy(const std::string& who) const {
    return {release_.PaeDigest(), "greeting", "1.0", "it is rude", who, 1'800'000'000};
  }
  Result<std::string> EnterLine(const std::string& line) {
    return harness_.farm().Enter(line, WriteBundleLine(release_));
  }

  Harness harness_;
  Bundle release_;
  std::size_t size_ = 0;
};

TEST_F(Enter, AnAuditorsOrRequestersWithdrawalIsStampedAndLoggedOnce) {
  for (const auto& [who, key] : {std::pair{"auditor-1", &world().auditor_key(0)},
                                 std::pair{"requester-1", &world().requester_key()}}) {
    const std::string line = SignedBy(*key, WithdrawalBy(who));
    const std::size_t before = world().log_size();
    const Bundle logged = Must(ParseBundleLine(Must(EnterLine(line)), "answer"));
    EXPECT_TRUE(logged.timestamp.has_value());
    ASSERT_TRUE(logged.log_entry.has_value());
    EXPECT_EQ(Must(ParseStatementAs<Withdrawal>(logged.envelope.payload, "answer")).by, who);
    EXPECT_TRUE(EnterLine(line));  // the answer was lost: asked again
    EXPECT_EQ(world().log_size(), before + 1) << who;
  }
}

TEST_F(Enter, NobodyElseAndNothingElse) {
  const PrivateKey stranger = PrivateKey::Generate(KeyKind::kP256);
  const auto exit_of = [&](const std::string& line) {
    const auto entered = EnterLine(line);
    return entered ? ExitCode::kProved : entered.error().Exit();
  };
  EXPECT_EQ(exit_of(SignedBy(stranger, WithdrawalBy("auditor-1"))), ExitCode::kBadSignature);
  EXPECT_EQ(exit_of(SignedBy(world().auditor_key(1), WithdrawalBy("auditor-1"))),
            ExitCode::kBadSignature);
  Bundle bent =
      Must(ParseBundleLine(SignedBy(world().auditor_key(0), WithdrawalBy("auditor-1")), "line"));
  bent.envelope.signature.back() ^= 1;
  EXPECT_EQ(exit_of(WriteBundleLine(bent)), ExitCode::kBadSignature);
  SiteLocation location{"https://farm.example/sites/xa", "dev-a", "XA", 0, 1, "auditor-1", 0};
  EXPECT_EQ(exit_of(SignedBy(world().auditor_key(0), location)), ExitCode::kBadSignature);
  const Request request{Sha256("manifest"), "greeting", "1.0", "requester-1", 1'800'000'000};
  EXPECT_EQ(exit_of(SignedBy(world().requester_key(), request)), ExitCode::kUsage);
  EXPECT_EQ(exit_of("{}"), ExitCode::kUsage);
  EXPECT_EQ(world().log_size(), size_);
}

// Else one person could withdraw without end, and fill the log and every monitor's memory.
TEST_F(Enter, NoWithdrawalOfWhatTheSignerHasNotLogged) {
  const auto exit_of = [&](const Withdrawal& withdrawal, const std::string& release_line) {
    const auto entered =
        harness_.farm().Enter(SignedBy(world().auditor_key(0), withdrawal), release_line);
    return entered ? ExitCode::kProved : entered.error().Exit();
  };
  const Withdrawal good = WithdrawalBy("auditor-1");
  const std::string line = WriteBundleLine(release_);
  EXPECT_EQ(exit_of(good, ""), ExitCode::kUsage);
  Bundle unlogged = release_;
  unlogged.log_entry.reset();
  EXPECT_EQ(exit_of(good, WriteBundleLine(unlogged)), ExitCode::kLogProof);
  EXPECT_EQ(exit_of(good, SignedBy(world().auditor_key(0), good)), ExitCode::kUsage);
  Withdrawal bent = good;
  bent.release = Sha256("another");
  EXPECT_EQ(exit_of(bent, line), ExitCode::kInputMissing);
  bent = good;
  bent.product = "other";
  EXPECT_EQ(exit_of(bent, line), ExitCode::kInputMissing);
  bent = good;
  bent.version = "1.1";
  EXPECT_EQ(exit_of(bent, line), ExitCode::kInputMissing);
  EXPECT_EQ(world().log_size(), size_);
  EXPECT_EQ(exit_of(good, line), ExitCode::kProved);
}

TEST_F(Enter, WhatNobodyWouldCountIsNotAnswered) {
  const std::string line = SignedBy(world().auditor_key(0), WithdrawalBy("auditor-1"));
  world().token_ahead = 3600;
  EXPECT_FALSE(EnterLine(line));
  world().token_ahead = 0;
  world().cosigners = 0;
  EXPECT_FALSE(EnterLine(line));
  world().cosigners = 2;
  EXPECT_TRUE(EnterLine(line));
}

TEST(PublishedLine, IsThatOfTheReleaseOnceItIsPublished) {
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

// Each would stand where the published tree has something else.
TEST(Admission, RefusesTheNamesOfThePublishedTree) {
  Harness harness;
  const std::string manifest = harness.Make("1.0").manifest;
  const auto refusal = [&](const std::string& from, const std::string& to) {
    std::string bent = manifest;
    const std::size_t at = bent.find(from);
    if (at == std::string::npos) return from + " is not in the manifest";
    bent.replace(at, from.size(), to);
    const auto admitted = AdmitManifest(bent, harness.world().rules());
    return admitted ? "" : admitted.error().message;
  };
  EXPECT_EQ(refusal("\"product\":\"greeting\"", "\"product\":\"tufa\""), "");
  for (const std::string name :
       {"root", "by-digest", "tile", "payload", "log", "checkpoint", "tuf", "x.json"}) {
    EXPECT_TRUE(refusal("\"product\":\"greeting\"", "\"product\":\"" + name + "\"")
                    .starts_with("manifest.product: \"" + name + "\""))
        << name;
  }
  EXPECT_EQ(refusal("\"version\":\"1.0\"", "\"version\":\"newest\""), "");
  EXPECT_TRUE(refusal("\"version\":\"1.0\"", "\"version\":\"newest.sigstore.jsonl\"")
                  .starts_with("manifest.version: "));
}

}  // namespace
}  // namespace farm
