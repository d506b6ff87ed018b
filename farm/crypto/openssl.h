// What the files of this folder share of OpenSSL: owned objects, the error queue, DER in and out.
// Nobody else includes this file.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/crypto/timestamp.h"

namespace farm {

template <auto kFree>
struct OpensslFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <typename T, auto kFree>
using OpensslOwned = std::unique_ptr<T, OpensslFree<kFree>>;

using OwnedPkey = OpensslOwned<EVP_PKEY, EVP_PKEY_free>;
using OwnedX509 = OpensslOwned<X509, X509_free>;
using OwnedStore = OpensslOwned<X509_STORE, X509_STORE_free>;
// Owns the stack, borrows the certificates in it.
inline void FreeStackOnly(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using BorrowingStack = OpensslOwned<STACK_OF(X509), FreeStackOnly>;

inline void FreeStackAndCertificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using OwningStack = OpensslOwned<STACK_OF(X509), FreeStackAndCertificates>;

// Fulcio's extension for the issuer: a DER UTF8String.
constexpr const char* kIssuerOid = "1.3.6.1.4.1.57264.1.8";

// Empties this thread's error queue when a function of ours ends: TLS code in the same program
// takes what is left there for its own.  Declared before the objects it outlives.
class ErrorQueueScope {
 public:
  ErrorQueueScope() = default;
  ~ErrorQueueScope() { ERR_clear_error(); }
  ErrorQueueScope(const ErrorQueueScope&) = delete;
  ErrorQueueScope& operator=(const ErrorQueueScope&) = delete;
};

// OpenSSL's words for the first error in the queue, or "no reason given".
std::string OpensslReason();

// The DER of an object by its i2d function; "" if it has none.
template <auto kEncode, typename T>
std::string ToDer(T* object) {
  unsigned char* bytes = nullptr;
  const int size = kEncode(object, &bytes);
  if (size <= 0) return "";
  const OpensslOwned<unsigned char, [](unsigned char* p) { OPENSSL_free(p); }> owner(bytes);
  return std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

// An object by its d2i function, or null if `der` is not exactly one.
template <typename Owned, auto kDecode>
Owned FromWholeDer(std::string_view der) {
  const auto* position = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = position + der.size();
  Owned object(kDecode(nullptr, &position, static_cast<long>(der.size())));
  if (object && position != end) object.reset();
  return object;
}

inline const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// The digest that a key signs with: SHA-256 for P-256, none of its own for Ed25519.
const EVP_MD* SigningDigest(KeyKind kind);

// PEM with exactly one block and nothing around it but white space.
std::string PemEncode(std::string_view label, std::string_view der);
Result<std::string> PemDecode(std::string_view label, std::string_view pem);

struct PrivateKey::State {
  OwnedPkey key;
  PublicKey public_key;
};

struct Certificate::State {
  OwnedX509 x509;
  std::string der;
  std::optional<PublicKey> public_key;  // empty if its key is of a kind that the farm does not use
  std::string key_id;                   // of any kind
  UnixSeconds not_before = 0;
  UnixSeconds not_after = 0;
  std::string common_name;
};

struct CertificateAccess {
  // Borrowed; OpenSSL takes what it reads as non-const.
  static X509* Get(const Certificate& certificate) { return certificate.state_->x509.get(); }
  static Result<Certificate> Parse(std::string_view der, bool foreign_key);
};

// The part of CheckTimestamp that looks at no path: what the token says is signed by the
// certificate that comes back, which may be its own.  Whether that leads to `chain`, and at that
// time, is the caller's to judge.  Errors: kUntrusted exit 11.
Result<CheckedTimestamp> OpenTimestamp(std::string_view response, std::string_view message,
                                       const std::vector<Certificate>& chain);

// Calendar text of OpenSSL to seconds; a fraction is cut off.  Errors: kInvalidInput.
Result<UnixSeconds> TimeFromAsn1(const ASN1_TIME* time);

enum class ChainPurpose { kCodeSigning, kTimestamping };

// What a certificate must be in a chain, whoever made that; "" or why it is not: "may not issue for
// this use".  A leaf for code signing may be for other uses too.
std::string ObjectionToSigningLeaf(const Certificate& leaf);
std::string ObjectionToAuthority(const Certificate& authority, ChainPurpose purpose);
// kUntrusted exit 11.
Error UntrustedChain(std::string message);
// `name` is the certificate's in the message.  Errors: kUntrusted exit 18.
Status CheckValidAt(const Certificate& certificate, const std::string& name, UnixSeconds at);

// The path of RFC 5280 section 6 but for time: signatures, names, basic constraints, key usage,
// path lengths, name constraints, critical extensions, strength; more by `flags` (X509_V_FLAG_...).
struct PathSearch {
  const Certificate& leaf;
  const Certificate& anchor;                // trusted
  std::vector<const Certificate*> between;  // may be used
  ChainPurpose purpose;
  unsigned long flags;
};
struct FoundPath {
  OwningStack path;       // the leaf first; null: there is none
  std::size_t depth = 0;  // of the certificate that is to blame
  std::string reason;     // OpenSSL's words

  std::size_t size() const { return static_cast<std::size_t>(sk_X509_num(path.get())); }
  bool Has(const Certificate& certificate, std::size_t place) const;  // place < size()
};
FoundPath FindPath(const PathSearch& search);

// The halves of CheckSigningChain, for either purpose; see certificate.h.  Errors of the first:
// exit 11; of the second: exit 18.
Status CheckPath(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                 ChainPurpose purpose, VerifyCache& cache);
Status CheckTimes(const Certificate& leaf, const Certificate* chain, std::size_t chain_size,
                  UnixSeconds at);

}  // namespace farm
