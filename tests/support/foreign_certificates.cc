#include "tests/support/foreign_certificates.h"

#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "farm/base/result.h"
#include "farm/crypto/timestamp.h"
#include "tests/support/openssl_objects.h"

namespace farm {
namespace {

using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedX509 = Owned<X509, X509_free>;

struct Party {
  const char* name;
  EVP_PKEY* key;
};

OwnedX509 New(const Party& issuer, const Party& subject, std::int64_t seconds) {
  static long serial = 0;
  OwnedX509 x509(X509_new());
  CHECK(x509 && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  CHECK(ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), ++serial) == 1);
  for (const auto& [name, text] : {std::pair(X509_get_subject_name(x509.get()), subject.name),
                                   std::pair(X509_get_issuer_name(x509.get()), issuer.name)}) {
    CHECK(X509_NAME_add_entry_by_NID(const_cast<X509_NAME*>(name), NID_commonName, MBSTRING_UTF8,
                                     Data(text), -1, -1, 0) == 1);
  }
  CHECK(X509_set_pubkey(x509.get(), subject.key) == 1);
  const UnixSeconds start = ForeignCertificates::kStart;
  CHECK(ASN1_TIME_set(X509_getm_notBefore(x509.get()), start) != nullptr);
  CHECK(ASN1_TIME_set(X509_getm_notAfter(x509.get()), start + seconds) != nullptr);
  return x509;
}

void Extend(X509* x509, int nid, const std::string& text) {
  if (text.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str()));
  CHECK(extension && X509_add_ext(x509, extension.get(), -1) == 1);
}

void ExtendRaw(X509* x509, const std::string& oid, std::string_view value) {
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(OBJ_txt2obj(oid.c_str(), 1));
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets(ASN1_OCTET_STRING_new());
  CHECK(object && octets);
  CHECK(ASN1_OCTET_STRING_set(octets.get(), Data(value), static_cast<int>(value.size())) == 1);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 0, octets.get()));
  CHECK(extension && X509_add_ext(x509, extension.get(), -1) == 1);
}

Certificate Sign(X509* x509, EVP_PKEY* key) {
  CHECK(X509_sign(x509, key, EVP_sha384()) > 0);
  auto certificate = Certificate::ForeignFromDer(ToDer<i2d_X509>(x509));
  CHECK(certificate);
  return *std::move(certificate);
}

constexpr char kRootName[] = "root";
constexpr char kIntermediateName[] = "intermediate";

Certificate Authority(const Party& issuer, const Party& subject) {
  const OwnedX509 x509 = New(issuer, subject, ForeignCertificates::kAuthoritySeconds);
  Extend(x509.get(), NID_basic_constraints, "critical,CA:TRUE");
  Extend(x509.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  return Sign(x509.get(), issuer.key);
}

OwnedKey NewKey() {
  OwnedKey key(EVP_EC_gen("P-384"));
  CHECK(key);
  return key;
}

std::string PrivateDer(EVP_PKEY* key) {
  const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(key));
  CHECK(info);
  return ToDer<i2d_PKCS8_PRIV_KEY_INFO>(info.get());
}

OwnedKey FromPrivateDer(const std::string& der) {
  const unsigned char* position = Data(der);
  OwnedKey key(d2i_AutoPrivateKey(nullptr, &position, static_cast<long>(der.size())));
  CHECK(key);
  return key;
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

std::string RequestWithoutCertificates(std::string_view message) {
  const std::string with = MakeTimestampRequest(message);
  const unsigned char* position = Data(with);
  const Owned<TS_REQ, TS_REQ_free> request(
      d2i_TS_REQ(nullptr, &position, static_cast<long>(with.size())));
  CHECK(request && TS_REQ_set_cert_req(request.get(), 0) == 1);
  return ToDer<i2d_TS_REQ>(request.get());
}

}  // namespace

