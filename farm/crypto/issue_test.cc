#include <gtest/gtest.h>
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/certificate.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

X509* Load(const Certificate& certificate) {
  const auto* position = reinterpret_cast<const unsigned char*>(certificate.der().data());
  return d2i_X509(nullptr, &position, static_cast<long>(certificate.der().size()));
}

// OpenSSL's own judgement of the SCT in `leaf`, with a log list that holds `log_key`.
sct_validation_status_t Judge(const Certificate& leaf, const Certificate& issuer,
                              const PublicKey& log_key) {
  const auto directory = TemporaryDirectory::Make("").value();
  const std::string list = JoinPath(directory.path(), "logs.cnf");
  std::ofstream(list) << "enabled_logs=log\n[log]\ndescription=Log\nkey="
                      << Base64Encode(log_key.spki()) << "\n";
  CTLOG_STORE* const logs = CTLOG_STORE_new();
  EXPECT_EQ(CTLOG_STORE_load_file(logs, list.c_str()), 1);
  X509* const x509 = Load(leaf);
  X509* const issuer_x509 = Load(issuer);
  CT_POLICY_EVAL_CTX* const context = CT_POLICY_EVAL_CTX_new();
  CT_POLICY_EVAL_CTX_set1_cert(context, x509);
  CT_POLICY_EVAL_CTX_set1_issuer(context, issuer_x509);
  CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, logs);
  CT_POLICY_EVAL_CTX_set_time(context, static_cast<std::uint64_t>(kNow) * 1000);
  auto* const scts =
      static_cast<STACK_OF(SCT)*>(X509_get_ext_d2i(x509, NID_ct_precert_scts, nullptr, nullptr));
  EXPECT_EQ(sk_SCT_num(scts), 1);
  SCT* const sct = sk_SCT_value(scts, 0);
  SCT_validate(sct, context);
  const sct_validation_status_t status = SCT_get_validation_status(sct);
  SCT_LIST_free(scts);
  CT_POLICY_EVAL_CTX_free(context);
  CTLOG_STORE_free(logs);
  X509_free(x509);
  X509_free(issuer_x509);
  return status;
}

