#include "farm/crypto/timestamp.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/ts.h>

#include <functional>
#include <vector>

namespace farm {
namespace {

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr std::int64_t kYear = 366 * kDaySeconds;
constexpr std::string_view kMessage = "a signature";

class TimestampTest : public testing::Test {
 protected:
  std::string Answer(UnixSeconds now) const {
    return AnswerTimestampRequest(MakeTimestampRequest(kMessage), key_, certificate_, authority_,
                                  now)
        .value();
  }

  const PrivateKey authority_key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate authority_ = IssueAuthority(authority_key_, "Operator", "TSA CA", kNow, kYear);
  const PrivateKey key_ = PrivateKey::Generate(KeyKind::kP256);
  const Certificate certificate_ =
      IssueTimestampLeaf(authority_key_, authority_, key_.public_key(), "TSA", kNow, 1000);
  const std::string response_ = Answer(kNow + 5);
};

template <typename T>
T* Read(T* (*decode)(T**, const unsigned char**, long), std::string_view der) {
  const auto* position = reinterpret_cast<const unsigned char*>(der.data());
  return decode(nullptr, &position, static_cast<long>(der.size()));
}

template <typename T, typename Encode>
std::string Write(Encode encode, T* value) {
  unsigned char* bytes = nullptr;
  const int size = encode(value, &bytes);
  EXPECT_GT(size, 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

// Tokens that our own function does not make.
struct CustomToken {
  PrivateKey key;
  Certificate signer;
  std::vector<Certificate> inside;        // certificates in the token
  int attribute = NID_undef;              // that names certificates; none if undefined
  std::vector<Certificate> named = {};    // by it, the signer's first
  std::string_view attribute_bytes = {};  // instead of `named`
  bool signed_attributes = true;
  int content_type = NID_id_smime_ct_TSTInfo;  // as the signed attribute has it
  std::string_view time = {};                  // instead of that of the response
};

class Openssl {  // frees at the end of a test
 public:
  ~Openssl() {
    for (auto free = frees_.rbegin(); free != frees_.rend(); ++free) (*free)();
  }
  template <typename T>
  T* Own(T* object, void (*free)(T*)) {
    EXPECT_NE(object, nullptr);
    frees_.push_back([object, free] { free(object); });
    return object;
  }
  X509* Of(const Certificate& certificate) {
    return Own(Read(d2i_X509, certificate.der()), X509_free);
  }

 private:
  std::vector<std::function<void()>> frees_;
};

// The DER of a SigningCertificate or SigningCertificateV2.
std::string NameCertificates(int attribute, const std::vector<Certificate>& named, Openssl& own) {
  STACK_OF(X509)* const others = sk_X509_new_null();
  for (std::size_t i = 1; i < named.size(); ++i) sk_X509_push(others, own.Of(named[i]));
  std::string der;
  if (attribute == NID_id_smime_aa_signingCertificate) {
    der = Write(i2d_ESS_SIGNING_CERT,
                own.Own(OSSL_ESS_signing_cert_new_init(own.Of(named[0]), others, 1),
                        ESS_SIGNING_CERT_free));
  } else {
    der =
        Write(i2d_ESS_SIGNING_CERT_V2,
              own.Own(OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), own.Of(named[0]), others, 1),
                      ESS_SIGNING_CERT_V2_free));
  }
  sk_X509_free(others);
  return der;
}

// `response` with a token made anew over what it says.
std::string Resign(const std::string& response, const CustomToken& custom) {
  Openssl own;
  TS_RESP* const parsed = own.Own(Read(d2i_TS_RESP, response), TS_RESP_free);
  TS_TST_INFO* const info = TS_TST_INFO_dup(TS_RESP_get_tst_info(parsed));
  if (!custom.time.empty()) {
    ASN1_GENERALIZEDTIME* const time =
        own.Own(ASN1_GENERALIZEDTIME_new(), ASN1_GENERALIZEDTIME_free);
    ASN1_STRING_set(time, custom.time.data(), static_cast<int>(custom.time.size()));
    TS_TST_INFO_set_time(info, time);
  }
  const std::string pem = custom.key.Pem();
  BIO* const text =
      own.Own(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  EVP_PKEY* const key =
      own.Own(PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr), EVP_PKEY_free);
  PKCS7* const token = PKCS7_new();
  PKCS7_set_type(token, NID_pkcs7_signed);
  ASN1_INTEGER_set(token->d.sign->version, 3);
  for (const Certificate& certificate : custom.inside) {
    PKCS7_add_certificate(token, own.Of(certificate));
  }
  PKCS7_SIGNER_INFO* const signer =
      PKCS7_add_signature(token, own.Of(custom.signer), key, EVP_sha256());
  if (custom.signed_attributes) {
    PKCS7_add_signed_attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT,
                               OBJ_nid2obj(custom.content_type));
  }
  if (custom.attribute != NID_undef) {
    const std::string der = custom.attribute_bytes.empty()
                                ? NameCertificates(custom.attribute, custom.named, own)
                                : std::string(custom.attribute_bytes);
    ASN1_STRING* const sequence = ASN1_STRING_new();
    ASN1_STRING_set(sequence, der.data(), static_cast<int>(der.size()));
    PKCS7_add_signed_attribute(signer, custom.attribute, V_ASN1_SEQUENCE, sequence);
  }
  PKCS7* const content = PKCS7_new();
  content->type = OBJ_nid2obj(NID_id_smime_ct_TSTInfo);
  content->d.other = ASN1_TYPE_new();
  ASN1_TYPE_set(content->d.other, V_ASN1_OCTET_STRING, ASN1_OCTET_STRING_new());
  PKCS7_set_content(token, content);
  BIO* const bytes = own.Own(PKCS7_dataInit(token, nullptr), BIO_free_all);
  const std::string der = Write(i2d_TS_TST_INFO, info);
  BIO_write(bytes, der.data(), static_cast<int>(der.size()));
  EXPECT_EQ(PKCS7_dataFinal(token, bytes), 1);
  TS_RESP_set_tst_info(parsed, token, info);  // which owns both from here on
  return Write(i2d_TS_RESP, parsed);
}

// The request with its certReq flag as given; the flag is a request's last field before extensions.
std::string Request(bool with_certificate) {
  std::string request = MakeTimestampRequest(kMessage);
  EXPECT_EQ(request.substr(request.size() - 3), "\x01\x01\xff");
  if (with_certificate) return request;
  request.resize(request.size() - 3);  // certReq is FALSE by default
  request[1] = static_cast<char>(request[1] - 3);
  return request;
}

TEST_F(TimestampTest, GivesTheTimeInTheToken) {
  for (const auto& chain :
       {std::vector<Certificate>{certificate_, authority_}, std::vector<Certificate>{authority_}}) {
    const auto time = CheckTimestamp(response_, kMessage, chain);
    ASSERT_TRUE(time) << time.error().message;
    EXPECT_EQ(*time, kNow + 5);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(TimestampTest, NamesWhoSignedEvenIfOnlyTheTokenShowsIt) {
  for (const auto& chain :
       {std::vector<Certificate>{certificate_, authority_}, std::vector<Certificate>{authority_}}) {
    const auto checked = CheckTimestampAndSigner(response_, kMessage, chain);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->time, kNow + 5);
    EXPECT_EQ(checked->signer, certificate_);
  }
}

TEST_F(TimestampTest, NeedsNoCertificateInsideIfTheRootListsTheLeaf) {
  const auto bare = AnswerTimestampRequest(Request(false), key_, certificate_, authority_, kNow);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_LT(bare->size() + certificate_.der().size(), response_.size());
  EXPECT_EQ(CheckTimestamp(*bare, kMessage, {certificate_, authority_}).value(), kNow);
  const auto unknown = CheckTimestamp(*bare, kMessage, {authority_});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().Exit(), ExitCode::kBadSignature);
}

TEST_F(TimestampTest, RefusesWithExit11) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate other = IssueAuthority(other_key, "Operator", "TSA CA", kNow, kYear);
  const Certificate other_leaf =
      IssueTimestampLeaf(authority_key_, authority_, other_key.public_key(), "TSA 2", kNow, 1000);
  const std::string rejected = "\x30\x05\x30\x03\x02\x01\x02";
  const std::string granted_without_token("\x30\x05\x30\x03\x02\x01\x00", 7);
  const struct {
    const char* name;
    std::string response;
    std::string_view message;
    std::vector<Certificate> chain;
  } kCases[] = {
      {"other_message", response_, "another", {certificate_, authority_}},
      {"no_chain", response_, kMessage, {}},
      {"leaf_alone", response_, kMessage, {certificate_}},
      {"other_authority", response_, kMessage, {other}},
      {"leaf_and_other_authority", response_, kMessage, {certificate_, other}},
      {"another_leaf_of_that_authority", response_, kMessage, {other_leaf, authority_}},
      {"authority_twice", response_, kMessage, {authority_, authority_}},
      {"trailing_byte", response_ + std::string(1, '\0'), kMessage, {certificate_, authority_}},
      {"truncated",
       response_.substr(0, response_.size() - 1),
       kMessage,
       {certificate_, authority_}},
      {"empty", "", kMessage, {certificate_, authority_}},
      {"rejected", rejected, kMessage, {certificate_, authority_}},
      {"granted_without_token", granted_without_token, kMessage, {certificate_, authority_}},
      {"token_alone", response_.substr(9), kMessage, {certificate_, authority_}},
  };
  for (const auto& c : kCases) {
    const auto time = CheckTimestamp(c.response, c.message, c.chain);
    ASSERT_FALSE(time) << c.name;
    EXPECT_EQ(time.error().code, ErrorCode::kUntrusted) << c.name << time.error().message;
    EXPECT_EQ(time.error().Exit(), ExitCode::kBadSignature) << c.name;
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
  }
}

