// The trust root, `farm-root/2`: WHO may sign what.  A TUF root whose lists stand in a field `farm`
// of its own, so that a TUF client follows the same file (TUF 1.0 section 4.3); `farm-root/1`,
// which is none, is read for ever.  A root is read on its own: enough of its own keys must have
// signed it; who remembers an older one (farm-signer's journal) also asks whether enough of that
// one's keys have: CheckSuccessor.  Who follows a published chain takes every step: CheckNextRoot.
#pragma once

#include <cstddef>
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
#include "farm/crypto/verify_cache.h"
#include "farm/evidence/note.h"

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

// An operator's CA, for as long as its leaves count.
struct DatedAuthority {
  std::vector<Certificate> chain;  // leaf's issuer first, root last
  ValidFor valid_for;
};

struct Operator {
  std::string id;
  std::string name;
  std::vector<DatedAuthority> authorities;  // at least one; who renews his CA keeps the old one
  ValidFor valid_for;
  std::vector<CertifiedParty> parties;
};

// Auditor, requester, monitor, certifier: somebody with a long-lived key.  One that has renewed it
// stands in the list once for each key, with times that do not meet.
struct Person {
  std::string id;
  std::string name;
  PublicKey key;
  ValidFor valid_for;
};

// Where a log was closed: it has no entries beyond.
struct LogEnd {
  std::uint64_t size = 0;
  Digest root_hash;
  std::string successor;  // the origin of the log that goes on, also of this root
};

// A checkpoint after the end, or another one of that size: anybody who has found the old key can
// make one.
bool IsBeyondEnd(const Checkpoint& checkpoint, const LogEnd& end);
// The very tree that the root's makers have signed: whoever reads it needs nobody else's word, and
// the keys of its time may be gone.
bool IsEnd(const Checkpoint& checkpoint, const LogEnd& end);

struct Log {
  std::string origin;   // host name, no path, no port
  PublicKey key;        // Ed25519
  PublicKey ecdsa_key;  // P-256, second line, for verifiers without Ed25519
  ValidFor valid_for;
  std::optional<LogEnd> end = std::nullopt;
};

struct Witness {
  std::string name;
  std::string operator_id;
  PublicKey key;  // Ed25519
  ValidFor valid_for;
};

struct TimestampAuthority {
  std::string name;
  std::vector<Certificate> chain;  // TSA leaf or its issuer first, root last
  ValidFor valid_for;
};

struct Revocation {
  std::string kind;  // "key" (hex SHA-256 of SPKI, of any kind), "release" (PAE digest text)
  std::string subject;
  std::string reason;
  std::optional<UnixSeconds> compromised_since;  // signatures attested before still count
};
// Whether a revocation since `since` leaves less than one since `other`; absent: from the
// beginning.
bool LeavesLess(const std::optional<UnixSeconds>& since, const std::optional<UnixSeconds>& other);

// A role of TUF beside the root's: its keys sign what a published tree holds today (FORMAT.md,
// "Published tree"), and no verdict asks for them.  Without keys nobody serves it.
struct ServedRole {
  std::vector<PublicKey> keys;
  std::int64_t threshold = 1;
};

// Who holds a key of a role of TUF: words for a ceremony, no rule asks for them.
struct KeyHolder {
  std::string key_id;
  std::string name;
};

struct Development {
  std::int64_t machines = 1;
  std::int64_t operators = 1;
};

struct TrustRoot {
  int format = 2;  // of `farm-root/N`: 1 can say neither renewed keys nor a closed log
  std::int64_t version = 1;
  UnixSeconds created = 0;
  UnixSeconds expires = 0;
  std::optional<Development> development;
  std::vector<PublicKey> root_keys;
  std::int64_t threshold = 1;
  ServedRole timestamp;  // the three may share keys, with nobody else
  ServedRole snapshot;
  ServedRole targets;
  std::vector<KeyHolder> key_holders;
  std::vector<Operator> operators;
  std::vector<Person> auditors;
  std::vector<Person> requesters;
  std::vector<Person> monitors;    // who may sign the status of a log; not in farm-root/1
  std::vector<Person> certifiers;  // who vouch for where a site stands; not in farm-root/1
  std::vector<Log> logs;
  std::vector<Witness> witnesses;
  std::vector<TimestampAuthority> timestamp_authorities;
  std::vector<PublicKey> transparency_keys;  // SCT keys, for the Sigstore form only
  std::vector<Revocation> revocations;

  struct Signature {
    std::string key_id;  // as the file says
    std::string bytes;
  };
  // Of a parsed root: the digest of the file's bytes, and every signature in it, by whomever.
  Digest digest;
  std::vector<Signature> signatures;

