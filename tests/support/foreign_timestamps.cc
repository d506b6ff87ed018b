#include "tests/support/foreign_timestamps.h"

#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <initializer_list>
#include <utility>

#include "farm/base/result.h"
#include "farm/crypto/timestamp.h"
#include "tests/support/openssl_objects.h"

namespace farm {
namespace {

using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedX509 = Owned<X509, X509_free>;
inline void FreeStackOnly(STACK_OF(X509) * stack) { sk_X509_free(stack); }

OwnedX509 Parse(const Certificate& certificate) {
  const unsigned char* position = Data(certificate.der());
  OwnedX509 x509(d2i_X509(nullptr, &position, static_cast<long>(certificate.der().size())));
  CHECK(x509);
  return x509;
}

struct Subject {
  const char* name;
  EVP_PKEY* key;
};
struct Validity {
  UnixSeconds start;
  std::int64_t seconds;
};
struct Extension {
  int nid;
  const char* text;
};

// Issued by `issuer`, which may be the subject itself.
Certificate Issue(const Subject& issuer, const Subject& subject, const Validity& validity,
                  std::initializer_list<Extension> extensions) {
  const OwnedX509 x509(X509_new());
  CHECK(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  CHECK(ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1 + (issuer.key != subject.key)) == 1);
  for (const auto& [name, text] : {std::pair(X509_get_subject_name(x509.get()), subject.name),
                                   std::pair(X509_get_issuer_name(x509.get()), issuer.name)}) {
    CHECK(X509_NAME_add_entry_by_NID(const_cast<X509_NAME*>(name), NID_commonName, MBSTRING_UTF8,
                                     Data(text), -1, -1, 0) == 1);
  }
  CHECK(X509_set_pubkey(x509.get(), subject.key) == 1);
  CHECK(ASN1_TIME_set(X509_getm_notBefore(x509.get()), validity.start) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(x509.get()), validity.start + validity.seconds) !=
        nullptr);
  for (const Extension& wanted : extensions) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509.get(), x509.get(), nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.text));
    CHECK(extension && X509_add_ext(x509.get(), extension.get(), -1) == 1);
  }
  CHECK(X509_sign(x509.get(), issuer.key, EVP_sha384()) > 0);
  auto certificate = Certificate::ForeignFromDer(ToDer<i2d_X509>(x509.get()));
  CHECK(certificate);
  return *std::move(certificate);
}

// The authority key identifier of the leaf needs the issuer's certificate.
void AddIssuerKeyIdentifier(X509* leaf, X509* issuer) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, leaf, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  CHECK(extension && X509_add_ext(leaf, extension.get(), -1) == 1);
}

ASN1_INTEGER* OneAsSerial(TS_RESP_CTX*, void*) {
  ASN1_INTEGER* const serial = ASN1_INTEGER_new();
  CHECK(serial != nullptr && ASN1_INTEGER_set(serial, 1) == 1);
  return serial;
}

int GivenTime(TS_RESP_CTX*, void* time, long* seconds, long* microseconds) {
  *seconds = static_cast<long>(*static_cast<const UnixSeconds*>(time));
  *microseconds = 0;
  return 1;
}

}  // namespace

ForeignTimestampAuthority::ForeignTimestampAuthority(UnixSeconds start, std::int64_t seconds) {
  const OwnedKey leaf_key(EVP_RSA_gen(2048));
  const OwnedKey root_key(EVP_EC_gen("P-384"));
  CHECK(leaf_key && root_key);
  const Subject root{"foreign stamps CA", root_key.get()};
  const Validity validity{start, seconds};
  const Certificate authority = Issue(root, root, validity,
                                      {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                       {NID_subject_key_identifier, "hash"}});
  const OwnedX509 leaf = Parse(Issue(root, {"foreign stamps", leaf_key.get()}, validity,
                                     {{NID_basic_constraints, "critical,CA:FALSE"},
                                      {NID_key_usage, "critical,digitalSignature"},
                                      {NID_ext_key_usage, "critical,timeStamping"},
                                      {NID_subject_key_identifier, "hash"}}));
  AddIssuerKeyIdentifier(leaf.get(), Parse(authority).get());
  CHECK(X509_sign(leaf.get(), root_key.get(), EVP_sha384()) > 0);
  auto certificate = Certificate::ForeignFromDer(ToDer<i2d_X509>(leaf.get()));
  CHECK(certificate);
  chain_ = {*std::move(certificate), authority};
  key_ = ToDer<i2d_PrivateKey>(leaf_key.get());
}

std::string ForeignTimestampAuthority::Stamp(std::string_view message, UnixSeconds time) const {
  const unsigned char* position = Data(key_);
  const OwnedKey key(d2i_AutoPrivateKey(nullptr, &position, static_cast<long>(key_.size())));
  const OwnedX509 leaf = Parse(chain_[0]);
  const OwnedX509 root = Parse(chain_[1]);
  const Owned<STACK_OF(X509), FreeStackOnly> others(sk_X509_new_null());
  const Owned<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj("1.3.6.1.4.1.99999.2", 1));
  CHECK(key && others && context && policy && sk_X509_push(others.get(), root.get()) > 0);
  CHECK(TS_RESP_CTX_set_signer_cert(context.get(), leaf.get()) == 1);
  CHECK(TS_RESP_CTX_set_signer_key(context.get(), key.get()) == 1);
  CHECK(TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha256()) == 1);
  CHECK(TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1);
  CHECK(TS_RESP_CTX_set_certs(context.get(), others.get()) == 1);
  CHECK(TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1);
  CHECK(TS_RESP_CTX_add_md(context.get(), EVP_sha256()) == 1);
  TS_RESP_CTX_set_serial_cb(context.get(), OneAsSerial, nullptr);
  TS_RESP_CTX_set_time_cb(context.get(), GivenTime, &time);
  const std::string request = MakeTimestampRequest(message);
  const Owned<BIO, BIO_free> bytes(
      BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
  CHECK(bytes);
  const Owned<TS_RESP, TS_RESP_free> response(TS_RESP_create_response(context.get(), bytes.get()));
  CHECK(response);
  return ToDer<i2d_TS_RESP>(response.get());
}

}  // namespace farm
