#include "farm/crypto/certificate.h"

#include <algorithm>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

std::string_view ViewOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string CommonName(const X509* x509) {
  const X509_NAME* subject = X509_get_subject_name(x509);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, index) >= 0) return "";
  unsigned char* bytes = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) return "";
  const OpensslOwned<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owner(bytes);
  std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  return IsUtf8(name) ? name : "";
}

Error Bad(std::string_view reason) {
  return Error{ErrorCode::kInvalidInput, "certificate: " + std::string(reason)};
}

}  // namespace

Result<Certificate> CertificateAccess::Parse(std::string_view der, bool foreign_key) {
  const ErrorQueueScope scope;
  if (der.size() > kCertificateBytesMax) {
    return Bad("has " + std::to_string(der.size()) + " bytes, at most " +
               std::to_string(kCertificateBytesMax) + " are read");
  }
  Certificate::State state;
  state.x509 = FromWholeDer<OwnedX509, d2i_X509>(der);
  if (!state.x509) return Bad("not one X.509 certificate: " + OpensslReason());
  X509* const x509 = state.x509.get();
  // The signature does not cover how the outermost layer is encoded.
  if (ToDer<i2d_X509>(x509) != der) return Bad("not DER");
  if (X509_get_version(x509) != X509_VERSION_3) return Bad("not of version 3");
  // Reads the extensions once, here; later readers on other threads find them cached.
  if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0) return Bad("malformed extensions");

  const X509_PUBKEY* const key = X509_get_X509_PUBKEY(x509);
  const std::string spki = ToDer<i2d_X509_PUBKEY>(key);
  auto public_key = PublicKey::FromSpki(spki);
  if (public_key) {
    state.public_key = *std::move(public_key);
  } else if (!foreign_key) {
    return Bad(public_key.error().message);
  } else if (X509_PUBKEY_get0(key) == nullptr) {
    return Bad("no public key that we can read");
  }
  state.key_id = Sha256(spki).Hex();
  const auto not_before = TimeFromAsn1(X509_get0_notBefore(x509));
  const auto not_after = TimeFromAsn1(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return Bad("malformed validity");
  state.not_before = *not_before;
  state.not_after = *not_after;
  state.common_name = CommonName(x509);
  state.der = std::string(der);
  return Certificate(std::make_shared<const Certificate::State>(std::move(state)));
}

Result<Certificate> Certificate::FromDer(std::string_view der) {
  return CertificateAccess::Parse(der, false);
}

Result<Certificate> Certificate::ForeignFromDer(std::string_view der) {
  return CertificateAccess::Parse(der, true);
}

Result<Certificate> Certificate::FromPem(std::string_view pem) {
  ASSIGN_OR_RETURN(const std::string der, PemDecode("CERTIFICATE", pem));
  return FromDer(der);
}

Result<Certificate> Certificate::ForeignFromPem(std::string_view pem) {
  ASSIGN_OR_RETURN(const std::string der, PemDecode("CERTIFICATE", pem));
  return ForeignFromDer(der);
}

const std::string& Certificate::der() const { return state_->der; }
std::string Certificate::Pem() const { return PemEncode("CERTIFICATE", der()); }
bool Certificate::HasPublicKey() const { return state_->public_key.has_value(); }

const PublicKey& Certificate::public_key() const {
  CHECK(HasPublicKey());
  return *state_->public_key;
}

const std::string& Certificate::KeyId() const { return state_->key_id; }
UnixSeconds Certificate::not_before() const { return state_->not_before; }
UnixSeconds Certificate::not_after() const { return state_->not_after; }
std::string Certificate::common_name() const { return state_->common_name; }

Result<std::string> Certificate::UriName() const {
  const ErrorQueueScope scope;
  const OpensslOwned<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(state_->x509.get(), NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return Bad("no subject alternative name, want one URI");
  if (sk_GENERAL_NAME_num(names.get()) != 1) return Bad("several names, want one URI");
  const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), 0);
  if (name->type != GEN_URI) return Bad("its subject alternative name is not a URI");
  const std::string_view uri = ViewOf(name->d.uniformResourceIdentifier);
  const bool printable =
      std::all_of(uri.begin(), uri.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (uri.empty() || !printable) return Bad("its URI is not printable ASCII");
  return std::string(uri);
}

std::string Certificate::IssuerExtension() const {
  const ErrorQueueScope scope;
  const OpensslOwned<ASN1_OBJECT, ASN1_OBJECT_free> oid(OBJ_txt2obj(kIssuerOid, 1));
  CHECK(oid);
  const X509* const x509 = state_->x509.get();
  const int index = X509_get_ext_by_OBJ(x509, oid.get(), -1);
  if (index < 0 || X509_get_ext_by_OBJ(x509, oid.get(), index) >= 0) return "";
  const auto text =
      FromWholeDer<OpensslOwned<ASN1_UTF8STRING, ASN1_UTF8STRING_free>, d2i_ASN1_UTF8STRING>(
          ViewOf(X509_EXTENSION_get_data(X509_get_ext(x509, index))));
  if (!text || !IsUtf8(ViewOf(text.get()))) return "";
  return std::string(ViewOf(text.get()));
}

}  // namespace farm