TEST_F(TimestampTest, HoldsATokenToTheCertificatesThatItNames) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate stranger = IssueAuthority(other_key, "Operator", "Stranger", kNow, kYear);
  // The same key, certified once more and for longer.
  const Certificate twin =
      IssueTimestampLeaf(authority_key_, authority_, key_.public_key(), "TSA", kNow, kYear);
  constexpr int kV1 = NID_id_smime_aa_signingCertificate;
  constexpr int kV2 = NID_id_smime_aa_signingCertificateV2;
  const struct {
    const char* name;
    CustomToken token;
    bool valid;
  } kCases[] = {
      {"v2", {key_, certificate_, {certificate_}, kV2, {certificate_}}, true},
      {"v1", {key_, certificate_, {certificate_}, kV1, {certificate_}}, true},
      {"v2_and_issuer", {key_, certificate_, {}, kV2, {certificate_, authority_}}, true},
      {"v1_and_issuer", {key_, certificate_, {}, kV1, {certificate_, authority_}}, true},
      {"none", {key_, certificate_, {certificate_}}, false},
      {"no_signed_attributes",
       {.key = key_, .signer = certificate_, .inside = {certificate_}, .signed_attributes = false},
       false},
      {"twin_v2", {key_, certificate_, {certificate_}, kV2, {twin}}, false},
      {"twin_v1", {key_, certificate_, {certificate_}, kV1, {twin}}, false},
      {"another_order", {key_, certificate_, {}, kV2, {authority_, certificate_}}, false},
      {"a_stranger_too",
       {key_, certificate_, {certificate_, stranger}, kV2, {certificate_, stranger}},
       false},
      {"not_a_list_of_certificates",
       {.key = key_,
        .signer = certificate_,
        .inside = {certificate_},
        .attribute = kV2,
        .attribute_bytes = "\x30\x03\x02\x01\x05"},
       false},
      {"empty_list",
       {.key = key_,
        .signer = certificate_,
        .inside = {certificate_},
        .attribute = kV2,
        .attribute_bytes = std::string_view("\x30\x02\x30\x00", 4)},
       false},
      {"another_key", {other_key, certificate_, {certificate_}, kV2, {certificate_}}, false},
      {"content_of_another_type",
       {.key = key_,
        .signer = certificate_,
        .inside = {certificate_},
        .attribute = kV2,
        .named = {certificate_},
        .content_type = NID_pkcs7_data},
       false},
  };
  for (const auto& c : kCases) {
    const std::string response = Resign(response_, c.token);
    ERR_clear_error();  // of making it
    const auto time = CheckTimestamp(response, kMessage, {certificate_, authority_});
    EXPECT_EQ(time.has_value(), c.valid) << c.name << ": " << (time ? "" : time.error().message);
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
    if (time) continue;
    EXPECT_EQ(time.error().Exit(), ExitCode::kBadSignature) << c.name;
  }
}

