#include <openssl/x509_vfy.h>

#include <algorithm>
#include <string>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr int kSecurityLevel = 2;  // 112 bits: RSA 2048, P-256, SHA-256 and better

using OwnedStoreContext = OpensslOwned<X509_STORE_CTX, X509_STORE_CTX_free>;

// By its common name, or as outside CAs do without one, by its URI.
std::string NameOf(const Certificate& certificate) {
  constexpr std::size_t kNameBytesMax = 120;
  std::string name = certificate.common_name();
  if (name.empty()) name = certificate.UriName().value_or("");
  return name.empty() ? "certificate without a name"
                      : "certificate \"" + Printable(name, kNameBytesMax) + "\"";
}

Status CheckCodeSigningLeaf(const Certificate& leaf) {
  const std::string objection = ObjectionToSigningLeaf(leaf);
  if (!objection.empty()) return UntrustedChain(NameOf(leaf) + " " + objection);
  if (X509_get_extended_key_usage(CertificateAccess::Get(leaf)) != XKU_CODE_SIGN) {
    return UntrustedChain(NameOf(leaf) + " is not for code signing alone");
  }
  return {};
}

Status CheckAuthority(const Certificate& authority, ChainPurpose purpose) {
  const std::string objection = ObjectionToAuthority(authority, purpose);
  if (!objection.empty()) return UntrustedChain(NameOf(authority) + " " + objection);
  return {};
}

// Exactly the given chain, in its order: nothing left out, nothing taken twice.
Status FollowPath(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                  ChainPurpose purpose) {
  PathSearch search = {leaf,
                       chain[chain_size - 1],
                       {},
                       purpose,
                       X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE};
  for (std::size_t i = 0; i + 1 < chain_size; ++i) search.between.push_back(&chain[i]);
  const FoundPath found = FindPath(search);
  if (!found.path) {
    const bool known = found.depth > 0 && found.depth <= chain_size;
    return UntrustedChain(NameOf(known ? chain[found.depth - 1] : leaf) + ": " + found.reason);
  }
  bool same = found.size() == chain_size + 1;
  for (std::size_t i = 0; same && i < chain_size; ++i) same = found.Has(chain[i], i + 1);
  if (same) return {};
  return UntrustedChain("the chain is not the issuers of " + NameOf(leaf) +
                        ", nearest first, self-signed root last");
}

// Names a check of certificates for a purpose, whatever the time: all that it depends on, each with
// its length in front.
Digest NameOfCheck(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                   ChainPurpose purpose) {
  Sha256Stream stream;
  const auto add = [&](std::string_view bytes) {
    stream.Update(BigEndian64(bytes.size()));
    stream.Update(bytes);
  };
  add(purpose == ChainPurpose::kCodeSigning ? "path for code signing" : "path for time stamps");
  add(leaf.der());
  for (std::size_t i = 0; i < chain_size; ++i) add(chain[i].der());
  return stream.Finish();
}

// `at` may be anything that foreign bytes say.
std::string TextOfTime(UnixSeconds at) {
  constexpr UnixSeconds kEndOfYear9999 = 253402300799;
  return at < 0 || at > kEndOfYear9999 ? std::to_string(at) + " s" : FormatTime(at);
}

}  // namespace

Error UntrustedChain(std::string message) {
  return Error{ErrorCode::kUntrusted, std::move(message), ExitCode::kBadSignature};
}

std::string ObjectionToSigningLeaf(const Certificate& leaf) {
  X509* const x509 = CertificateAccess::Get(leaf);
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CA) != 0) return "is an authority, not a leaf";
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0) {
    return "is not for digital signatures";
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(x509) & XKU_CODE_SIGN) == 0) {
    return "is not for code signing";
  }
  return "";
}

std::string ObjectionToAuthority(const Certificate& authority, ChainPurpose purpose) {
  X509* const x509 = CertificateAccess::Get(authority);
  if (X509_check_ca(x509) != 1) return "is not an authority";
  const std::uint32_t wanted =
      purpose == ChainPurpose::kCodeSigning ? XKU_CODE_SIGN : XKU_TIMESTAMP;
  const bool limited = (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) != 0;
  if (limited && (X509_get_extended_key_usage(x509) & (wanted | XKU_ANYEKU)) == 0) {
    return "may not issue for this use";
  }
  return "";
}