  struct Found {
    const Operator* owner;
    const CertifiedParty* party;
  };
  std::optional<Found> FindParty(std::string_view id) const;
  const Person* FindAuditor(const PublicKey& key) const;
  const Person* FindRequester(const PublicKey& key) const;
  const Person* FindMonitor(const PublicKey& key) const;
  const Person* FindCertifier(const PublicKey& key) const;
  const Log* FindLog(std::string_view origin) const;
  // Who may withdraw releases with this key: an auditor or a requester.  Null: nobody.
  const Person* FindWhoMayWithdraw(const PublicKey& key) const;
};

// Of the root's revocations of a key the one that leaves least: that is what counts of it.  Null:
// the key is not revoked.  Points into `root`.
const Revocation* FindKeyRevocation(const TrustRoot& root, const std::string& key_id);

// Which of an operator's CAs issued a leaf.
struct LeafIssuer {
  const DatedAuthority* authority = nullptr;  // absent: none of his
  // Errors: as CheckSigningChain's; exit 18 also where the root does not vouch for that CA at `at`.
  Status status;
};
LeafIssuer FindLeafIssuer(const Operator& owner, const Certificate& leaf, UnixSeconds at);
LeafIssuer FindLeafIssuer(const Operator& owner, const Certificate& leaf, UnixSeconds at,
                          VerifyCache& cache);

// The party of `role` that holds `leaf`, or may: under an issuer that the root does not list it
// could be an older CA of the party's operator, and who renews his CA unsays nothing by it.  A leaf
// of another operator's CA is not the party's.  For what must not be forgotten (dissents, releases
// in a log); what is to be believed asks FindLeafIssuer.  Null: nobody of that role.
const CertifiedParty* FindPossibleHolder(const TrustRoot& root, const Certificate& leaf,
                                         std::string_view role);

// The signed part as canonical JSON; what root keys sign.
std::string WriteTrustRootSigned(const TrustRoot& root);
// The whole file with root.signatures, which somebody made elsewhere.
std::string WriteTrustRoot(const TrustRoot& root);
// The whole file.
std::string WriteTrustRoot(const TrustRoot& root, const std::vector<PrivateKey>& signing_keys);
// Of a root's file: a thousand parties with certificates fit.  Whoever reads one takes this number:
// a program that took more than the others would publish what they refuse.
constexpr std::size_t kTrustRootBytesMax = 4 << 20;

constexpr std::size_t kRootKeysMax = 64;                      // of one role
constexpr std::size_t kRootSignaturesMax = 2 * kRootKeysMax;  // every key of it and before it
constexpr std::size_t kRootListMax = 1024;                    // operators, persons, logs, ...
constexpr std::size_t kAuthoritiesMax = 64;                   // of one operator

// Checks form and the threshold of its own keys; refuses an issuer listed under two operators, a
// builder id listed twice, a person in two lists (auditors, requesters, monitors, certifiers), a
// monitor or certifier who is an operator, a key with two roles, two keys of one person for the
// same time. Errors: kInvalidInput (field), kLimitExceeded (kTrustRootBytesMax), kUntrusted exit 11
// (threshold not met).
Result<TrustRoot> ParseTrustRoot(std::string_view bytes, std::string_view where);

// The same without the threshold, for those who are signing it (`farm root`): whatever it says,
// nobody has said it yet.  Errors: kInvalidInput, kLimitExceeded.
Result<TrustRoot> ParseUnsignedTrustRootUnsafe(std::string_view bytes, std::string_view where);

// How many of `keys` have signed the parsed `root`, each counted once.  TUF's rule for a successor
// is that enough keys of the root before it are among them (CheckSuccessor).
std::int64_t CountSignatures(const TrustRoot& root, const std::vector<PublicKey>& keys);

// The keys that decide which root comes next.
struct RootKeys {
  std::vector<PublicKey> keys;
  std::int64_t threshold = 1;
};
// `next` is signed by the threshold of the keys of a root before it; that it is signed by its own
// was checked when it was parsed.  Errors: kUntrusted exit 11.
// Roots in between are not asked for: who skips one needs the older keys' signatures on the newer.
Status CheckSuccessor(const TrustRoot& next, const RootKeys& before);

// TUF's rules for the next of a chain: the version is one more, and CheckSuccessor.  TUF 1.0.31
// sections 5.3.4 and 5.3.5.
// Errors: kUntrusted exit 24 (not newer), kNotFound exit 22 (roots between the two are missing),
// kUntrusted exit 11.
Status CheckNextRoot(const TrustRoot& next, const TrustRoot& before);

// Whether the root ends the log of `head` before it, or with another tree: who has seen it has seen
// what the farm disowns.
bool IsDisowned(const TrustRoot& root, const Checkpoint& head);

// The same trust as Sigstore's trustedroot v0.2 JSON, for verifiers of others.
std::string WriteSigstoreTrustedRoot(const TrustRoot& root);
// keyring for verifiers of others: {hint: PublicKey} of everybody who signs with a key of his own.
std::string WriteSigstoreKeyring(const TrustRoot& root);

}  // namespace farm
