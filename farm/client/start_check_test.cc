// Every part that a daemon names is looked at: take one out of CheckAtStart, and its row fails.
#include "farm/client/start_check.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/note.h"
#include "farm/sign/doctor.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;

// Its signatures are somebody else's.
class StrangeSigner final : public Signer {
 public:
  const PublicKey& key() const override { return key_.public_key(); }
  Result<std::string> Sign(std::string_view message) override {
    return PrivateKey::Generate(KeyKind::kP256).Sign(message);
  }

 private:
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
};

class CheckAtStartTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, text));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  }
  std::unique_ptr<CertifiedSigner> Certified(std::unique_ptr<Signer> key, UnixSeconds ca_seconds) {
    const PrivateKey ca_key = PrivateKey::Generate(KeyKind::kP256);
    const Certificate ca = IssueAuthority(ca_key, "a", "a CA", kNow, ca_seconds);
    return CertifiedSigner::Open(std::move(key),
                                 {Write("ca.pem", ca.Pem()), Write("ca.key", ca_key.Pem()),
                                  Write("t.key", PrivateKey::Generate(KeyKind::kP256).Pem())},
                                 {"https://a.example/site-xa", "site-xa"}, clock_)
        .value();
  }
  ExitCode ExitOf(const StartCheck& check) {
    const Status status = CheckAtStart(check, clock_);
    return status ? ExitCode::kProved : status.error().Exit();
  }

  const TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
  const FixedClock clock_{kNow};
};

TEST_F(CheckAtStartTest, LooksAtKeys) {
  const auto good = NewMemorySigner(PrivateKey::Generate(KeyKind::kEd25519));
  StrangeSigner strange;
  EXPECT_EQ(ExitOf({.keys = {good.get()}}), ExitCode::kProved);
  EXPECT_EQ(ExitOf({.keys = {good.get(), &strange}}), ExitCode::kBadSignature);
}

TEST_F(CheckAtStartTest, LooksAtTheCertifiedSigner) {
  const auto good =
      Certified(NewMemorySigner(PrivateKey::Generate(KeyKind::kP256)), 40 * kDaySeconds);
  EXPECT_EQ(ExitOf({.certified = good.get()}), ExitCode::kProved);
  const auto strange = Certified(std::make_unique<StrangeSigner>(), 40 * kDaySeconds);
  EXPECT_EQ(ExitOf({.certified = strange.get()}), ExitCode::kBadSignature);
}

TEST_F(CheckAtStartTest, LooksAtTheStampKey) {
  const PrivateKey authority_key = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority = IssueAuthority(authority_key, "tsa", "tsa root", kNow, 100);
  const StampKey good{
      key, IssueTimestampLeaf(authority_key, authority, key.public_key(), "tsa", kNow, 100),
      authority};
  EXPECT_EQ(ExitOf({.stamp = &good}), ExitCode::kProved);
  const StampKey strange{
      key, good.certificate,
      IssueAuthority(PrivateKey::Generate(KeyKind::kP256), "tsa", "tsa root", kNow, 100)};
  EXPECT_EQ(ExitOf({.stamp = &strange}), ExitCode::kBadSignature);
}

TEST_F(CheckAtStartTest, LooksAtTheRootAndTheTlsCertificate) {
  EvidenceMaker maker;
  const std::string root = Write("root.json", maker.RootBytes());
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const auto tls = [&](UnixSeconds start) {
    return Write("tls.pem", IssueAuthority(key, "", "tls", start, 100).Pem());
  };
  EXPECT_EQ(ExitOf({.root = root}), ExitCode::kNotValidThen);  // it was made later than kNow
  EXPECT_TRUE(CheckAtStart({.root = root}, FixedClock(maker.root().created)));
  EXPECT_EQ(ExitOf({.root = "/none"}), ExitCode::kInputMissing);
  EXPECT_EQ(ExitOf({.tls_certificate = tls(kNow)}), ExitCode::kProved);
  EXPECT_EQ(ExitOf({.tls_certificate = tls(kNow + kDaySeconds)}), ExitCode::kNotValidThen);
  EXPECT_EQ(ExitOf({.tls_certificate = "/none"}), ExitCode::kInputMissing);
}

TEST_F(CheckAtStartTest, ComparesTheClockWithWhoeverAnswers) {
  // The first says what is wanted, the second is asked, too.
  const auto with = [&](Result<UnixSeconds> time, bool past) {
    return StartCheck{
        .clocks = {{"nobody", [] { return kNow; }}, {"somebody", [time] { return time; }, past}}};
  };
  constexpr UnixSeconds kTooMuch = kClockSkewSecondsMax + 1;
  for (const bool past : {false, true}) {
    EXPECT_EQ(ExitOf(with(kNow, past)), ExitCode::kProved);
    const Status behind = CheckAtStart(with(kNow + kTooMuch, past), clock_);
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().Exit(), ExitCode::kUnavailable);
    for (const std::string& words : {std::string("somebody"), std::string("set the clock"),
                                     FormatTime(kNow), FormatTime(kNow + kTooMuch)}) {
      EXPECT_NE(behind.error().message.find(words), std::string::npos) << behind.error().message;
    }
    const Error silent{ErrorCode::kUnavailable, "no answer"};
    EXPECT_EQ(ExitOf(with(silent, past)), ExitCode::kProved);  // a warning
  }
  EXPECT_EQ(ExitOf(with(kNow - kTooMuch, true)), ExitCode::kProved);
  EXPECT_EQ(ExitOf(with(kNow - kTooMuch, false)), ExitCode::kUnavailable);
}

TEST_F(CheckAtStartTest, ComparesTheClockWithWhatWitnessesHaveSaid) {
  const PrivateKey log_key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey witness_key = PrivateKey::Generate(KeyKind::kEd25519);
  const auto cosigned = [&](UnixSeconds time) {
    Note note{CheckpointText({"log.farm.example", 0, Sha256("")}), {}};
    note.signatures.push_back(SignNote(note.text, "log.farm.example", log_key));
    note.signatures.push_back(Cosign(note.text, "w1", witness_key, time));
    return StartCheck{
        .cosigned = {{Write("checkpoint", WriteNote(note)), "w1", witness_key.public_key()}}};
  };
  EXPECT_EQ(ExitOf(cosigned(kNow - 3600)), ExitCode::kProved);
  EXPECT_EQ(ExitOf(cosigned(kNow + 3600)), ExitCode::kUnavailable);
}

}  // namespace
}  // namespace farm
