// A CertifiedSigner is a Signer that certifies its own key: every 24 hours it issues itself a
// signing leaf with its operator's CA, so that what it signs needs no list of keys (DESIGN
// section 4, "Transport").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/sign/signer.h"

namespace farm {

constexpr UnixSeconds kLeafSeconds = kDaySeconds;
constexpr UnixSeconds kLeafRenewalSeconds = 6 * kHourSeconds;  // renew when this much remains
constexpr UnixSeconds kLeafLastSeconds = kHourSeconds;  // use to here where it cannot be renewed
constexpr UnixSeconds kLeafBackdateSeconds = 300;       // the time stamp comes from another's clock

// The operator's CA: a PEM file and two keys, each as OpenSigner takes it.
struct AuthorityFiles {
  std::string certificate;
  std::string key;
  std::string transparency_key;  // P-256, signs the SCT that some outside verifiers want
};

struct CertifiedIdentity {
  std::string builder_id;   // the leaf's critical URI name, as the trust root lists it
  std::string common_name;  // for people, at most 64 characters: "site-xa"
};

// Thread-safe.
class CertifiedSigner {
 public:
  // Issues the first leaf.  `signer` must be P-256 (hashedrekord takes no Ed25519); `clock` must
  // outlive this.
  // Errors: those of reading the certificate and of OpenSigner; kInvalidInput (key of another kind,
  // authority key does not belong to the authority's certificate); those of Leaf.
  static Result<std::unique_ptr<CertifiedSigner>> Open(std::unique_ptr<Signer> signer,
                                                       const AuthorityFiles& authority,
                                                       const CertifiedIdentity& identity,
                                                       const Clock& clock);

  const PublicKey& key() const { return signer_->key(); }
  const CertifiedIdentity& identity() const { return identity_; }
  const Certificate& authority() const { return authority_; }
  // The key that the leaves certify.
  Signer& signer() { return *signer_; }
  // The leaf in force, at least kLeafRenewalSeconds before its end.
  // Errors: kUntrusted exit 18 (the authority itself has ended); those of the CA's keys.
  Result<Certificate> Leaf();
  // Errors: those of Signer::Sign.
  Result<std::string> Sign(std::string_view message) { return signer_->Sign(message); }

 private:
  struct AuthorityKeys {
    std::unique_ptr<Signer> key;
    std::unique_ptr<Signer> transparency_key;
  };
  CertifiedSigner(std::unique_ptr<Signer> signer, Certificate authority, AuthorityKeys keys,
                  CertifiedIdentity identity, const Clock& clock);

  const std::unique_ptr<Signer> signer_;
  const Certificate authority_;
  const AuthorityKeys authority_keys_;
  const CertifiedIdentity identity_;
  const Clock& clock_;
  Mutex mutex_;
  std::optional<Certificate> leaf_ GUARDED_BY(mutex_);
};

// DSSE envelope and certificate of a statement: a bundle without time stamp and log entry.
// Errors: those of Leaf and Sign.
Result<Bundle> SignStatement(const Statement& statement, CertifiedSigner& signer);
// The same for persons (auditor, requester) with a long-lived P-256 key; other keys: kInvalidInput.
Result<Bundle> SignStatement(const Statement& statement, Signer& signer);

}  // namespace farm
