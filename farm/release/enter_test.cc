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
  // By that person a minute later, in other words.
  static Withdrawal Again(Withdrawal withdrawal) {
    withdrawal.reason = "it is still rude";
    withdrawal.created += 60;
    return withdrawal;
  }
  void ExpectTaken(const std::string& line, const std::string& what) {
    const auto entered = EnterLine(line);
    EXPECT_TRUE(entered) << what << ": " << entered.error().message;
  }
  // As one that auditor-1 has made already; the log stays as it is.
  void ExpectMadeAlready(const std::string& line, const std::string& what) {
    const std::size_t size = world().log_size();
    const auto refused = EnterLine(line);
    ASSERT_FALSE(refused) << what;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused) << what << refused.error().message;
    for (const std::string& words :
         {std::string("greeting 1.0"), release_.PaeDigest().Text(), std::string("by auditor-1"),
          "since " + FormatTime(1'800'000'000)}) {
      EXPECT_NE(refused.error().message.find(words), std::string::npos)
          << what << ": " << words << ": " << refused.error().message;
    }
    EXPECT_EQ(world().log_size(), size) << what;
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

// Customers with a policy of that time, or a laxer one, have it still.
TEST_F(Enter, OfAReleaseThatTodaysPolicyWouldNotTakeAnyMore) {
  ASSERT_EQ(world().policy().witnesses, 2);
  Note note = Must(ParseNote(release_.log_entry->checkpoint));
  const auto leave_out = [&](std::size_t witness) {
    const std::string& name = world().root().witnesses.at(witness).name;
    std::erase_if(note.signatures, [&](const NoteSignature& one) { return one.name == name; });
    release_.log_entry->checkpoint = WriteNote(note);
  };
  leave_out(1);
  ExpectTaken(SignedBy(world().auditor_key(0), WithdrawalBy("auditor-1")), "with one witness");
  leave_out(0);
  EXPECT_EQ(EnterLine(SignedBy(world().auditor_key(1), WithdrawalBy("auditor-2"))).error().Exit(),
            ExitCode::kWitnesses);
}

// Each is in the log for ever: else one person could fill it.
TEST_F(Enter, OnePersonWithdrawsAReleaseOnce) {
  const PrivateKey& key = world().auditor_key(0);
  const Withdrawal withdrawal = WithdrawalBy("auditor-1");
  const std::string first = SignedBy(key, withdrawal);
  const std::string answer = Must(EnterLine(first));
  const std::string second = SignedBy(key, Again(withdrawal));
  ExpectMadeAlready(second, "at once");
  ExpectMadeAlready(SignedBy(key, withdrawal), "the same words, signed anew");
  harness_.Restart();
  ExpectMadeAlready(second, "after a restart");
  EXPECT_EQ(Must(EnterLine(first)), answer);
  harness_.LoseDatabase();
  ExpectMadeAlready(second, "with a new database");
  EXPECT_EQ(Must(EnterLine(first)), answer);
  EXPECT_EQ(world().log_size(), size_ + 1);

  // Another person's word counts for itself, and so does this one's on another release.
  ExpectTaken(SignedBy(world().auditor_key(1), WithdrawalBy("auditor-2")), "by another");
  release_ = Must(harness_.farm().PublishedLine(harness_.Release(harness_.Make("1.1"))));
  Withdrawal of_another = WithdrawalBy("auditor-1");
  of_another.version = "1.1";
  ExpectTaken(SignedBy(key, of_another), "of another");
}

TEST_F(Enter, TheWithdrawalThatWasSignedFirstGoesFirst) {
  const PrivateKey& key = world().auditor_key(0);
  const Withdrawal withdrawal = WithdrawalBy("auditor-1");
  const std::string first = SignedBy(key, withdrawal);
  const std::string second = SignedBy(key, Again(withdrawal));
  for (const std::string where : {"append", "append done"}) {
    world().fault = [where](const std::string& step) {
      return step == where ? Status(Error{ErrorCode::kUnavailable, "the log is down"}) : Status();
    };
    EXPECT_EQ(EnterLine(first).error().Exit(), ExitCode::kUnavailable) << where;
    const auto refused = EnterLine(second);
    ASSERT_FALSE(refused) << where;
    EXPECT_EQ(refused.error().Exit(), ExitCode::kUnavailable) << where;
    EXPECT_NE(refused.error().message.find("auditor-1 has signed before"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(world().log_size(), size_ + (where == "append" ? 0 : 1)) << where;
    harness_.Restart();
  }
  world().fault = nullptr;
  ExpectMadeAlready(second, "the first has its entry, and now an answer");
  const Bundle logged = Must(ParseBundleLine(Must(EnterLine(first)), "answer"));
  EXPECT_EQ(Must(ParseStatementAs<Withdrawal>(logged.envelope.payload, "answer")).reason,
            withdrawal.reason);
  EXPECT_EQ(world().log_size(), size_ + 1);
}

// On a quiet log the entry stays under the head that it got first: a later time stamp than the one
// of then would be of a time after it.
TEST_F(Enter, AWithdrawalWhoseAnswerWasLostKeepsItsTimeStamp) {
  const UnixSeconds later = 2 * world().policy().clock_skew_seconds;
  for (const bool restart : {false, true}) {
    const int auditor = restart ? 1 : 0;
    const std::string who = "auditor-" + std::to_string(auditor + 1);
    const PrivateKey& key = world().auditor_key(auditor);
    const std::string line = SignedBy(key, WithdrawalBy(who));
    world().fault = [](const std::string& step) {
      return step == "append done" ? Status(Error{ErrorCode::kUnavailable, "lost"}) : Status();
    };
    const std::size_t size = world().log_size();
    const UnixSeconds then = world().clock.Now();
    EXPECT_EQ(EnterLine(line).error().Exit(), ExitCode::kUnavailable);
    world().fault = nullptr;
    world().clock.Set(then + later);
    if (restart) harness_.Restart();
    const auto again = EnterLine(SignedBy(key, Again(WithdrawalBy(who))));
    ASSERT_FALSE(again) << who;
    EXPECT_EQ(again.error().Exit(), ExitCode::kRefused) << again.error().message;
    const auto answer = EnterLine(line);
    ASSERT_TRUE(answer) << who << ": " << answer.error().message;
    const Bundle logged = Must(ParseBundleLine(*answer, "answer"));
    EXPECT_LE(Must(VerifyToken(logged, then, world().root())), then) << who;
    EXPECT_EQ(world().log_size(), size + 1) << who;
  }
}

TEST_F(Enter, OfTwoWhoEnterTheSameAtOnceTheFirstTimeStampCounts) {
  const std::string line = SignedBy(world().auditor_key(0), WithdrawalBy("auditor-1"));
  std::string other;
  world().fault = [&](const std::string& step) -> Status {
    if (step != "stamp done" || !other.empty()) return {};
    other = "asked";
    world().clock.Set(world().clock.Now() + 1);
    other = Must(EnterLine(line));
    return {};
  };
  EXPECT_EQ(Must(EnterLine(line)), other);
  EXPECT_EQ(Must(EnterLine(line)), other);
  EXPECT_EQ(world().log_size(), size_ + 1);
}

TEST_F(Enter, ARenewedKeySaysItAgainOnlyIfTheOldOneDoesNotCountAnyMore) {
  Must(EnterLine(SignedBy(world().auditor_key(0), WithdrawalBy("auditor-1"))));
  const PrivateKey renewed = PrivateKey::Generate(KeyKind::kP256);
  const UnixSeconds now = world().clock.Now();
  std::vector<Person>& auditors = world().root().auditors;
  const Person next{"auditor-1", "A", renewed.public_key(), {now + 1, {}}};
  ASSERT_EQ(auditors.front().id, "auditor-1");
  auditors.front().valid_for.end = now;
  auditors.push_back(next);
  world().clock.Set(now + 2);
  Withdrawal withdrawal = WithdrawalBy("auditor-1");
  withdrawal.created = now + 2;
  const std::string line = SignedBy(renewed, withdrawal);
  harness_.Restart();
  ExpectMadeAlready(line, "the root lists both keys");
  auditors.erase(auditors.begin());
  harness_.Restart();
  ExpectTaken(line, "the root has forgotten the old key");
}

// Whoever has stolen a key withdraws nothing with it once that is known.
TEST_F(Enter, NoWithdrawalByARevokedKey) {
  const PrivateKey& key = world().auditor_key(0);
  const UnixSeconds now = world().clock.Now();
  world().root().revocations = {{"key", key.public_key().KeyId(), "stolen", now}};
  harness_.Restart();
  const std::string line = SignedBy(key, WithdrawalBy("auditor-1"));
  EXPECT_EQ(EnterLine(line).error().Exit(), ExitCode::kRevoked);
  EXPECT_EQ(world().log_size(), size_);
  world().root().revocations[0].compromised_since = now + 1000;
  harness_.Restart();
  ExpectTaken(line, "a revocation from later on");
}

// Monitors would not count it, and there is no second one.
TEST_F(Enter, NoWithdrawalOfATimeWhenTheKeyWasNotValid) {
  Withdrawal early = WithdrawalBy("auditor-1");
  early.created = world().root().auditors.front().valid_for.start - 1;
  EXPECT_EQ(EnterLine(SignedBy(world().auditor_key(0), early)).error().Exit(),
            ExitCode::kNotValidThen);
  EXPECT_EQ(world().log_size(), size_);
  ++early.created;
  ExpectTaken(SignedBy(world().auditor_key(0), early), "at the first second");
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
