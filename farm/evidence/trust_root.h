// The trust root, `farm-root/1`: WHO may sign what.  A JSON object in a DSSE-signed file
// {"signed": {...}, "signatures": [{"keyid","sig"}]} by TUF's rules for roots; rotation comes
// later, so a root is read on its own: enough of its own keys must have signed it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"

namespace farm {

struct ValidFor {
  UnixSeconds start = 0;
  std::optional<UnixSeconds> end;  // inclusive
  bool Contains(UnixSeconds time) const { return time >= start && (!end || time <= *end); }
};

// A builder, signer or coordinator: whoever signs with leaves of an operator's CA.
struct CertifiedParty {
  std::string id;       // URI: the leaf's SAN
  std::string role;     // "site", "signer", "coordinator"
  std::string country;  // sites: ISO 3166-1 alpha-2 or XA XB XC; else ""
};

struct Operator {
  std::string id;
  std::string name;
  std::vector<Certificate> authority;  // CA chain, leaf's issuer first, root last
  ValidFor valid_for;
  std::vector<CertifiedParty> parties;
};

// Auditor, requester: a person with a long-lived key.
struct Person {
  std::string id;
  std::string name;
  PublicKey key;
  ValidFor valid_for;
};

struct Log {
  std::string origin;   // host name, no path, no port
  PublicKey key;        // Ed25519
  PublicKey ecdsa_key;  // P-256, second line, for verifiers without Ed25519
  ValidFor valid_for;
};

struct Witness {
  std::string name;
  std::string operator_id;
  PublicKey key;  // Ed25519
  ValidFor valid_for;
};

struct TimestampAuthority {
  std::string name;
  std::vector<Certificate> chain;  // TSA leaf first, root last
  ValidFor valid_for;
};

struct Revocation {
  std::string kind;  // "key" (hex SHA-256 of SPKI), "release" (PAE digest text)
  std::string subject;
  std::string reason;
  std::optional<UnixSeconds> compromised_since;  // signatures attested before still count
};

struct Development {
  std::int64_t machines = 1;
  std::int64_t operators = 1;
};

struct TrustRoot {
  std::int64_t version = 1;
  UnixSeconds created = 0;
  UnixSeconds expires = 0;
  std::optional<Development> development;
  std::vector<PublicKey> root_keys;
  std::int64_t threshold = 1;
  std::vector<Operator> operators;
  std::vector<Person> auditors;
  std::vector<Person> requesters;
  std::vector<Log> logs;
  std::vector<Witness> witnesses;
  std::vector<TimestampAuthority> timestamp_authorities;
  std::vector<PublicKey> transparency_keys;  // SCT keys, for the Sigstore form only
  std::vector<Revocation> revocations;

  Digest digest;  // of the file's bytes, when parsed

  struct Found {
    const Operator* owner;
    const CertifiedParty* party;
  };
  std::optional<Found> FindParty(std::string_view id) const;
  const Person* FindAuditor(const PublicKey& key) const;
  const Person* FindRequester(const PublicKey& key) const;
};

// The signed part as canonical JSON; what root keys sign.
std::string WriteTrustRootSigned(const TrustRoot& root);
// The whole file.
std::string WriteTrustRoot(const TrustRoot& root, const std::vector<PrivateKey>& signing_keys);
// Checks form and the threshold of its own keys; refuses an issuer listed under two operators, a
// builder id listed twice, a person who is auditor and requester, a key with two roles.
// Errors: kInvalidInput (field), kUntrusted exit 11 (threshold not met).
Result<TrustRoot> ParseTrustRoot(std::string_view bytes, std::string_view where);

// The same trust as Sigstore's trustedroot v0.2 JSON, for verifiers of others.
std::string WriteSigstoreTrustedRoot(const TrustRoot& root);
// keyring for verifiers of others: {hint: PublicKey} of auditors and requesters.
std::string WriteSigstoreKeyring(const TrustRoot& root);

}  // namespace farm
