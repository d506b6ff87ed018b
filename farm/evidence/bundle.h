// One line of a `.sigstore.jsonl` file: a Sigstore bundle v0.3 around one DSSE envelope, of the
// shape of DESIGN section 6: certificate or public key, at most one hashedrekord 0.0.2 log entry
// over the PAE digest, at most one RFC 3161 token.  While a signed thing is on its way to the log
// it is the same value without time stamp and log entry.
// Spec: sigstore protobuf-specs bundle v0.3; rekor-tiles hashedrekord 0.0.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/note.h"

namespace farm {

constexpr std::size_t kBundleLineBytesMax = 8 << 20;
constexpr std::size_t kBundleLinesMax = 256;  // release, request, intent, records, approvals
constexpr std::size_t kBundleFileBytesMax = 64 << 20;

// A consistency proof from an older checkpoint to the one of the release line, carried as a note
// line under kConsistencyName, so that every line stays a plain Sigstore bundle: note verifiers
// skip keys that they do not know.  Bytes: hint || u64be old_size || 32-byte hashes;
// the hint is the beginning of SHA-256 of the name.
constexpr std::string_view kConsistencyName = "farm-consistency/1";
struct ConsistencyProof {
  std::uint64_t old_size = 0;
  std::vector<Digest> hashes;
};

struct LogEntry {
  std::uint64_t index = 0;
  std::uint64_t tree_size = 0;
  Digest root;
  std::vector<Digest> hashes;
  std::string checkpoint;  // the whole signed note, cosignatures and consistency lines in it
  std::string canonicalized_body;  // the leaf's exact bytes
  std::string log_id;              // 32 bytes
};

struct Bundle {
  Envelope envelope;
  std::optional<Certificate> certificate;  // exactly one of certificate ...
  std::optional<PublicKey> public_key;     // ... or public key; its hint is the hex key id.  Read
                                           // from a line it is only known where the log entry's
                                           // body carries it; see verify for who trusts it
  std::optional<std::string> timestamp;    // DER TimeStampResp over the raw signature
  std::optional<LogEntry> log_entry;

  const PublicKey& key() const;
  Digest PaeDigest() const { return envelope.PaeDigest(); }
};

// One line without newline.  Reading refuses: another media type, x509CertificateChain, several
// signatures, entries or tokens, kinds other than hashedrekord 0.0.2, and every redundant field
// that contradicts another (top-level and proof index, sizes, rootHash and checkpoint, kindVersion
// and body, key hint and keyid).  Unknown fields are tolerated (Sigstore's format is not ours).
// A public-key bundle whose log entry is missing carries the SPKI in "publicKey.rawBytes" next to
// the hint.
// Errors: kInvalidInput naming the field; kLimitExceeded.
std::string WriteBundleLine(const Bundle& bundle);
Result<Bundle> ParseBundleLine(std::string_view line, std::string_view where);
Result<std::vector<Bundle>> ParseBundleFile(std::string_view text, std::string_view where);

// What the log asks of every line before it looks at who speaks: an ECDSA P-256 key, `keyid` the
// hex id of that key (reading takes none, and Sigstore's base64, too), the in-toto payload type, a
// signature by that key.  farmd asks the same at its door, since what it took and the log refuses
// could never go on.  `where` begins each message.
// Errors: kInvalidInput naming the field; kUntrusted exit 11 (the signature).
Status CheckLoggable(const Bundle& bundle, std::string_view where);

// The exact leaf bytes for an envelope: hashedrekord 0.0.2 over the PAE digest (RFC 8785 JSON).
// P-256 only: Ed25519 cannot enter hashedrekord for DSSE.
std::string CanonicalizedBody(const Envelope& envelope,
                              const std::optional<Certificate>& certificate, const PublicKey& key);
// What a leaf says.  Errors: kInvalidInput (another kind, or not exactly the bytes that
// CanonicalizedBody would write).
struct LeafFacts {
  Digest pae_digest;
  std::string signature;
  std::optional<Certificate> certificate;
  std::optional<PublicKey> public_key;
};
Result<LeafFacts> ParseCanonicalizedBody(std::string_view body);

// Consistency lines of a checkpoint note.
NoteSignature ConsistencyLine(const ConsistencyProof& proof);
std::vector<ConsistencyProof> ConsistencyProofsOf(const Note& note);

}  // namespace farm
