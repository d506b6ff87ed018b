// Any Sigstore bundle, of whatever signer: versions 0.1, 0.2 and 0.3, message signature or DSSE.
// The lines that the farm itself writes and reads are of one shape of these: bundle.h.
// Spec: sigstore protobuf-specs, sigstore_bundle.proto and sigstore_rekor.proto.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/digests.h"
#include "farm/evidence/dsse.h"

namespace farm {

// Attestations with a whole bill of materials have megabytes.  Parsed, JSON takes up to 40 times as
// much memory (of empty objects), so this bounds that, too.
constexpr std::size_t kForeignBundleBytesMax = 16 << 20;
constexpr std::size_t kForeignEntriesMax = 32;  // bundles have 1, at most one a log
constexpr std::size_t kForeignTokensMax = 32;   // likewise one a time stamp authority

struct InclusionProof {
  std::uint64_t index = 0;  // in the tree of the proof
  std::uint64_t tree_size = 0;
  Digest root;
  std::vector<Digest> hashes;
  std::string checkpoint;  // the whole signed note
};

struct ForeignLogEntry {
  std::string where;        // "tlogEntries[0]", for messages
  std::string log_id;       // 4 to 64 bytes, as the trusted root has it
  std::uint64_t index = 0;  // over all trees of the log
  std::string kind;         // "hashedrekord", "dsse", "intoto"
  std::string version;      // "0.0.1"
  std::string body;         // the leaf's exact bytes
  // When the log took it in: only as good as the promise, which signs it.
  UnixSeconds integrated_time = 0;
  std::string promise;                  // the signed entry timestamp, raw; "" if there is none
  std::optional<InclusionProof> proof;  // with its checkpoint: without one nobody vouches for it
};

// A signature over the artifact itself.
struct MessageSignature {
  // What the bundle says the artifact's digest is; nobody signed that.
  std::optional<HashAlgorithm> algorithm;
  std::string digest;
  std::string signature;  // raw
};

struct ForeignBundle {
  // The leaf, then whatever came with it; empty where a key signed that is known otherwise.
  std::vector<Certificate> certificates;
  std::vector<ForeignLogEntry> entries;
  std::vector<std::string> tokens;  // DER TimeStampResp over the raw signature
  std::variant<MessageSignature, Envelope> content;

  const std::string& signature() const;
};

// Reads a bundle and holds it to the rules of its version: 0.1 has a promise of each log, later
// ones a proof with a checkpoint, 0.3 no chain of certificates.  Nothing is checked against
// anything else.
// Errors: kInvalidInput naming the field; kLimitExceeded.
Result<ForeignBundle> ParseForeignBundle(std::string_view json, std::string_view where);

}  // namespace farm
