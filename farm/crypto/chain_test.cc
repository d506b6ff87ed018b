#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <limits>
#include <utility>

#include "farm/crypto/certificate.h"

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr std::int64_t kYear = 366 * kDaySeconds;

// Parties as `farm init` makes them: an authority without intermediates, and a leaf.
class ChainTest : public testing::Test {
 protected:
  Certificate SigningLeaf(const PrivateKey& authority_key, const Certificate& authority) const {
    return IssueSigningLeaf(authority_key, authority, log_key_,
                            SigningLeafRequest{.key = key_.public_key(),
                                               .organization = "Operator",
                                               .common_name = "site-xa",
                                               .uri = "https://farm.example/builders/xa",
                                               .issuer_extension = "https://farm.example/issuer",
                                               .not_before = kNow});
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ = IssueAuthority(authority_key_, "Operator", "CA", kNow, kYear);
  const PrivateKey log_key_ = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate leaf_ = SigningLeaf(authority_key_, authority_);
};

// Certificates that our own functions refuse to make.
struct CustomCertificate {
  std::string common_name;
  std::vector<std::pair<int, const char*>> extensions;  // NID, configuration text
};

EVP_PKEY* LoadKey(const PrivateKey& key) {
  const std::string pem = key.Pem();
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const loaded = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return loaded;
}

Certificate Issue(const PrivateKey& issuer_key, const std::string& issuer_name,
                  const PrivateKey& key, const CustomCertificate& custom) {
  X509* const x509 = X509_new();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
  ASN1_TIME_set(X509_getm_notBefore(x509), kNow);
  ASN1_TIME_set(X509_getm_notAfter(x509), kNow + kYear);
  const auto set_name = [](X509_NAME* name, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  };
  set_name(X509_get_subject_name(x509), custom.common_name);
  set_name(X509_get_issuer_name(x509), issuer_name);
  EVP_PKEY* const subject = LoadKey(key);
  EVP_PKEY* const issuer = LoadKey(issuer_key);
  X509_set_pubkey(x509, subject);
  // An issuer with the issuer's key, for the authority key identifier.
  X509* const issuer_x509 = X509_new();
  X509_set_pubkey(issuer_x509, issuer);
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer_x509, issuer_x509, nullptr, nullptr, 0);
  X509_EXTENSION* identifier =
      X509V3_EXT_conf_nid(nullptr, &context, NID_subject_key_identifier, "hash");
  X509_add_ext(issuer_x509, identifier, -1);
  X509_EXTENSION_free(identifier);
  for (const auto& [nid, text] : custom.extensions) {
    X509V3_set_ctx(&context, issuer_x509, x509, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text);
    EXPECT_NE(extension, nullptr) << text;
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
  }
  EXPECT_GT(X509_sign(x509, issuer, EVP_sha256()), 0);
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(x509, &bytes);
  auto certificate =
      Certificate::FromDer({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  OPENSSL_free(bytes);
  X509_free(x509);
  X509_free(issuer_x509);
  EVP_PKEY_free(subject);
  EVP_PKEY_free(issuer);
  EXPECT_TRUE(certificate);
  return *std::move(certificate);
}

CustomCertificate CustomAuthority(const std::string& name, const char* constraints,
                                  const char* usage) {
  return {name,
          {{NID_basic_constraints, constraints},
           {NID_key_usage, usage},
           {NID_subject_key_identifier, "hash"},
           {NID_authority_key_identifier, "keyid:always"}}};
}

TEST_F(ChainTest, AcceptsALeafOfItsAuthority) {
  const Status status = CheckSigningChain(leaf_, {authority_}, kNow + 10);
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(ChainTest, RefusesWithExit11) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate same_name = IssueAuthority(other_key, "Operator", "CA", kNow, kYear);
  const Certificate other_name = IssueAuthority(other_key, "Operator", "CB", kNow, kYear);
  const Certificate tls = IssueTlsLeaf(
      authority_key_, authority_,
      TlsLeafRequest{.key = key_.public_key(), .common_name = "site-xa", .not_before = kNow});
  const Certificate timestamp =
      IssueTimestampLeaf(authority_key_, authority_, key_.public_key(), "tsa", kNow, kYear);
  std::string changed = leaf_.der();
  changed.back() = static_cast<char>(changed.back() ^ 1);
  const struct {
    const char* name;
    Certificate leaf;
    std::vector<Certificate> chain;
    const char* message;
  } kCases[] = {
      {"no_authority", leaf_, {}, "no authority"},
      {"another_issuer", leaf_, {other_name}, "unable to get local issuer"},
      {"another_issuer_of_that_name", leaf_, {same_name}, ""},
      {"changed_signature", Certificate::FromDer(changed).value(), {authority_}, "signature"},
      {"authority_as_leaf", authority_, {authority_}, "is an authority"},
      {"leaf_as_authority", SigningLeaf(key_, leaf_), {leaf_, authority_}, "not an authority"},
      {"leaf_as_root", SigningLeaf(key_, leaf_), {leaf_}, "not an authority"},
      {"tls_leaf", tls, {authority_}, "not for code signing"},
      {"timestamp_leaf", timestamp, {authority_}, "not for code signing"},
      {"one_too_many", leaf_, {authority_, other_name}, ""},
      {"twice", leaf_, {authority_, authority_}, "nearest first"},
      {"wrong_order", leaf_, {other_name, authority_}, "nearest first"},
      {"too_long", leaf_, std::vector<Certificate>(kChainLengthMax + 1, authority_), "at most 8"},
  };
  for (const auto& c : kCases) {
    const Status status = CheckSigningChain(c.leaf, c.chain, kNow + 10);
    ASSERT_FALSE(status) << c.name;
    EXPECT_EQ(status.error().code, ErrorCode::kUntrusted) << c.name;
    EXPECT_EQ(status.error().Exit(), ExitCode::kBadSignature) << c.name;
    EXPECT_NE(status.error().message.find(c.message), std::string::npos)
        << c.name << ": " << status.error().message;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
}

TEST_F(ChainTest, JudgesAtTheGivenTimeWithExit18) {
  const Certificate old = IssueAuthority(authority_key_, "Operator", "CA", kNow - kYear, 1000);
  const UnixSeconds last = kNow + kDaySeconds;
  const struct {
    const char* name;
    Certificate authority;
    UnixSeconds at;
    bool valid;
  } kCases[] = {
      {"first_second", authority_, kNow, true},
      {"last_second", authority_, last, true},
      {"too_early", authority_, kNow - 1, false},
      {"too_late", authority_, last + 1, false},
      {"authority_expired", old, kNow + 10, false},
      {"never", authority_, std::numeric_limits<UnixSeconds>::max(), false},
      {"before_all", authority_, std::numeric_limits<UnixSeconds>::min(), false},
  };
  for (const auto& c : kCases) {
    const Status status = CheckSigningChain(leaf_, {c.authority}, c.at);
    EXPECT_EQ(status.has_value(), c.valid) << c.name;
    if (status) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kUntrusted) << c.name;
    EXPECT_EQ(status.error().Exit(), ExitCode::kNotValidThen) << c.name;
  }
}

TEST_F(ChainTest, SaysUntrustedOfWhatIsWrongAndOld) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate other = IssueAuthority(other_key, "Operator", "CA", kNow - kYear, 1000);
  const Status status = CheckSigningChain(leaf_, {other}, kNow + kYear);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(ChainTest, RemembersExactlyWhatHeld) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate other = IssueAuthority(other_key, "Operator", "CA", kNow, kYear);
  VerifyCache cache;
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(CheckSigningChain(leaf_, {other}, kNow + 10, cache));
    EXPECT_EQ(cache.size(), 0U);  // what was refused is checked again
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(CheckSigningChain(leaf_, {authority_}, kNow + 10, cache));
    EXPECT_EQ(cache.size(), 1U);
  }
  std::string changed = leaf_.der();
  changed.back() = static_cast<char>(changed.back() ^ 1);
  const struct {
    const char* name;
    Certificate leaf;
    std::vector<Certificate> chain;
  } kRefused[] = {
      {"changed_signature", Certificate::FromDer(changed).value(), {authority_}},
      {"another_authority", leaf_, {other}},
      {"one_more", leaf_, {authority_, other}},
      {"one_twice", leaf_, {authority_, authority_}},
      {"none", leaf_, {}},
      {"other_way_round", authority_, {leaf_}},
  };
  for (const auto& c : kRefused) {
    const Status status = CheckSigningChain(c.leaf, c.chain, kNow + 10, cache);
    ASSERT_FALSE(status) << c.name;
    EXPECT_EQ(status.error().Exit(), ExitCode::kBadSignature) << c.name;
    EXPECT_EQ(cache.size(), 1U) << c.name;
  }
  const Status late = CheckSigningChain(leaf_, {authority_}, kNow + kYear, cache);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().Exit(), ExitCode::kNotValidThen);
}

