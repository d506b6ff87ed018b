#include "farm/sign/certified_signer.h"

#include <algorithm>

#include "farm/base/files.h"

namespace farm {
namespace {

constexpr std::size_t kCommonNameBytesMax = 64;  // RFC 5280, ub-common-name

Result<Certificate> ReadAuthority(const std::string& path) {
  auto pem = ReadFile(path, kKeyFileBytesMax);
  if (!pem) return Wrap("authority certificate", pem.error());
  auto certificate = Certificate::FromPem(*pem);
  if (!certificate) return Wrap("authority certificate " + path, certificate.error());
  return certificate;
}

Result<std::unique_ptr<Signer>> OpenAuthorityKey(const std::string& key, std::string_view what) {
  auto signer = OpenSigner(key);
  if (!signer) return Wrap(what, signer.error());
  return signer;
}

// Returns the bytes to sign.
std::string FillEnvelope(const Statement& statement, Envelope& envelope, const PublicKey& key) {
  envelope.payload_type = std::string(kInTotoPayloadType);
  envelope.payload = WriteStatement(statement);
  envelope.key_id = key.KeyId();
  return envelope.PaeBytes();
}

Status WantP256(const PublicKey& key) {
  if (key.kind() == KeyKind::kP256) return {};
  return Error{ErrorCode::kInvalidInput,
               "signing key " + key.KeyId() +
                   ": is Ed25519, want ECDSA P-256 (the log's entries take no other)"};
}

}  // namespace

CertifiedSigner::CertifiedSigner(std::unique_ptr<Signer> signer, Certificate authority,
                                 AuthorityKeys keys, CertifiedIdentity identity, const Clock& clock)
    : signer_(std::move(signer)),
      authority_(std::move(authority)),
      authority_keys_(std::move(keys)),
      identity_(std::move(identity)),
      clock_(clock) {}

Result<std::unique_ptr<CertifiedSigner>> CertifiedSigner::Open(std::unique_ptr<Signer> signer,
                                                               const AuthorityFiles& authority,
                                                               const CertifiedIdentity& identity,
                                                               const Clock& clock) {
  RETURN_IF_ERROR(WantP256(signer->key()));
  if (identity.builder_id.empty() || identity.common_name.empty() ||
      identity.common_name.size() > kCommonNameBytesMax) {
    return Error{ErrorCode::kInvalidInput,
                 "identity of a signer: want a builder id, and a common name of 1 to 64 bytes"};
  }
  ASSIGN_OR_RETURN(Certificate certificate, ReadAuthority(authority.certificate));
  AuthorityKeys keys;
  ASSIGN_OR_RETURN(keys.key, OpenAuthorityKey(authority.key, "authority key"));
  ASSIGN_OR_RETURN(keys.transparency_key,
                   OpenAuthorityKey(authority.transparency_key, "transparency key"));
  if (!(keys.key->key() == certificate.public_key())) {
    return Error{ErrorCode::kInvalidInput, "the authority's key " + keys.key->key().KeyId() +
                                               " is not the one of certificate " +
                                               authority.certificate + ", " +
                                               certificate.public_key().KeyId()};
  }
  RETURN_IF_ERROR(WantP256(keys.transparency_key->key()));
  std::unique_ptr<CertifiedSigner> certified(new CertifiedSigner(
      std::move(signer), std::move(certificate), std::move(keys), identity, clock));
  RETURN_IF_ERROR(certified->Leaf());
  return certified;
}

Result<Certificate> CertifiedSigner::Leaf() {
  const UnixSeconds now = clock_.Now();
  MutexLock lock(mutex_);
  if (leaf_ && now >= leaf_->not_before() && now + kLeafRenewalSeconds <= leaf_->not_after()) {
    return *leaf_;
  }
  if (now < authority_.not_before() || now > authority_.not_after()) {
    return Error{
        ErrorCode::kUntrusted,
        "authority " + authority_.common_name() + ": valid from " +
            FormatTime(authority_.not_before()) + " to " + FormatTime(authority_.not_after()) +
            ", now is " + FormatTime(now) +
            "; set the clock if that is wrong, else the operator has to issue a new one and "
            "list it in the trust root",
        ExitCode::kNotValidThen};
  }
  const UnixSeconds start = std::max(now - kLeafBackdateSeconds, authority_.not_before());
  SigningLeafRequest request{.key = signer_->key(),
                             .organization = authority_.common_name(),
                             .common_name = identity_.common_name,
                             .uri = identity_.builder_id,
                             .issuer_extension = identity_.builder_id,
                             .not_before = start,
                             .seconds = std::min(kLeafSeconds, authority_.not_after() - start)};
  auto leaf = IssueSigningLeaf(SigningKeyOf(*authority_keys_.key), authority_,
                               SigningKeyOf(*authority_keys_.transparency_key), request);
  // The authority's token may be away for a while.
  const bool lasts =
      leaf_ && now >= leaf_->not_before() && now + kLeafLastSeconds <= leaf_->not_after();
  if (!leaf && lasts) return *leaf_;
  ASSIGN_OR_RETURN(leaf_, std::move(leaf));
  return *leaf_;
}

Result<Bundle> SignStatement(const Statement& statement, CertifiedSigner& signer) {
  Bundle bundle;
  ASSIGN_OR_RETURN(bundle.certificate, signer.Leaf());
  const std::string pae = FillEnvelope(statement, bundle.envelope, signer.key());
  ASSIGN_OR_RETURN(bundle.envelope.signature, signer.Sign(pae));
  return bundle;
}

Result<Bundle> SignStatement(const Statement& statement, Signer& signer) {
  RETURN_IF_ERROR(WantP256(signer.key()));
  Bundle bundle;
  bundle.public_key = signer.key();
  const std::string pae = FillEnvelope(statement, bundle.envelope, signer.key());
  ASSIGN_OR_RETURN(bundle.envelope.signature, signer.Sign(pae));
  return bundle;
}

}  // namespace farm