// Seconds, and UTC.
TEST_F(TimestampTest, HoldsTheTimeToItsForm) {
  for (const auto& [time, valid] :
       {std::pair("20270115080005Z", true), std::pair("20270115080005.5Z", true),
        std::pair("202701150800Z", false), std::pair("20270115080005+0000", false)}) {
    const std::string response =
        Resign(response_, {.key = key_,
                           .signer = certificate_,
                           .inside = {certificate_},
                           .attribute = NID_id_smime_aa_signingCertificateV2,
                           .named = {certificate_},
                           .time = time});
    EXPECT_EQ(CheckTimestamp(response, kMessage, {certificate_, authority_}).has_value(), valid)
        << time;
  }
}

TEST_F(TimestampTest, FollowsTheAuthoritysChainOnceAndComparesEveryTime) {
  VerifyCache cache;
  const std::vector<Certificate> chain = {certificate_, authority_};
  EXPECT_TRUE(CheckTimestampAndSigner(response_, kMessage, chain, cache));
  EXPECT_TRUE(CheckTimestampAndSigner(Answer(kNow + 7), kMessage, chain, cache));
  EXPECT_EQ(cache.size(), 1U);
  const auto late = CheckTimestampAndSigner(Answer(kNow + 941), kMessage, chain, cache);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().Exit(), ExitCode::kNotValidThen);
  const auto other = CheckTimestampAndSigner(response_, "another", chain, cache);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().Exit(), ExitCode::kBadSignature);
  // Good for time stamps says nothing of other uses.
  EXPECT_FALSE(CheckSigningChain(certificate_, {authority_}, kNow + 5, cache));
  EXPECT_EQ(cache.size(), 1U);
}

