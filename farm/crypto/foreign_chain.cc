#include "farm/crypto/foreign_chain.h"

#include <openssl/x509_vfy.h>

#include "farm/base/bytes.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr int kSecurityLevel = 2;  // 112 bits: RSA 2048, P-256, SHA-256 and better
constexpr const char* kOldIssuerOid = "1.3.6.1.4.1.57264.1.1";  // the bare text
constexpr const char* kUserNameOid = "1.3.6.1.4.1.57264.1.7";

using OwnedStoreContext = OpensslOwned<X509_STORE_CTX, X509_STORE_CTX_free>;
using OwnedObject = OpensslOwned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedNames = OpensslOwned<GENERAL_NAMES, GENERAL_NAMES_free>;

Error Untrusted(std::string message) {
  return Error{ErrorCode::kUntrusted, std::move(message), ExitCode::kBadSignature};
}

std::string_view ViewOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// "authority 2 (sigstore)": its place and its common name.
std::string NameOf(const Certificate& certificate, std::size_t depth) {
  constexpr std::size_t kNameBytesMax = 120;
  const std::string place = depth == 0 ? "the leaf" : "authority " + std::to_string(depth);
  const std::string name = certificate.common_name();
  return name.empty() ? place : place + " (" + Printable(name, kNameBytesMax) + ")";
}

Status CheckLeafUse(const Certificate& leaf) {
  X509* const x509 = CertificateAccess::Get(leaf);
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CA) != 0) return Untrusted("the certificate is an authority's, not a leaf");
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0) {
    return Untrusted("the leaf is not for digital signatures");
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(x509) & XKU_CODE_SIGN) == 0) {
    return Untrusted("the leaf is not for code signing");
  }
  return {};
}

Status CheckAuthorityUse(const Certificate& authority, std::size_t depth, ChainPurpose purpose) {
  X509* const x509 = CertificateAccess::Get(authority);
  if (X509_check_ca(x509) != 1) return Untrusted(NameOf(authority, depth) + " may not issue");
  const std::uint32_t wanted =
      purpose == ChainPurpose::kCodeSigning ? XKU_CODE_SIGN : XKU_TIMESTAMP;
  const bool limited = (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) != 0;
  if (limited && (X509_get_extended_key_usage(x509) & (wanted | XKU_ANYEKU)) == 0) {
    return Untrusted(NameOf(authority, depth) + " may not issue for this use");
  }
  return {};
}

Status CheckTime(const Certificate& certificate, std::size_t depth, UnixSeconds at) {
  if (at >= certificate.not_before() && at <= certificate.not_after()) return {};
  return Error{ErrorCode::kUntrusted,
               NameOf(certificate, depth) + " was not valid at " + FormatTime(at) + ", only from " +
                   FormatTime(certificate.not_before()) + " to " +
                   FormatTime(certificate.not_after()),
               ExitCode::kNotValidThen};
}

bool Signed(const Certificate& issuer, const Certificate& leaf) {
  EVP_PKEY* const key = X509_get0_pubkey(CertificateAccess::Get(issuer));  // borrowed
  return key != nullptr && X509_verify(CertificateAccess::Get(leaf), key) == 1;
}

bool HaveOneName(const Certificate& a, const Certificate& b) {
  return X509_NAME_cmp(X509_get_subject_name(CertificateAccess::Get(a)),
                       X509_get_subject_name(CertificateAccess::Get(b))) == 0;
}