TEST_F(ChainTest, FollowsAnIntermediateWithinItsConstraints) {
  constexpr const char* kCa = "critical,CA:TRUE,pathlen:0";
  constexpr const char* kCaLong = "critical,CA:TRUE,pathlen:1";
  constexpr const char* kSigns = "critical,keyCertSign,cRLSign";
  const struct {
    const char* name;
    CustomCertificate root;
    CustomCertificate middle;
    bool valid;
  } kCases[] = {
      {"good", CustomAuthority("root", kCaLong, kSigns), CustomAuthority("middle", kCa, kSigns),
       true},
      {"path_too_long", CustomAuthority("root", kCa, kSigns),
       CustomAuthority("middle", kCa, kSigns), false},
      {"not_an_authority", CustomAuthority("root", kCaLong, kSigns),
       CustomAuthority("middle", "critical,CA:FALSE", "critical,digitalSignature"), false},
      {"may_not_sign", CustomAuthority("root", kCaLong, kSigns),
       CustomAuthority("middle", kCa, "critical,cRLSign"), false},
      {"constraints_not_critical", CustomAuthority("root", kCaLong, kSigns),
       CustomAuthority("middle", "CA:TRUE", kSigns), false},
  };
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kP256);
  const PrivateKey middle_key = PrivateKey::Generate(KeyKind::kP256);
  for (const auto& c : kCases) {
    const Certificate root = Issue(root_key, "root", root_key, c.root);
    const Certificate middle = Issue(root_key, "root", middle_key, c.middle);
    const Certificate leaf = SigningLeaf(middle_key, middle);
    const Status status = CheckSigningChain(leaf, {middle, root}, kNow + 10);
    EXPECT_EQ(status.has_value(), c.valid)
        << c.name << ": " << (status ? "" : status.error().message);
    // The root has to be there, and last.
    EXPECT_FALSE(CheckSigningChain(leaf, {middle}, kNow + 10)) << c.name;
    EXPECT_FALSE(CheckSigningChain(leaf, {root, middle}, kNow + 10)) << c.name;
    EXPECT_FALSE(CheckSigningChain(leaf, {root}, kNow + 10)) << c.name;
  }
}

