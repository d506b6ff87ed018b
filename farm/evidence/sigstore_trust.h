// A Sigstore trusted root of whomever, versions 0.1 and 0.2: which logs, certificate authorities,
// transparency logs and time stamp authorities a bundle may stand on.  The farm's own trust is
// trust_root.h; sigstore_root.cc writes that in this form.
// Spec: sigstore protobuf-specs, sigstore_trustroot.proto.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/transparency.h"
#include "farm/crypto/verifying_key.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"

namespace farm {

constexpr std::size_t kSigstoreTrustBytesMax = 4 << 20;  // the public instance's has 8 kB
constexpr std::size_t kSigstoreTrustListMax = 64;        // of each list; the public ones have 5

struct SigstoreLog {
  std::string base_url;
  std::vector<std::string> ids;  // raw: the log's, and that of its checkpoints if it has one
  VerifyingKey key;
  ValidFor valid_for;
};

// Issues signing certificates, or is the time stamp authority itself.
struct SigstoreAuthority {
  std::string name;                // its address, for people
  std::vector<Certificate> chain;  // nearest to the leaf first; the last one is trusted
  ValidFor valid_for;              // of the whole chain
};

struct SigstoreTrust {
  std::vector<SigstoreLog> logs;
  std::vector<SigstoreAuthority> authorities;
  std::vector<TransparencyLog> transparency_logs;
  std::vector<SigstoreAuthority> timestamp_authorities;
  // Where in the file a key stands of a kind that we do not know: it is trusted for nothing.
  std::vector<std::string> unusable_keys;
};

// Refuses a key or an authority without a beginning: who left it out would trust it for all past.
// Errors: kInvalidInput naming the field; kLimitExceeded.
Result<SigstoreTrust> ParseSigstoreTrust(std::string_view json, std::string_view where);

// Names under which `log` may sign its checkpoints: its address without the scheme and a user, and
// the host in it, with and without the port; the host in small letters.
std::vector<std::string> CheckpointNames(const SigstoreLog& log);

// Checks that `log` signed the checkpoint in `note`, under a name of its own that is also the
// origin (followed by " - " and a number where one log has several trees).  Signatures of others
// (witnesses, further keys) are not looked at; a wrong one by this key is an error even beside a
// good one.
// Errors: kInvalidInput exit 15 (no checkpoint), kUntrusted exit 15.
Result<Checkpoint> CheckForeignCheckpoint(std::string_view note, const SigstoreLog& log);
// The same for a log of Rekor's first version, which signs under the name that it was given,
// whatever its address is: any name and origin will do, the key's signature is wanted.
Result<Checkpoint> CheckForeignCheckpointOfAnyName(std::string_view note, const SigstoreLog& log);

}  // namespace farm
