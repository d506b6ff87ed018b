// A Signer makes signatures with one key and gives the key to nobody.  Keys lie in files or in
// PKCS#11 tokens.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/evidence/note.h"

namespace farm {

constexpr std::size_t kKeyFileBytesMax = 64 << 10;  // a PKCS#8 PEM has 240 bytes

// Thread-safe.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& key() const = 0;
  // Signature over `message`: ASN.1 DER for P-256 (with SHA-256), 64 bytes for Ed25519.
  // Errors, of a token only: kUnavailable (it is gone, or locked), kUntrusted exit 11 (what it gave
  // is no signature by key()), exit 25 (its PIN has changed).
  virtual Result<std::string> Sign(std::string_view message) = 0;
};

// The key that a configuration names: a file, or "pkcs11:..." (farm/sign/token_key.h).
// Errors: those of OpenFileSigner; of a token those of TokenSession::Open and of loading its
// module. The process must not go on in a child of fork() afterwards: a token is not the child's.
Result<std::unique_ptr<Signer>> OpenSigner(const std::string& key);
// The same for a key that a person's configuration names: whoever owns that may own the file, or
// the PIN's, too (SecretOwners in farm/sign/secret_file.h).
Result<std::unique_ptr<Signer>> OpenConfiguredSigner(const std::string& key,
                                                     std::optional<uid_t> configured_by);
// A key in a PKCS#8 PEM file, not encrypted.
// Errors: kNotFound, kUnavailable, kInvalidInput, each naming the file; kUntrusted exit 25 if
// others than the owner may read or write the file (remedy: chmod 600), or it is another user's.
Result<std::unique_ptr<Signer>> OpenFileSigner(const std::string& path);
// The key itself, under the same rules, for the time-stamping authority.
Result<PrivateKey> ReadPrivateKeyFile(const std::string& path);
// A key made here a moment ago (tests).
std::unique_ptr<Signer> NewMemorySigner(PrivateKey key);

// For farm/crypto's issuing.  `signer` outlives it.
SigningKey SigningKeyOf(Signer& signer);

// A note line by `name` over `text`, as SignNote of farm/evidence/note.h.
Result<NoteSignature> SignNoteWith(Signer& signer, std::string_view text, std::string_view name);
// A cosignature/v1 line (Ed25519 keys only: kInvalidInput otherwise), as Cosign of note.h.
Result<NoteSignature> CosignWith(Signer& signer, std::string_view text, std::string_view name,
                                 UnixSeconds time);

}  // namespace farm