ForeignCertificates::ForeignCertificates() {
  const OwnedKey root = NewKey();
  const OwnedKey other_root = NewKey();
  const OwnedKey intermediate = NewKey();
  const OwnedKey namesake = NewKey();
  intermediate_key_ = PrivateDer(intermediate.get());
  const Party root_party{kRootName, root.get()};
  const Party other_party{kRootName, other_root.get()};
  authorities_ = {Authority(root_party, {kIntermediateName, intermediate.get()}),
                  Authority(root_party, root_party), Authority(other_party, other_party),
                  Authority(root_party, {kIntermediateName, namesake.get()})};
  const OwnedKey stamper = NewKey();
  stamper_key_ = PrivateDer(stamper.get());
  authorities_.push_back(
      LeafOf(stamper.get(), {.extended_key_usage = "critical,timeStamping", .subject_names = ""}));
}

Certificate ForeignCertificates::Leaf(const LeafRequest& request) const {
  return LeafOf(NewKey().get(), request);
}

Certificate ForeignCertificates::LeafOf(EVP_PKEY* key, const LeafRequest& request) const {
  const OwnedKey issuer = FromPrivateDer(intermediate_key_);
  const OwnedX509 x509 = New({kIntermediateName, issuer.get()}, {"leaf", key}, request.seconds);
  Extend(x509.get(), NID_key_usage, request.key_usage);
  Extend(x509.get(), NID_ext_key_usage, request.extended_key_usage);
  Extend(x509.get(), NID_subject_alt_name, request.subject_names);
  for (const auto& [oid, value] : request.raw) ExtendRaw(x509.get(), oid, value);
  return Sign(x509.get(), issuer.get());
}

std::string ForeignCertificates::Stamp(std::string_view message, UnixSeconds time) const {
  const OwnedKey key = FromPrivateDer(stamper_key_);
  const unsigned char* position = Data(stamper().der());
  const OwnedX509 leaf(d2i_X509(nullptr, &position, static_cast<long>(stamper().der().size())));
  const Owned<TS_RESP_CTX, TS_RESP_CTX_free> context(TS_RESP_CTX_new());
  const Owned<ASN1_OBJECT, ASN1_OBJECT_free> policy(OBJ_txt2obj("1.3.6.1.4.1.99999.2", 1));
  CHECK(leaf && context && policy);
  CHECK(TS_RESP_CTX_set_signer_cert(context.get(), leaf.get()) == 1);
  CHECK(TS_RESP_CTX_set_signer_key(context.get(), key.get()) == 1);
  CHECK(TS_RESP_CTX_set_signer_digest(context.get(), EVP_sha384()) == 1);
  CHECK(TS_RESP_CTX_set_ess_cert_id_digest(context.get(), EVP_sha256()) == 1);
  CHECK(TS_RESP_CTX_set_def_policy(context.get(), policy.get()) == 1);
  CHECK(TS_RESP_CTX_add_md(context.get(), EVP_sha256()) == 1);
  TS_RESP_CTX_set_serial_cb(context.get(), OneAsSerial, nullptr);
  TS_RESP_CTX_set_time_cb(context.get(), GivenTime, &time);
  const std::string request = RequestWithoutCertificates(message);
  const Owned<BIO, BIO_free> bytes(
      BIO_new_mem_buf(request.data(), static_cast<int>(request.size())));
  CHECK(bytes);
  const Owned<TS_RESP, TS_RESP_free> response(TS_RESP_create_response(context.get(), bytes.get()));
  CHECK(response);
  return ToDer<i2d_TS_RESP>(response.get());
}

Certificate ForeignCertificates::LeafWithPromises(std::string_view list) const {
  const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> octets(ASN1_OCTET_STRING_new());
  CHECK(octets);
  CHECK(ASN1_OCTET_STRING_set(octets.get(), Data(list), static_cast<int>(list.size())) == 1);
  return Leaf({.raw = {{"1.3.6.1.4.1.11129.2.4.2", ToDer<i2d_ASN1_OCTET_STRING>(octets.get())}}});
}

}  // namespace farm