TEST_F(TimestampTest, RefusesTooManyBytes) {
  const auto time = CheckTimestamp(std::string(kTimestampResponseBytesMax + 1, '0'), kMessage,
                                   {certificate_, authority_});
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().code, ErrorCode::kLimitExceeded);
}

TEST_F(TimestampTest, RefusesEveryChangedByte) {
  VerifyCache cache;
  const std::vector<Certificate> chain = {certificate_, authority_};
  for (std::size_t i = 0; i < response_.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = response_;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_FALSE(CheckTimestampAndSigner(changed, kMessage, chain, cache)) << i << " " << bit;
    }
  }
}

// `response` as somebody on the way would have it, written anew.
std::string Bent(const std::string& response,
                 const std::function<void(TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO*)>& bend) {
  Openssl own;
  TS_RESP* const parsed = own.Own(Read(d2i_TS_RESP, response), TS_RESP_free);
  PKCS7* const token = TS_RESP_get_token(parsed);
  bend(parsed, token, sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0));
  return Write(i2d_TS_RESP, parsed);
}

// The same with `add` in place of the `size` bytes after the response's own head.
std::string WithStatus(const std::string& response, std::size_t size, std::string_view add) {
  std::string bent = response.substr(0, 4) + std::string(add) + response.substr(4 + size);
  bent[2] = static_cast<char>((bent.size() - 4) >> 8);
  bent[3] = static_cast<char>(bent.size() - 4);
  return bent;
}