// The path from `leaf` by way of `issuer` to the end of `chain`, but for time.
Status FollowPath(const Certificate& leaf, const Certificate& issuer,
                  const std::vector<Certificate>& chain, ChainPurpose purpose) {
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  const BorrowingStack untrusted(sk_X509_new_null());
  CHECK(store && context && untrusted);
  CHECK(X509_STORE_add_cert(store.get(), CertificateAccess::Get(chain.back())) == 1);
  // OpenSSL goes by names and tries one way only: the issuer's namesakes would lead it astray.
  for (const Certificate& authority : chain) {
    if (authority != issuer && HaveOneName(authority, issuer)) continue;
    CHECK(sk_X509_push(untrusted.get(), CertificateAccess::Get(authority)) > 0);
  }
  CHECK(X509_STORE_CTX_init(context.get(), store.get(), CertificateAccess::Get(leaf),
                            untrusted.get()) == 1);
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  CHECK(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME) ==
        1);
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(kChainLengthMax));
  if (purpose == ChainPurpose::kTimestamping) {
    CHECK(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) == 1);
  }
  if (X509_verify_cert(context.get()) != 1) {
    return Untrusted(std::string("the certificate's path: ") +
                     X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(context.get());
  if (sk_X509_num(path) < 2 ||
      X509_cmp(sk_X509_value(path, 1), CertificateAccess::Get(issuer)) != 0) {
    return Untrusted("the certificate's path does not go by way of who signed it");
  }
  return {};
}

// The leaf's issuer, from which a path leads to the end of the chain.
Result<Certificate> BuildPath(const Certificate& leaf, const std::vector<Certificate>& chain,
                              ChainPurpose purpose) {
  Error refused = Untrusted("no certificate of the authority signed the leaf");
  for (const Certificate& issuer : chain) {
    if (!Signed(issuer, leaf)) continue;
    const Status path = FollowPath(leaf, issuer, chain, purpose);
    if (path) return issuer;
    refused = path.error();
  }
  return refused;
}

Result<Certificate> FindIssuer(const Certificate& leaf, const std::vector<Certificate>& chain,
                               UnixSeconds at, ChainPurpose purpose) {
  if (chain.empty() || chain.size() > kChainLengthMax) {
    return Untrusted("an authority has 1 to " + std::to_string(kChainLengthMax) + " certificates");
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    RETURN_IF_ERROR(CheckAuthorityUse(chain[i], i + 1, purpose));
  }
  ASSIGN_OR_RETURN(Certificate issuer, BuildPath(leaf, chain, purpose));
  // Time last: a certificate that is wrong and old is wrong.
  RETURN_IF_ERROR(CheckTime(leaf, 0, at));
  for (std::size_t i = 0; i < chain.size(); ++i) RETURN_IF_ERROR(CheckTime(chain[i], i + 1, at));
  return issuer;
}

// The one extension with this identifier, or null.
const ASN1_OCTET_STRING* OnlyExtension(const X509* x509, const char* oid) {
  const OwnedObject object(OBJ_txt2obj(oid, 1));
  CHECK(object);
  const int index = X509_get_ext_by_OBJ(x509, object.get(), -1);
  if (index < 0 || X509_get_ext_by_OBJ(x509, object.get(), index) >= 0) return nullptr;
  return X509_EXTENSION_get_data(X509_get_ext(x509, index));
}

bool HasExtension(const X509* x509, const char* oid) {
  const OwnedObject object(OBJ_txt2obj(oid, 1));
  CHECK(object);
  return X509_get_ext_by_OBJ(x509, object.get(), -1) >= 0;
}

// Fulcio's user name, or "".
std::string UserName(const OTHERNAME* name) {
  const OwnedObject oid(OBJ_txt2obj(kUserNameOid, 1));
  CHECK(oid);
  if (OBJ_cmp(name->type_id, oid.get()) != 0) return "";
  if (name->value == nullptr || name->value->type != V_ASN1_UTF8STRING) return "";
  return std::string(ViewOf(name->value->value.utf8string));
}

std::string TextOf(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_URI:
    case GEN_EMAIL:
    case GEN_DNS:
      return std::string(ViewOf(name->d.ia5));
    case GEN_OTHERNAME:
      return UserName(name->d.otherName);
    default:
      return "";
  }
}

}  // namespace

Result<Certificate> FindForeignIssuer(const Certificate& leaf,
                                      const std::vector<Certificate>& chain, UnixSeconds at) {
  const ErrorQueueScope scope;
  RETURN_IF_ERROR(CheckLeafUse(leaf));
  return FindIssuer(leaf, chain, at, ChainPurpose::kCodeSigning);
}

Result<UnixSeconds> CheckForeignTimestamp(std::string_view response, std::string_view message,
                                          const std::vector<Certificate>& chain) {
  const ErrorQueueScope scope;
  ASSIGN_OR_RETURN(const CheckedTimestamp opened, OpenTimestamp(response, message, chain));
  const bool listed = opened.signer == chain.front();
  const std::vector<Certificate> issuers(chain.begin() + (listed ? 1 : 0), chain.end());
  const auto issuer = FindIssuer(opened.signer, issuers, opened.time, ChainPurpose::kTimestamping);
  if (!issuer) return Wrap("time stamp", issuer.error());
  return opened.time;
}

bool IsSelfIssued(const Certificate& certificate) {
  X509* const x509 = CertificateAccess::Get(certificate);
  return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
}

std::vector<std::string> SubjectNames(const Certificate& certificate) {
  const ErrorQueueScope scope;
  const OwnedNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
      CertificateAccess::Get(certificate), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = TextOf(sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::string NameIssuer(const Certificate& certificate) {
  const ErrorQueueScope scope;
  const X509* const x509 = CertificateAccess::Get(certificate);
  if (HasExtension(x509, kIssuerOid)) return certificate.IssuerExtension();
  const ASN1_OCTET_STRING* const text = OnlyExtension(x509, kOldIssuerOid);
  return text == nullptr ? "" : std::string(ViewOf(text));
}

}  // namespace farm
