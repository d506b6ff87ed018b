// X.509 as the farm uses it: one CA per operator, 24-hour signing leaves whose critical URI SAN is
// the builder id, year-long TLS certificates.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/key.h"
#include "farm/crypto/verify_cache.h"

namespace farm {

constexpr std::size_t kCertificateBytesMax = 16 << 10;  // ours have 1 kB, large ones in the wild 5
constexpr std::size_t kChainLengthMax = 8;              // ours have 1, public ones 2 or 3

// Immutable; safe from any thread; cheap to copy.
class Certificate {
 public:
  // Errors: kInvalidInput (not one certificate of version 3, not DER, trailing bytes, more than
  // kCertificateBytesMax, malformed extensions, key of another kind).
  static Result<Certificate> FromDer(std::string_view der);
  // "CERTIFICATE", with nothing around the block but white space.
  static Result<Certificate> FromPem(std::string_view pem);
  // The same with a key of any kind (P-384, RSA), for chains of outside authorities: good for
  // CheckSigningChain and CheckTimestamp.  Ask HasPublicKey() before public_key().
  static Result<Certificate> ForeignFromDer(std::string_view der);
  static Result<Certificate> ForeignFromPem(std::string_view pem);

  const std::string& der() const;
  std::string Pem() const;
  bool HasPublicKey() const;            // false only after ForeignFromDer
  const PublicKey& public_key() const;  // CHECKs HasPublicKey()
  // Lowercase hex SHA-256 of its SPKI as it stands there, whatever the kind of the key; that of
  // public_key() where there is one.  A revocation names a key by it.
  const std::string& KeyId() const;
  UnixSeconds not_before() const;
  UnixSeconds not_after() const;    // the last second of validity
  std::string common_name() const;  // UTF-8; "" if the subject has none, or several
  // The one URI of the subject alternative name, printable ASCII.
  // Errors: kInvalidInput (none, several names, or a name of another kind).
  Result<std::string> UriName() const;
  // Value of the Fulcio issuer extension 1.3.6.1.4.1.57264.1.8, or "".
  std::string IssuerExtension() const;
  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

 private:
  friend struct CertificateAccess;  // certificate.cc, chain.cc, issue.cc, timestamp.cc
  struct State;
  explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared: immutable, copied with the value
};

// Checks that `leaf` was issued for code signing by `chain` (leaf's issuer first, self-signed root
// last, at most kChainLengthMax, all of them used) and that every certificate was valid at `at`.
// No system trust, no revocation lists.
// Errors: kUntrusted exit 11 (another issuer, not a CA, wrong key usage, weak key or signature),
// kUntrusted exit 18 (all of that is right, but not valid at that time).
// Spec: RFC 5280 section 6.
Status CheckSigningChain(const Certificate& leaf, const std::vector<Certificate>& chain,
                         UnixSeconds at);
// The same; but for the times, what `cache` knows of exactly these certificates is not checked
// again.
Status CheckSigningChain(const Certificate& leaf, const std::vector<Certificate>& chain,
                         UnixSeconds at, VerifyCache& cache);

// Issuing.  Names are our operators' own: organizations and common names of 1 to 64 bytes of UTF-8
// (an organization may be empty: left out), URIs and DNS names of printable ASCII, IP addresses as
// text.  CHECKed, as is that the key given is the authority's.  Serial numbers are random.

// A self-signed CA that issues leaves only, valid `seconds` from `now` - 60 s.
Certificate IssueAuthority(const PrivateKey& key, const std::string& organization,
                           const std::string& common_name, UnixSeconds now, std::int64_t seconds);

struct SigningLeafRequest {
  PublicKey key;
  std::string organization;
  std::string common_name;
  std::string uri;               // critical SAN: the builder id
  std::string issuer_extension;  // Fulcio issuer OIDs .1 and .8, a URL; outside verifiers want it
  UnixSeconds not_before = 0;
  std::int64_t seconds = kDaySeconds;
};
// A private key that may lie elsewhere, in a token: its public half, and how it signs (the form of
// signatures is PublicKey's).
struct SigningKey {
  PublicKey key;
  std::function<Result<std::string>(std::string_view message)> sign;
};
// Signs a leaf (EKU code signing, digitalSignature) with an embedded SCT by `transparency_key`
// (P-256; for outside verifiers only, we never look at it).  Spec: RFC 6962 section 3.
// Errors: those of either key's `sign`; kUntrusted exit 11 (what it gave is no signature by that
// key).
Result<Certificate> IssueSigningLeaf(const SigningKey& authority_key, const Certificate& authority,
                                     const SigningKey& transparency_key,
                                     const SigningLeafRequest& request);
// The same with keys in memory, which never fail.
Certificate IssueSigningLeaf(const PrivateKey& authority_key, const Certificate& authority,
                             const PrivateKey& transparency_key, const SigningLeafRequest& request);

struct TlsLeafRequest {
  PublicKey key;
  std::string common_name;  // the party, e.g. "site-xa"; what authorisation looks at
  std::vector<std::string> dns_names = {};     // e.g. "localhost"
  std::vector<std::string> ip_addresses = {};  // e.g. "127.0.0.1"
  UnixSeconds not_before = 0;
  std::int64_t seconds = 366 * kDaySeconds;
};
Certificate IssueTlsLeaf(const PrivateKey& authority_key, const Certificate& authority,
                         const TlsLeafRequest& request);

// Certificate for a time-stamping authority (critical EKU timeStamping), valid `seconds` from `now`
// - 60 s.
Certificate IssueTimestampLeaf(const PrivateKey& authority_key, const Certificate& authority,
                               const PublicKey& key, const std::string& common_name,
                               UnixSeconds now, std::int64_t seconds);

}  // namespace farm