std::string EmptyRevocationList(const PrivateKey& key, const Certificate& issuer) {
  Openssl own;
  const std::string pem = key.Pem();
  BIO* const text =
      own.Own(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  EVP_PKEY* const signer =
      own.Own(PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr), EVP_PKEY_free);
  X509_CRL* const list = own.Own(X509_CRL_new(), X509_CRL_free);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(own.Of(issuer)));
  ASN1_TIME* const time = own.Own(ASN1_TIME_set(nullptr, kNow), ASN1_TIME_free);
  X509_CRL_set1_lastUpdate(list, time);
  X509_CRL_set1_nextUpdate(list, time);
  EXPECT_GT(X509_CRL_sign(list, signer, EVP_sha256()), 0);
  return Write(i2d_X509_CRL, list);
}

TEST_F(TimestampTest, WhatNoSignatureCoversHasOneForm) {
  const PrivateKey other_key = PrivateKey::Generate(KeyKind::kP256);
  const Certificate stranger = IssueAuthority(other_key, "Operator", "Stranger", kNow, kYear);
  const std::string list = EmptyRevocationList(authority_key_, authority_);
  const auto bent = [&](const std::function<void(TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO*)>& bend) {
    return Bent(response_, bend);
  };
  const auto signature_named = [&](int nid, int parameters) {
    return bent([&](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO* info) {
      X509_ALGOR_set0(info->digest_enc_alg, OBJ_nid2obj(nid), parameters, nullptr);
    });
  };
  std::string capitals = response_;
  capitals.replace(capitals.rfind("TSA CA"), 6, "tsa ca");
  const std::string granted("\x30\x03\x02\x01\x00", 5);
  ASSERT_EQ(response_.substr(4, 5), granted);
  const struct {
    const char* name;
    std::string response;
    const char* words;  // "": good
  } kCases[] = {
      {"as_it_is", bent([](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO*) {}), ""},
      {"algorithm_with_null", signature_named(NID_ecdsa_with_SHA256, V_ASN1_NULL), ""},
      {"granted_with_modifications",
       WithStatus(response_, 5, std::string_view("\x30\x03\x02\x01\x01", 5)), "want 0 (granted)"},
      {"words_beside_the_status",
       WithStatus(response_, 5, std::string_view("\x30\x09\x02\x01\x00\x30\x04\x0c\x02ok", 11)),
       "more than that it is granted"},
      {"long_length", WithStatus(response_, 5, std::string_view("\x30\x81\x03\x02\x01\x00", 6)),
       "not written as DER"},
      {"version_of_the_token", bent([](TS_RESP*, PKCS7* token, PKCS7_SIGNER_INFO*) {
         ASN1_INTEGER_set(token->d.sign->version, 1);
       }),
       "version"},
      {"version_of_the_signer",
       bent([](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO* info) { ASN1_INTEGER_set(info->version, 3); }),
       "version"},
      {"capitals_of_the_issuer", capitals, "name of its signer's issuer"},
      {"another_digest_in_the_name", signature_named(NID_ecdsa_with_SHA384, V_ASN1_UNDEF),
       "other algorithms"},
      {"another_key_in_the_name", signature_named(NID_rsaEncryption, V_ASN1_NULL),
       "other algorithms"},
      {"parameters_of_the_signature", bent([](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO* info) {
         X509_ALGOR_set0(info->digest_enc_alg, OBJ_nid2obj(NID_ecdsa_with_SHA256),
                         V_ASN1_OCTET_STRING, ASN1_OCTET_STRING_new());
       }),
       "other algorithms"},
      {"parameters_of_the_digest", bent([](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO* info) {
         X509_ALGOR_set0(info->digest_alg, OBJ_nid2obj(NID_sha256), V_ASN1_OCTET_STRING,
                         ASN1_OCTET_STRING_new());
       }),
       "other algorithms"},
      {"digests_twice", bent([](TS_RESP*, PKCS7* token, PKCS7_SIGNER_INFO*) {
         auto* const digests = token->d.sign->md_algs;
         sk_X509_ALGOR_push(digests, X509_ALGOR_dup(sk_X509_ALGOR_value(digests, 0)));
       }),
       "other algorithms"},
      {"a_stranger_inside", bent([&](TS_RESP*, PKCS7* token, PKCS7_SIGNER_INFO*) {
         Openssl own;
         PKCS7_add_certificate(token, own.Of(stranger));
       }),
       "a certificate that is not"},
      {"the_authority_twice", bent([&](TS_RESP*, PKCS7* token, PKCS7_SIGNER_INFO*) {
         Openssl own;
         PKCS7_add_certificate(token, own.Of(authority_));
       }),
       "or one twice"},
      {"a_revocation_list", bent([&](TS_RESP*, PKCS7* token, PKCS7_SIGNER_INFO*) {
         Openssl own;
         PKCS7_add_crl(token, own.Own(Read(d2i_X509_CRL, list), X509_CRL_free));
       }),
       "attributes or revocations"},
      {"an_unsigned_attribute", bent([](TS_RESP*, PKCS7*, PKCS7_SIGNER_INFO* info) {
         PKCS7_add_attribute(info, NID_pkcs9_unstructuredName, V_ASN1_NULL, nullptr);
       }),
       "attributes or revocations"},
  };
  ERR_clear_error();  // of making them
  for (const auto& c : kCases) {
    const auto time = CheckTimestamp(c.response, kMessage, {certificate_, authority_});
    EXPECT_EQ(ERR_peek_error(), 0U) << c.name;
    EXPECT_EQ(time.has_value(), *c.words == '\0')
        << c.name << ": " << (time ? "" : time.error().message);
    if (time) continue;
    EXPECT_EQ(time.error().Exit(), ExitCode::kBadSignature) << c.name;
    EXPECT_NE(time.error().message.find(c.words), std::string::npos)
        << c.name << ": " << time.error().message;
  }
}

