#include "farm/crypto/verifying_key.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "farm/base/bytes.h"
#include "farm/crypto/key.h"
#include "tests/support/foreign_signer.h"

namespace farm {
namespace {

using Kind = ForeignSigner::Kind;

const struct {
  Kind kind;
  const char* name;
  HashAlgorithm hash;
} kRows[] = {
    {Kind::kP256, "ECDSA P-256", HashAlgorithm::kSha256},
    {Kind::kP384, "ECDSA P-384", HashAlgorithm::kSha384},
    {Kind::kP521, "ECDSA P-521", HashAlgorithm::kSha512},
    {Kind::kRsa2048, "RSA 2048", HashAlgorithm::kSha256},
    {Kind::kEd25519, "Ed25519", HashAlgorithm::kSha256},
};

TEST(VerifyingKey, VerifiesWhatOthersSign) {
  for (const auto& row : kRows) {
    const ForeignSigner signer(row.kind);
    const auto key = VerifyingKey::FromSpki(signer.Spki());
    ASSERT_TRUE(key) << row.name << ": " << key.error().message;
    EXPECT_EQ(key->Kind(), row.name);
    EXPECT_EQ(key->hash(), row.hash) << row.name;
    EXPECT_EQ(key->spki(), signer.Spki()) << row.name;
    EXPECT_EQ(key->NeedsMessage(), row.kind == Kind::kEd25519);
    const std::string signature = signer.Sign("message", row.hash);
    EXPECT_TRUE(key->Verify("message", signature)) << row.name;
    EXPECT_FALSE(key->Verify("massage", signature)) << row.name;
    EXPECT_FALSE(key->Verify("message", "")) << row.name;
    EXPECT_FALSE(key->Verify("message", signature + std::string(1, '\0'))) << row.name;
    EXPECT_FALSE(
        VerifyingKey::FromSpki(ForeignSigner(row.kind).Spki())->Verify("message", signature))
        << row.name;
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      std::string bent = signature;
      bent[i] = static_cast<char>(bent[i] ^ 1);
      const Status status = key->Verify("message", bent);
      ASSERT_FALSE(status) << row.name << " " << i;
      EXPECT_EQ(status.error().code, ErrorCode::kUntrusted);
    }
    EXPECT_EQ(ERR_peek_error(), 0U) << row.name;
  }
}

TEST(VerifyingKey, VerifiesADigestUnderTheHashItIsTold) {
  for (const auto& row : kRows) {
    if (row.kind == Kind::kEd25519) continue;
    const ForeignSigner signer(row.kind);
    const VerifyingKey key = VerifyingKey::FromSpki(signer.Spki()).value();
    for (const HashAlgorithm hash :
         {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
      const std::string signature = signer.Sign("message", hash);
      EXPECT_TRUE(key.WithHash(hash).VerifyDigest(HashOf(hash, "message"), signature)) << row.name;
      EXPECT_FALSE(key.WithHash(hash).VerifyDigest(HashOf(hash, "other"), signature)) << row.name;
      EXPECT_EQ(key.Verify("message", signature).has_value(), hash == row.hash) << row.name;
    }
  }
}

TEST(VerifyingKey, TellsPaddingsApart) {
  const ForeignSigner signer(Kind::kRsa2048);
  const VerifyingKey plain = VerifyingKey::FromPkcs1(signer.Pkcs1()).value();
  const VerifyingKey pss = plain.WithPss();
  EXPECT_TRUE(plain == VerifyingKey::FromPem(signer.Pem()).value());
  const std::string pkcs1 = signer.Sign("message", HashAlgorithm::kSha256, false);
  const std::string padded = signer.Sign("message", HashAlgorithm::kSha256, true);
  EXPECT_TRUE(plain.Verify("message", pkcs1));
  EXPECT_FALSE(plain.Verify("message", padded));
  EXPECT_TRUE(pss.Verify("message", padded));
  EXPECT_FALSE(pss.Verify("message", pkcs1));
}

TEST(VerifyingKey, RefusesOtherKeysAndBytes) {
  const std::string good = ForeignSigner(Kind::kP256).Spki();
  const struct {
    const char* name;
    std::string der;
  } rows[] = {
      {"empty", ""},
      {"cut", good.substr(0, good.size() - 1)},
      {"trailing", good + "x"},
      {"small_curve", ForeignSigner(Kind::kP224).Spki()},
      {"short_rsa", ForeignSigner(Kind::kRsa1024).Spki()},
      {"pkcs1", ForeignSigner(Kind::kRsa2048).Pkcs1()},
      {"large", std::string(100000, '0')},
  };
  for (const auto& row : rows) {
    const auto key = VerifyingKey::FromSpki(row.der);
    ASSERT_FALSE(key) << row.name;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidInput) << row.name;
  }
  EXPECT_FALSE(VerifyingKey::FromPkcs1(ForeignSigner(Kind::kRsa2048).Spki()));
  EXPECT_FALSE(VerifyingKey::FromPkcs1(ForeignSigner(Kind::kRsa2048).Pkcs1() + "x"));
  EXPECT_FALSE(VerifyingKey::FromPkcs1(ForeignSigner(Kind::kRsa1024).Pkcs1()));
  EXPECT_FALSE(VerifyingKey::FromPem("-----BEGIN PUBLIC KEY-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(VerifyingKey, IsThatOfACertificateWhateverItsKind) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate certificate = IssueAuthority(key, "", "CA", 1'800'000'000, kDaySeconds);
  const auto found = VerifyingKey::OfCertificate(certificate);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->spki(), key.public_key().spki());
  EXPECT_TRUE(found->Verify("message", key.Sign("message")));
  EXPECT_TRUE(*found == VerifyingKey::FromSpki(key.public_key().spki()).value());
  EXPECT_FALSE(*found == VerifyingKey::FromSpki(ForeignSigner(Kind::kP256).Spki()).value());
}

TEST(PemHolder, IsACertificateOrAKey) {
  const PrivateKey key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate certificate = IssueAuthority(key, "", "CA", 1'800'000'000, kDaySeconds);
  const auto holder = ReadPemHolder(certificate.Pem());
  ASSERT_TRUE(holder);
  EXPECT_TRUE(holder->is_certificate);
  EXPECT_EQ(holder->der, certificate.der());
  const auto bare = ReadPemHolder(key.public_key().Pem());
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->is_certificate);
  EXPECT_EQ(bare->der, key.public_key().spki());
  for (const std::string& bad : {std::string(), key.Pem(), certificate.Pem() + certificate.Pem()}) {
    EXPECT_FALSE(ReadPemHolder(bad));
  }
}

}  // namespace
}  // namespace farm