TEST_F(ChainTest, WantsTheLeafForCodeSigningAlone) {
  const struct {
    const char* name;
    std::vector<std::pair<int, const char*>> extensions;
    bool valid;
  } kCases[] = {
      {"good",
       {{NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, "codeSigning"}},
       true},
      {"no_key_usage", {{NID_ext_key_usage, "codeSigning"}}, false},
      {"other_key_usage",
       {{NID_key_usage, "critical,keyAgreement"}, {NID_ext_key_usage, "codeSigning"}},
       false},
      {"no_extended_key_usage", {{NID_key_usage, "critical,digitalSignature"}}, false},
      {"any_use",
       {{NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, "anyExtendedKeyUsage"}},
       false},
      {"more_uses",
       {{NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "codeSigning,serverAuth"}},
       false},
      {"unknown_critical",
       {{NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "codeSigning"},
        {NID_netscape_comment, "critical,hello"}},
       false},
  };
  const PrivateKey root_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate root =
      Issue(root_key, "root", root_key,
            CustomAuthority("root", "critical,CA:TRUE", "critical,keyCertSign"));
  for (const auto& c : kCases) {
    CustomCertificate custom{"leaf", c.extensions};
    custom.extensions.emplace_back(NID_subject_key_identifier, "hash");
    custom.extensions.emplace_back(NID_authority_key_identifier, "keyid:always");
    const Certificate leaf = Issue(root_key, "root", key_, custom);
    const Status status = CheckSigningChain(leaf, {root}, kNow + 10);
    EXPECT_EQ(status.has_value(), c.valid)
        << c.name << ": " << (status ? "" : status.error().message);
  }
}

}  // namespace
}  // namespace farm
