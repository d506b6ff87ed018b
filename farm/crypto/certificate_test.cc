#include "farm/crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;  // 2027-01-15

// A certificate with a P-384 key, DER in base64, made once by
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -subj /O=Test/CN=P384 -days 3650
const char* const kP384 =
    R"(MIIBzTCCAVSgAwIBAgIUEIW6WtOZ9biYseHZ40ijmIK6hCAwCgYIKoZIzj0EAwIwHjENMAsGA1UECgwE
VGVzdDENMAsGA1UEAwwEUDM4NDAeFw0yNjExMjQwODI2MzJaFw0zNjExMjEwODI2MzJaMB4xDTALBgNV
BAoMBFRlc3QxDTALBgNVBAMMBFAzODQwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAASk6nnKmnpqbL8wHxRa
51AjOic/rcQ1e/Uvv2/vjw8Q4EP/XA4vBuAVAWSZ6JVatPyHNSH/+nhYxHdtNHlB+s9Luh7Rks3JRNBh
dUFz5RDH+6Wl+T6dhaTUbmLhg92jusOjUzBRMB0GA1UdDgQWBBQsmkjE/RzrQ65NZgJOHowRv93XKjAf
BgNVHSMEGDAWgBQsmkjE/RzrQ65NZgJOHowRv93XKjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMC
A2cAMGQCMAS/woPQgO6DQ/PtYBb2c138QEqWeVlVHZDzNEa6fSv9aIZNAoDdzcAo5LfnWydjGAIwQCSp
nGtcPTavtMB0D6W3sDeaf+zbT+XdC99g2VHpystVDgDAozHJL/PE9mbTP267)";
// openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
constexpr char kP384KeyId[] = "61438075b3497d3fb6a211a19e12b08ce2a4b5508aabb4ebf4ba0099b2486c32";

class CertificateTest : public testing::Test {
 protected:
  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ =
      IssueAuthority(authority_key_, "Example Operator", "Example CA", kNow, 1000);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
};

TEST_F(CertificateTest, IsReadBackFromBothForms) {
  const auto from_der = Certificate::FromDer(authority_.der());
  ASSERT_TRUE(from_der) << from_der.error().message;
  EXPECT_EQ(*from_der, authority_);
  EXPECT_EQ(from_der->public_key(), authority_key_.public_key());
  EXPECT_EQ(from_der->common_name(), "Example CA");
  EXPECT_EQ(from_der->not_before(), kNow - 60);
  EXPECT_EQ(from_der->not_after(), kNow + 940);
  const auto from_pem = Certificate::FromPem(authority_.Pem());
  ASSERT_TRUE(from_pem) << from_pem.error().message;
  EXPECT_EQ(*from_pem, authority_);
}

TEST_F(CertificateTest, RefusesWhatIsNotOneCertificate) {
  const std::string der = authority_.der();
  std::string indefinite = der;
  indefinite[1] = '\x80';
  const struct {
    const char* name;
    std::string der;
  } kCases[] = {
      {"empty", ""},
      {"truncated", der.substr(0, der.size() - 1)},
      {"trailing", der + std::string(1, '\0')},
      {"two", der + der},
      {"indefinite_length", indefinite + std::string(2, '\0')},
      {"not_der", "hello"},
      {"too_large", der + std::string(kCertificateBytesMax, '\0')},
  };
  for (const auto& c : kCases) {
    const auto certificate = Certificate::FromDer(c.der);
    ASSERT_FALSE(certificate) << c.name;
    EXPECT_EQ(certificate.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
  EXPECT_FALSE(Certificate::FromPem(authority_key_.public_key().Pem()));
  EXPECT_FALSE(Certificate::FromPem(authority_.Pem() + authority_.Pem()));
}

TEST_F(CertificateTest, TakesAKeyOfAnotherKindOnlyAsForeign) {
  std::string text;
  for (const std::string& line : Split(kP384, '\n')) text += line;
  const std::string der = Base64Decode(text).value();
  const auto ours = Certificate::FromDer(der);
  ASSERT_FALSE(ours);
  EXPECT_EQ(ours.error().code, ErrorCode::kInvalidInput);
  const auto foreign = Certificate::ForeignFromDer(der);
  ASSERT_TRUE(foreign) << foreign.error().message;
  EXPECT_FALSE(foreign->HasPublicKey());
  EXPECT_EQ(foreign->KeyId(), kP384KeyId);
  EXPECT_EQ(authority_.KeyId(), authority_.public_key().KeyId());
  EXPECT_EQ(foreign->common_name(), "P384");
  EXPECT_DEATH(foreign->public_key(), "CHECK");
  EXPECT_TRUE(Certificate::ForeignFromDer(authority_.der()).value().HasPublicKey());
}

TEST_F(CertificateTest, GivesTheBuilderAndTheIssuer) {
  const SigningLeafRequest request{.key = key_.public_key(),
                                   .organization = "Example Operator",
                                   .common_name = "site-xa",
                                   .uri = "https://farm.example/builders/xa,1",
                                   .issuer_extension = "https://farm.example/issuer",
                                   .not_before = kNow};
  const Certificate leaf = IssueSigningLeaf(authority_key_, authority_, authority_key_, request);
  EXPECT_EQ(leaf.UriName().value(), "https://farm.example/builders/xa,1");
  EXPECT_EQ(leaf.IssuerExtension(), "https://farm.example/issuer");
  EXPECT_EQ(leaf.common_name(), "site-xa");
  EXPECT_EQ(leaf.public_key(), key_.public_key());
  EXPECT_EQ(leaf.not_before(), kNow);
  EXPECT_EQ(leaf.not_after(), kNow + kDaySeconds);
}

TEST_F(CertificateTest, GivesNoBuilderWhereThereIsNotExactlyOneUri) {
  const struct {
    const char* name;
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
  } kCases[] = {
      {"none", {}, {}},
      {"dns", {"localhost"}, {}},
      {"several", {"localhost"}, {"127.0.0.1", "::1"}},
  };
  for (const auto& c : kCases) {
    const Certificate leaf = IssueTlsLeaf(authority_key_, authority_,
                                          TlsLeafRequest{.key = key_.public_key(),
                                                         .common_name = "site-xa",
                                                         .dns_names = c.dns_names,
                                                         .ip_addresses = c.ip_addresses,
                                                         .not_before = kNow});
    const auto uri = leaf.UriName();
    ASSERT_FALSE(uri) << c.name;
    EXPECT_EQ(uri.error().code, ErrorCode::kInvalidInput) << c.name;
    EXPECT_EQ(leaf.IssuerExtension(), "") << c.name;
  }
}

}  // namespace
}  // namespace farm
