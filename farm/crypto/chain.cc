#include <openssl/x509_vfy.h>

#include <string>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/openssl.h"

namespace farm {
namespace {

constexpr int kSecurityLevel = 2;  // 112 bits: RSA 2048, P-256, SHA-256 and better

using OwnedStoreContext = OpensslOwned<X509_STORE_CTX, X509_STORE_CTX_free>;

Error Untrusted(std::string message) {
  return Error{ErrorCode::kUntrusted, std::move(message), ExitCode::kBadSignature};
}

// By its common name, or as outside CAs do without one, by its URI.
std::string NameOf(const Certificate& certificate) {
  constexpr std::size_t kNameBytesMax = 120;
  std::string name = certificate.common_name();
  if (name.empty()) name = certificate.UriName().value_or("");
  return name.empty() ? "certificate without a name"
                      : "certificate \"" + Printable(name, kNameBytesMax) + "\"";
}

Status CheckCodeSigningLeaf(const Certificate& leaf) {
  X509* const x509 = CertificateAccess::Get(leaf);
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_CA) != 0) return Untrusted(NameOf(leaf) + " is an authority, not a leaf");
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0) {
    return Untrusted(NameOf(leaf) + " is not for digital signatures");
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || X509_get_extended_key_usage(x509) != XKU_CODE_SIGN) {
    return Untrusted(NameOf(leaf) + " is not for code signing alone");
  }
  return {};
}

Status CheckAuthority(const Certificate& authority, ChainPurpose purpose) {
  X509* const x509 = CertificateAccess::Get(authority);
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if (X509_check_ca(x509) != 1) return Untrusted(NameOf(authority) + " is not an authority");
  const std::uint32_t wanted =
      purpose == ChainPurpose::kCodeSigning ? XKU_CODE_SIGN : XKU_TIMESTAMP;
  if ((flags & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(x509) & (wanted | XKU_ANYEKU)) == 0) {
    return Untrusted(NameOf(authority) + " may not issue for this use");
  }
  return {};
}

// The path of RFC 5280 section 6 but for time: signatures, names, basic constraints, key usage,
// path lengths, name constraints, critical extensions, strength.
Status FollowPath(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                  ChainPurpose purpose) {
  const OwnedStore store(X509_STORE_new());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  const BorrowingStack untrusted(sk_X509_new_null());
  CHECK(store && context && untrusted);
  CHECK(X509_STORE_add_cert(store.get(), CertificateAccess::Get(chain[chain_size - 1])) == 1);
  for (std::size_t i = 0; i + 1 < chain_size; ++i) {
    CHECK(sk_X509_push(untrusted.get(), CertificateAccess::Get(chain[i])) > 0);
  }
  CHECK(X509_STORE_CTX_init(context.get(), store.get(), CertificateAccess::Get(leaf),
                            untrusted.get()) == 1);
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  CHECK(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME |
                                               X509_V_FLAG_CHECK_SS_SIGNATURE) == 1);
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(param, static_cast<int>(kChainLengthMax));
  if (purpose == ChainPurpose::kTimestamping) {
    CHECK(X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) == 1);
  }
  if (X509_verify_cert(context.get()) != 1) {
    const int depth = X509_STORE_CTX_get_error_depth(context.get());
    const bool known = depth > 0 && static_cast<std::size_t>(depth) <= chain_size;
    return Untrusted(NameOf(known ? chain[depth - 1] : leaf) + ": " +
                     X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  // Exactly the given chain, in its order: nothing left out, nothing taken twice.
  STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(context.get());
  bool same = static_cast<std::size_t>(sk_X509_num(path)) == chain_size + 1;
  for (std::size_t i = 0; same && i < chain_size; ++i) {
    same = X509_cmp(sk_X509_value(path, static_cast<int>(i) + 1),
                    CertificateAccess::Get(chain[i])) == 0;
  }
  if (!same) {
    return Untrusted("the chain is not the issuers of " + NameOf(leaf) +
                     ", nearest first, self-signed root last");
  }
  return {};
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

Status CheckTime(const Certificate& certificate, UnixSeconds at) {
  if (at >= certificate.not_before() && at <= certificate.not_after()) return {};
  return Error{ErrorCode::kUntrusted,
               NameOf(certificate) + " was not valid at " + TextOfTime(at) + ", only from " +
                   TextOfTime(certificate.not_before()) + " to " +
                   TextOfTime(certificate.not_after()),
               ExitCode::kNotValidThen};
}

}  // namespace

Status CheckPath(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                 ChainPurpose purpose, VerifyCache& cache) {
  const ErrorQueueScope scope;
  if (chain_size == 0) return Untrusted("no authority is given for " + NameOf(leaf));
  if (chain_size > kChainLengthMax) {
    return Untrusted("the chain of " + NameOf(leaf) + " has " + std::to_string(chain_size) +
                     " certificates, at most " + std::to_string(kChainLengthMax) + " are followed");
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
  RETURN_IF_ERROR(CheckTime(leaf, at));
  for (std::size_t i = 0; i < chain_size; ++i) RETURN_IF_ERROR(CheckTime(chain[i], at));
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