class IssueTest : public testing::TestWithParam<KeyKind> {
 protected:
  SigningLeafRequest Request() const {
    return {.key = key_.public_key(),
            .organization = "",
            .common_name = "site-xa",
            .uri = "https://farm.example/builders/xa",
            .issuer_extension = "https://farm.example/issuer",
            .not_before = kNow};
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(GetParam());
  const Certificate authority_ = IssueAuthority(authority_key_, "Ex\xc3\xa4mple", "CA", kNow, 9999);
  const PrivateKey log_key_ = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
};

INSTANTIATE_TEST_SUITE_P(Kinds, IssueTest, testing::Values(KeyKind::kP256, KeyKind::kEd25519));

TEST_P(IssueTest, SigningLeafCarriesATimestampThatOpensslAccepts) {
  const Certificate leaf = IssueSigningLeaf(authority_key_, authority_, log_key_, Request());
  EXPECT_EQ(Judge(leaf, authority_, log_key_.public_key()), SCT_VALIDATION_STATUS_VALID);
  EXPECT_EQ(Judge(leaf, authority_, key_.public_key()), SCT_VALIDATION_STATUS_UNKNOWN_LOG);
  const Certificate other =
      IssueAuthority(PrivateKey::Generate(KeyKind::kP256), "Other", "CA", kNow, 9999);
  EXPECT_EQ(Judge(leaf, other, log_key_.public_key()), SCT_VALIDATION_STATUS_INVALID);
  EXPECT_TRUE(CheckSigningChain(leaf, {authority_}, kNow));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_P(IssueTest, SigningLeafByKeysThatOnlySign) {
  const auto signing = [](const PrivateKey& key) {
    return SigningKey{key.public_key(), [key](std::string_view message) -> Result<std::string> {
                        return key.Sign(message);
                      }};
  };
  const SigningKey authority = signing(authority_key_);
  const SigningKey log = signing(log_key_);
  const auto leaf = IssueSigningLeaf(authority, authority_, log, Request());
  ASSERT_TRUE(leaf) << leaf.error().message;
  EXPECT_EQ(Judge(*leaf, authority_, log_key_.public_key()), SCT_VALIDATION_STATUS_VALID);
  EXPECT_TRUE(CheckSigningChain(*leaf, {authority_}, kNow));
  EXPECT_EQ(leaf->public_key(), key_.public_key());

  const SigningKey gone{authority.key, [](std::string_view) -> Result<std::string> {
                          return Error{ErrorCode::kUnavailable, "the token is gone"};
                        }};
  EXPECT_EQ(IssueSigningLeaf(gone, authority_, log, Request()).error().code,
            ErrorCode::kUnavailable);
  // A signature by another key never becomes a certificate.
  const SigningKey lying{authority.key, signing(PrivateKey::Generate(GetParam())).sign};
  const SigningKey lying_log{log.key, signing(PrivateKey::Generate(KeyKind::kP256)).sign};
  for (const auto& wrong : {IssueSigningLeaf(lying, authority_, log, Request()),
                            IssueSigningLeaf(authority, authority_, lying_log, Request())}) {
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().Exit(), ExitCode::kBadSignature);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_P(IssueTest, SigningLeafHasItsExtensionsInOrderAndCriticalWhereItMust) {
  const Certificate leaf = IssueSigningLeaf(authority_key_, authority_, log_key_, Request());
  X509* const x509 = Load(leaf);
  std::string found;
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    X509_EXTENSION* const extension = X509_get_ext(x509, i);
    char oid[80];
    OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(extension), 1);
    found += std::string(oid) + (X509_EXTENSION_get_critical(extension) ? "!" : "") + " ";
  }
  X509_free(x509);
  EXPECT_EQ(found,
            "2.5.29.15! 2.5.29.37 2.5.29.14 2.5.29.35 2.5.29.17! 1.3.6.1.4.1.57264.1.1 "
            "1.3.6.1.4.1.57264.1.8 1.3.6.1.4.1.11129.2.4.2 ");
  EXPECT_NE(leaf.der().find("\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x01\x04\x1bhttps://farm.example/"
                            "issuer"),
            std::string::npos);
}

TEST_P(IssueTest, TlsLeafServesItsNamesAsServerAndClient) {
  const Certificate leaf = IssueTlsLeaf(authority_key_, authority_,
                                        TlsLeafRequest{.key = key_.public_key(),
                                                       .common_name = "site-xa",
                                                       .dns_names = {"localhost", "a.example"},
                                                       .ip_addresses = {"127.0.0.1", "::1"},
                                                       .not_before = kNow});
  EXPECT_EQ(leaf.common_name(), "site-xa");
  X509* const x509 = Load(leaf);
  EXPECT_EQ(X509_check_host(x509, "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(x509, "a.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(x509, "b.example", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(x509, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x509, "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x509, "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_CLIENT, 0), 1);
  EXPECT_EQ(X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 1), 0);
  X509_free(x509);
}

TEST_P(IssueTest, SerialNumbersArePositiveAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 32; ++i) {
    X509* const x509 = Load(IssueAuthority(authority_key_, "", "CA", kNow, 9999));
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(x509);
    EXPECT_EQ(ASN1_STRING_type(serial), V_ASN1_INTEGER);
    EXPECT_LE(ASN1_STRING_length(serial), 16);
    seen.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                 ASN1_STRING_length(serial));
    X509_free(x509);
  }
  EXPECT_EQ(seen.size(), 32U);
}

TEST_P(IssueTest, StopsAtNamesThatNoCallerMayGive) {
  SigningLeafRequest request = Request();
  request.uri = "https://farm.example/\xc3\xa4";
  EXPECT_DEATH(IssueSigningLeaf(authority_key_, authority_, log_key_, request), "CHECK");
  EXPECT_DEATH(IssueSigningLeaf(key_, authority_, log_key_, Request()), "CHECK");
  EXPECT_DEATH(IssueAuthority(authority_key_, "", "", kNow, 9999), "CHECK");
  EXPECT_DEATH(IssueAuthority(authority_key_, "", std::string(65, 'a'), kNow, 9999), "CHECK");
}

}  // namespace
}  // namespace farm