Status CheckValidAt(const Certificate& certificate, const std::string& name, UnixSeconds at) {
  if (at >= certificate.not_before() && at <= certificate.not_after()) return {};
  return Error{ErrorCode::kUntrusted,
               name + " was not valid at " + TextOfTime(at) + ", only from " +
                   TextOfTime(certificate.not_before()) + " to " +
                   TextOfTime(certificate.not_after()),
               ExitCode::kNotValidThen};
}

bool FoundPath::Has(const Certificate& certificate, std::size_t place) const {
  return X509_cmp(sk_X509_value(path.get(), static_cast<int>(place)),
                  CertificateAccess::Get(certificate)) == 0;
}

FoundPath FindPath(const PathSearch& search) {
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  const BorrowingStack untrusted(sk_X509_new_null());
  CHECK(store && context && untrusted);
  CHECK(X509_STORE_add_cert(store.get(), CertificateAccess::Get(search.anchor)) == 1);
  for (const Certificate* const authority : search.between) {
    CHECK(sk_X509_push(untrusted.get(), CertificateAccess::Get(*authority)) > 0);
  }
  CHECK(X509_STORE_CTX_init(context.get(), store.get(), CertificateAccess::Get(search.leaf),
                            untrusted.get()) == 1);
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  CHECK(X509_VERIFY_PARAM_set_flags(param, search.flags | X509_V_FLAG_NO_CHECK_TIME) == 1);
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(kChainLengthMax));
  if (search.purpose == ChainPurpose::kTimestamping) {
    CHECK(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) == 1);
  }
  FoundPath found;
  if (X509_verify_cert(context.get()) == 1) {
    found.path.reset(X509_STORE_CTX_get1_chain(context.get()));
    CHECK(found.path);
    return found;
  }
  found.depth =
      static_cast<std::size_t>(std::max(0, X509_STORE_CTX_get_error_depth(context.get())));
  found.reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  return found;
}

Status CheckPath(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                 ChainPurpose purpose, VerifyCache& cache) {
  const ErrorQueueScope scope;
  if (chain_size == 0) return UntrustedChain("no authority is given for " + NameOf(leaf));
  if (chain_size > kChainLengthMax) {
    return UntrustedChain("the chain of " + NameOf(leaf) + " has " + std::to_string(chain_size) +
                          " certificates, at most " + std::to_string(kChainLengthMax) +
                          " are followed");
  }
  const Digest check = NameOfCheck(leaf, chain, chain_size, purpose);
  if (cache.Knows(check)) return {};
  if (purpose == ChainPurpose::kCodeSigning) RETURN_IF_ERROR(CheckCodeSigningLeaf(leaf));
  for (std::size_t i = 0; i < chain_size; ++i) RETURN_IF_ERROR(CheckAuthority(chain[i], purpose));
  RETURN_IF_ERROR(FollowPath(leaf, chain, chain_size, purpose));
  cache.Add(check);
  return {};
}

Status CheckTimes(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                  UnixSeconds at) {
  RETURN_IF_ERROR(CheckValidAt(leaf, NameOf(leaf), at));
  for (std::size_t i = 0; i < chain_size; ++i) {
    RETURN_IF_ERROR(CheckValidAt(chain[i], NameOf(chain[i]), at));
  }
  return {};
}

Status CheckSigningChain(const Certificate& leaf, const std::vector<Certificate>& chain,
                         UnixSeconds at) {
  VerifyCache nothing;
  return CheckSigningChain(leaf, chain, at, nothing);
}

Status CheckSigningChain(const Certificate& leaf, const std::vector<Certificate>& chain,
                         UnixSeconds at, VerifyCache& cache) {
  RETURN_IF_ERROR(CheckPath(leaf, chain.data(), chain.size(), ChainPurpose::kCodeSigning, cache));
  // Time last: a certificate that is wrong and old is wrong.
  return CheckTimes(leaf, chain.data(), chain.size(), at);
}

}  // namespace farm
