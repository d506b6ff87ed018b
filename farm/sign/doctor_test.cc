#include "farm/sign/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'700'000'000;

// A signer whose signatures are somebody else's, or none.
class BadSigner final : public Signer {
 public:
  explicit BadSigner(std::optional<Error> error) : error_(std::move(error)) {}
  const PublicKey& key() const override { return key_.public_key(); }
  Result<std::string> Sign(std::string_view message) override {
    if (error_) return *error_;
    return PrivateKey::Generate(KeyKind::kP256).Sign(message);
  }

 private:
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const std::optional<Error> error_;
};

struct Findings {
  Status status;
  std::vector<std::string> warnings;
};

Findings Check(const SignerHealth& health) {
  Findings findings;
  findings.status = CheckSignerHealth(
      health, [&](const std::string& line) { findings.warnings.push_back(line); });
  return findings;
}

bool Has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST(Doctor, AKeyThatSignsIsWell) {
  for (const KeyKind kind : {KeyKind::kP256, KeyKind::kEd25519}) {
    const auto signer = NewMemorySigner(PrivateKey::Generate(kind));
    const Findings findings = Check({.signers = {signer.get()}, .now = kNow});
    EXPECT_TRUE(findings.status);
    EXPECT_TRUE(findings.warnings.empty());
  }
}

TEST(Doctor, ASignatureThatDoesNotVerifyIs11) {
  const auto good = NewMemorySigner(PrivateKey::Generate(KeyKind::kP256));
  BadSigner bad(std::nullopt);
  const Status status = Check({.signers = {good.get(), &bad}, .now = kNow}).status;
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kBadSignature);
  EXPECT_TRUE(Has(status.error().message, bad.key().KeyId()));
  EXPECT_TRUE(Has(status.error().message, "make a new one"));
}

TEST(Doctor, ATokenThatIsGoneIs30) {
  BadSigner gone(Error{ErrorCode::kUnavailable, "the token is gone"});
  const Status status = Check({.signers = {&gone}, .now = kNow}).status;
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
}

TEST(Doctor, NothingElseBeginsAsACanary) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kEd25519);
  const Certificate authority = IssueAuthority(key, "a", "b", kNow, 3600);
  Envelope envelope;
  envelope.payload_type = std::string(kCanaryPrefix);
  envelope.payload = std::string(kCanaryPrefix);
  const std::string others[] = {envelope.PaeBytes(), authority.der(), "cosignature/v1\ntime 1\n",
                                EvidenceMaker().RootBytes()};
  for (const std::string& other : others) EXPECT_FALSE(other.starts_with(kCanaryPrefix));
  // An origin may be any text, but what follows it is a number.
  EXPECT_TRUE(ParseCheckpoint(CheckpointText({"farm-canary/1", 0, Sha256("")})));
  EXPECT_FALSE(ParseCheckpoint(MakeCanary()));
  EXPECT_TRUE(MakeCanary().starts_with("farm-canary/1\n"));
  EXPECT_NE(MakeCanary(), MakeCanary());
}

TEST(Doctor, WhatIsNotValidNowIs18) {
  const auto at = [](UnixSeconds now) {
    return Check({.dated = {{"CA a", kNow, kNow + 100, "make a new one", 10}}, .now = now});
  };
  EXPECT_TRUE(at(kNow).status);
  EXPECT_TRUE(at(kNow + 100).status);
  for (const UnixSeconds wrong : {kNow - 1, kNow + 101}) {
    const Status status = at(wrong).status;
    ASSERT_FALSE(status) << wrong - kNow;
    EXPECT_EQ(status.error().Exit(), ExitCode::kNotValidThen);
    for (const std::string& words : {std::string("CA a"), std::string("make a new one"),
                                     FormatTime(kNow), FormatTime(kNow + 100), FormatTime(wrong)}) {
      EXPECT_TRUE(Has(status.error().message, words)) << status.error().message;
    }
  }
  EXPECT_TRUE(at(kNow + 90).warnings.empty());
  ASSERT_EQ(at(kNow + 91).warnings.size(), 1U);
  EXPECT_TRUE(Has(at(kNow + 91).warnings[0], "CA a ends at " + FormatTime(kNow + 100)));
}

