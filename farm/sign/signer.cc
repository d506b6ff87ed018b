#include "farm/sign/signer.h"

#include <utility>

#include "farm/base/bytes.h"
#include "farm/sign/secret_file.h"
#include "farm/sign/token_key.h"
#include "farm/sign/token_signer.h"

namespace farm {
namespace {

class MemorySigner final : public Signer {
 public:
  explicit MemorySigner(PrivateKey key) : key_(std::move(key)) {}
  const PublicKey& key() const override { return key_.public_key(); }
  Result<std::string> Sign(std::string_view message) override { return key_.Sign(message); }

 private:
  const PrivateKey key_;
};

Result<PrivateKey> ReadKeyOf(const std::vector<uid_t>& owners, const std::string& path) {
  ASSIGN_OR_RETURN(const Secret pem,
                   ReadSecretFileOf(owners, path, kKeyFileBytesMax, "private key"));
  auto key = PrivateKey::FromPem(pem.view());
  if (!key) return Wrap("private key " + path, key.error());
  return key;
}

}  // namespace

Result<std::unique_ptr<Signer>> OpenSigner(const std::string& key) {
  return OpenConfiguredSigner(key, std::nullopt);
}

Result<std::unique_ptr<Signer>> OpenConfiguredSigner(const std::string& key,
                                                     std::optional<uid_t> configured_by) {
  if (IsTokenKey(key)) {
    ASSIGN_OR_RETURN(TokenKeyName name, ParseTokenKeyName(key));
    name.configured_by = configured_by;
    return OpenTokenSigner(std::move(name));
  }
  ASSIGN_OR_RETURN(PrivateKey private_key, ReadKeyOf(SecretOwners(configured_by), key));
  return NewMemorySigner(std::move(private_key));
}

Result<PrivateKey> ReadPrivateKeyFile(const std::string& path) {
  return ReadKeyOf(SecretOwners(std::nullopt), path);
}

Result<std::unique_ptr<Signer>> OpenFileSigner(const std::string& path) {
  ASSIGN_OR_RETURN(PrivateKey key, ReadPrivateKeyFile(path));
  return NewMemorySigner(std::move(key));
}

std::unique_ptr<Signer> NewMemorySigner(PrivateKey key) {
  return std::make_unique<MemorySigner>(std::move(key));
}

SigningKey SigningKeyOf(Signer& signer) {
  return {signer.key(), [&signer](std::string_view message) { return signer.Sign(message); }};
}

Result<NoteSignature> SignNoteWith(Signer& signer, std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(std::string signature, signer.Sign(text));
  return NoteSignature{std::string(name), NoteKeyHint(name, signer.key()), std::move(signature)};
}

Result<NoteSignature> CosignWith(Signer& signer, std::string_view text, std::string_view name,
                                 UnixSeconds time) {
  if (signer.key().kind() != KeyKind::kEd25519) {
    return Error{ErrorCode::kInvalidInput,
                 "witness key of " + std::string(name) + ": want an Ed25519 key"};
  }
  const std::string message =
      "cosignature/v1\ntime " + std::to_string(time) + "\n" + std::string(text);
  ASSIGN_OR_RETURN(const std::string signature, signer.Sign(message));
  return NoteSignature{std::string(name), CosignatureKeyHint(name, signer.key()),
                       BigEndian64(static_cast<unsigned long long>(time)) + signature};
}

}  // namespace farm