TEST_F(TimestampTest, JudgesCertificatesAtTheTokensOwnTimeWithExit18) {
  const struct {
    const char* name;
    UnixSeconds time;
    bool valid;
  } kCases[] = {
      {"first_second", kNow - 60, true},
      {"last_second", kNow + 940, true},
      {"too_early", kNow - 61, false},
      {"too_late", kNow + 941, false},
  };
  for (const auto& c : kCases) {
    const auto time = CheckTimestamp(Answer(c.time), kMessage, {certificate_, authority_});
    EXPECT_EQ(time.has_value(), c.valid) << c.name;
    if (time) continue;
    EXPECT_EQ(time.error().code, ErrorCode::kUntrusted) << c.name;
    EXPECT_EQ(time.error().Exit(), ExitCode::kNotValidThen) << c.name;
  }
}

TEST_F(TimestampTest, AnswersOnlyRequests) {
  for (const std::string& bad : {std::string(), std::string("hello"), Request(true) + "x",
                                 std::string(kTimestampRequestBytesMax + 1, '0')}) {
    const auto answer = AnswerTimestampRequest(bad, key_, certificate_, authority_, kNow);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidInput);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(TimestampTest, RejectsAnImprintThatIsNotOfItsDigest) {
  // SHA-256 renamed to 2.16.840.1.101.3.4.2.7 (SHA3-224).
  std::string request = Request(true);
  const auto position = request.find("\x60\x86\x48\x01\x65\x03\x04\x02\x01");
  ASSERT_NE(position, std::string::npos);
  request[position + 8] = 7;
  const auto answer = AnswerTimestampRequest(request, key_, certificate_, authority_, kNow);
  ASSERT_TRUE(answer) << answer.error().message;
  const auto time = CheckTimestamp(*answer, kMessage, {certificate_, authority_});
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().message, "time stamp: the authority refused it with status 2");
}

TEST_F(TimestampTest, RequestsDifferAndAreAnsweredWithTheirNonce) {
  const std::string request = MakeTimestampRequest(kMessage);
  EXPECT_NE(request, MakeTimestampRequest(kMessage));
  const auto answer = AnswerTimestampRequest(request, key_, certificate_, authority_, kNow);
  TS_REQ* const parsed_request = Read(d2i_TS_REQ, request);
  TS_RESP* const parsed_answer = Read(d2i_TS_RESP, answer.value());
  EXPECT_EQ(ASN1_INTEGER_cmp(TS_REQ_get_nonce(parsed_request),
                             TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(parsed_answer))),
            0);
  TS_REQ_free(parsed_request);
  TS_RESP_free(parsed_answer);
}

}  // namespace
}  // namespace farm