TEST(Doctor, AClockThatIsWrongIs30) {
  const auto with = [](UnixSeconds time, bool past) {
    return Check({.foreign_times = {{"witness w1", time, past}}, .now = kNow}).status;
  };
  for (const bool past : {false, true}) {
    EXPECT_TRUE(with(kNow + kClockSkewSecondsMax, past));
    EXPECT_TRUE(with(kNow - kClockSkewSecondsMax, past));
    const Status behind = with(kNow + kClockSkewSecondsMax + 1, past);
    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().Exit(), ExitCode::kUnavailable);
    EXPECT_TRUE(Has(behind.error().message, "witness w1")) << behind.error().message;
    EXPECT_TRUE(Has(behind.error().message, "set the clock")) << behind.error().message;
  }
  EXPECT_FALSE(with(kNow - kClockSkewSecondsMax - 1, false));
  EXPECT_TRUE(with(kNow - kClockSkewSecondsMax - 1, true));
}

class StampKeyTest : public ::testing::Test {
 protected:
  Certificate Authority(const PrivateKey& key) const {
    return IssueAuthority(key, "tsa", "tsa root", kNow, 2000);
  }
  Certificate Leaf(const PrivateKey& key) const {
    return IssueTimestampLeaf(authority_key_, authority_, key.public_key(), "tsa", kNow, 1000);
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ = Authority(authority_key_);
  const StampKey good_{key_, Leaf(key_), authority_};
};

TEST_F(StampKeyTest, ATokenThatNobodyTakesIs11) {
  EXPECT_TRUE(CheckCanaryToken(good_, kNow));
  const StampKey another_issuer{key_, good_.certificate,
                                Authority(PrivateKey::Generate(KeyKind::kP256))};
  const Status status = CheckCanaryToken(another_issuer, kNow);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kBadSignature);
  EXPECT_TRUE(Has(status.error().message, key_.public_key().KeyId())) << status.error().message;
}

TEST_F(StampKeyTest, ACertificateForSomethingElseIsNamed) {
  const StampKey stamp{authority_key_, authority_, authority_};
  const Status status = CheckCanaryToken(stamp, kNow);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUsage);
  EXPECT_TRUE(Has(status.error().message, "tsa root")) << status.error().message;
  EXPECT_TRUE(Has(status.error().message, "timeStamping")) << status.error().message;
}

TEST_F(StampKeyTest, IsLookedAtWithItsTimes) {
  SignerHealth health{.now = kNow};
  AddStampKey(good_, health);
  EXPECT_TRUE(Check(health).status);
  EXPECT_EQ(Check(health).warnings.size(), 2U);  // both end soon
  for (const UnixSeconds wrong : {kNow - kDaySeconds, kNow + 1001}) {
    health.now = wrong;
    const Status status = Check(health).status;
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().Exit(), ExitCode::kNotValidThen);
    EXPECT_TRUE(Has(status.error().message, "time stamp certificate tsa: valid from"))
        << status.error().message;
  }
  // What is wrong with the token alone is seen, too.
  const StampKey another_issuer{key_, good_.certificate,
                                Authority(PrivateKey::Generate(KeyKind::kP256))};
  SignerHealth strange{.now = kNow};
  AddStampKey(another_issuer, strange);
  EXPECT_EQ(Check(strange).status.error().Exit(), ExitCode::kBadSignature);
}

TEST(Doctor, SaysAllThatIsWrongUnderTheLowestCode) {
  BadSigner bad(std::nullopt);
  SignerHealth health{.dated = {{"CA a", kNow + 1, kNow + 2, "wait"}},
                      .foreign_times = {{"witness w1", kNow + 1000, true}},
                      .now = kNow};
  EXPECT_EQ(Check(health).status.error().Exit(), ExitCode::kNotValidThen);
  health.signers = {&bad};
  const Error error = Check(health).status.error();
  EXPECT_EQ(error.Exit(), ExitCode::kBadSignature);
  for (const char* words : {"CA a", "witness w1", "does not verify"}) {
    EXPECT_TRUE(Has(error.message, words)) << error.message;
  }
}

class DoctorFilesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = JoinPath(directory_.path(), name);
    EXPECT_TRUE(WriteDurably(RealFileSystem(), path, text));
    EXPECT_EQ(chmod(path.c_str(), 0600), 0);
    return path;
  }

  const TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
};

TEST_F(DoctorFilesTest, LooksAtTheLeafAndItsAuthority) {
  const PrivateKey ca_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate ca = IssueAuthority(ca_key, "a", "a CA", kNow, 40 * kDaySeconds);
  const AuthorityFiles files{Write("ca.pem", ca.Pem()), Write("ca.key", ca_key.Pem()),
                             Write("t.key", PrivateKey::Generate(KeyKind::kP256).Pem())};
  const FixedClock clock(kNow);
  const auto signer = CertifiedSigner::Open(NewMemorySigner(PrivateKey::Generate(KeyKind::kP256)),
                                            files, {"https://a.example/site-xa", "site-xa"}, clock)
                          .value();
  SignerHealth health{.now = kNow};
  ASSERT_TRUE(AddCertifiedSigner(*signer, health));
  EXPECT_TRUE(Check(health).status);
  EXPECT_TRUE(Check(health).warnings.empty());
  health.now = kNow + 2 * kDaySeconds;  // a leaf lives one
  const Status leaf = Check(health).status;
  ASSERT_FALSE(leaf);
  EXPECT_EQ(leaf.error().Exit(), ExitCode::kNotValidThen);
  EXPECT_TRUE(Has(leaf.error().message, "signing certificate of https://a.example/site-xa"));
  EXPECT_FALSE(Has(leaf.error().message, "CA a CA"));
  health.now = kNow + 41 * kDaySeconds;
  EXPECT_TRUE(Has(Check(health).status.error().message, "CA a CA: valid from"));
}

TEST_F(DoctorFilesTest, LooksAtTheRootAndTheTlsCertificate) {
  EvidenceMaker maker;
  const UnixSeconds good = maker.root().created;
  SignerHealth health{.now = good};
  ASSERT_TRUE(AddRootFile(Write("root.json", maker.RootBytes()), health));
  EXPECT_TRUE(Check(health).status);
  for (const UnixSeconds wrong : {good - 1, maker.root().expires + 1}) {
    health.now = wrong;
    EXPECT_EQ(Check(health).status.error().Exit(), ExitCode::kNotValidThen);
  }
  EXPECT_EQ(AddRootFile("/none", health).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(AddRootFile(Write("bad.json", "{}"), health).error().code, ErrorCode::kInvalidInput);

  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  SignerHealth tls{.now = kNow};
  ASSERT_TRUE(
      AddTlsCertificate(Write("tls.pem", IssueAuthority(key, "", "tls", kNow, 100).Pem()), tls));
  EXPECT_TRUE(Check(tls).status);
  tls.now = kNow + 101;
  EXPECT_EQ(Check(tls).status.error().Exit(), ExitCode::kNotValidThen);
  EXPECT_EQ(AddTlsCertificate("/none", tls).error().code, ErrorCode::kNotFound);
}

TEST_F(DoctorFilesTest, AClockSetBackBehindAWitnessIsSeen) {
  const PrivateKey log_key = PrivateKey::Generate(KeyKind::kEd25519);
  const PrivateKey witness_key = PrivateKey::Generate(KeyKind::kEd25519);
  Note note{CheckpointText({"log.farm.example", 0, Sha256("")}), {}};
  note.signatures.push_back(SignNote(note.text, "log.farm.example", log_key));
  note.signatures.push_back(Cosign(note.text, "w1", witness_key, kNow + 3600));
  const std::string path = Write("checkpoint", WriteNote(note));
  SignerHealth health{.now = kNow};
  AddCosignature("/none", "w1", witness_key.public_key(), health);
  AddCosignature(path, "w2", witness_key.public_key(), health);
  AddCosignature(Write("bad", "no note"), "w1", witness_key.public_key(), health);
  EXPECT_TRUE(health.foreign_times.empty());
  AddCosignature(path, "w1", witness_key.public_key(), health);
  EXPECT_EQ(Check(health).status.error().Exit(), ExitCode::kUnavailable);
  health.now = kNow + 3600;
  EXPECT_TRUE(Check(health).status);
}

}  // namespace
}  // namespace farm
