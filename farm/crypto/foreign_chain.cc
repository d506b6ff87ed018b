#include "farm/crypto/foreign_chain.h"

#include <openssl/x509_vfy.h>

#include "farm/base/bytes.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr const char* kOldIssuerOid = "1.3.6.1.4.1.57264.1.1";  // the bare text
constexpr const char* kUserNameOid = "1.3.6.1.4.1.57264.1.7";

using OwnedObject = OpensslOwned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedNames = OpensslOwned<GENERAL_NAMES, GENERAL_NAMES_free>;

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
  PathSearch search = {leaf, chain.back(), {}, purpose, X509_V_FLAG_PARTIAL_CHAIN};
  // OpenSSL goes by names and tries one way only: the issuer's namesakes would lead it astray.
  for (const Certificate& authority : chain) {
    if (authority == issuer || !HaveOneName(authority, issuer)) {
      search.between.push_back(&authority);
    }
  }
  const FoundPath found = FindPath(search);
  if (!found.path) return UntrustedChain("the certificate's path: " + found.reason);
  if (found.size() >= 2 && found.Has(issuer, 1)) return {};
  return UntrustedChain("the certificate's path does not go by way of who signed it");
}

// The leaf's issuer, from which a path leads to the end of the chain.
Result<Certificate> BuildPath(const Certificate& leaf, const std::vector<Certificate>& chain,
                              ChainPurpose purpose) {
  Error refused = UntrustedChain("no certificate of the authority signed the leaf");
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
    return UntrustedChain("an authority has 1 to " + std::to_string(kChainLengthMax) +
                          " certificates");
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::string objection = ObjectionToAuthority(chain[i], purpose);
    if (!objection.empty()) return UntrustedChain(NameOf(chain[i], i + 1) + " " + objection);
  }
  ASSIGN_OR_RETURN(Certificate issuer, BuildPath(leaf, chain, purpose));
  // Time last: a certificate that is wrong and old is wrong.
  RETURN_IF_ERROR(CheckValidAt(leaf, NameOf(leaf, 0), at));
  for (std::size_t i = 0; i < chain.size(); ++i) {
    RETURN_IF_ERROR(CheckValidAt(chain[i], NameOf(chain[i], i + 1), at));
  }
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
  const std::string objection = ObjectionToSigningLeaf(leaf);
  if (!objection.empty()) return UntrustedChain(NameOf(leaf, 0) + " " + objection);
  return FindIssuer(leaf, chain, at, ChainPurpose::kCodeSigning);
}

Result<UnixSeconds> CheckForeignTimestamp(std::string_view response, std::string_view message,
                                          const std::vector<Certificate>& chain) {
  const ErrorQueueScope scope;
  ASSIGN_OR_RETURN(const CheckedTimestamp opened, OpenTimestamp(response, message, chain));
  const bool listed = opened.signer == chain.front();
  if (!listed && !ObjectionToAuthority(chain.front(), ChainPurpose::kTimestamping).empty()) {
    return UntrustedChain("time stamp: another certificate than the authority's has signed it");
  }
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
