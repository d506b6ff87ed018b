#include "farm/evidence/sigstore_trust.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/foreign_fields.h"

namespace farm {
namespace {

constexpr std::size_t kRootTextBytesMax = 1024;
constexpr std::size_t kKeyBytesMax = 16 << 10;  // a post-quantum key that we pass over has 2.6 kB

constexpr std::array<std::string_view, 4> kRootMediaTypes = {
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
};

Result<ValidFor> ReadValidFor(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  fields.Want("start");
  const std::optional<UnixSeconds> start = fields.TimeFrom("start");
  ValidFor valid_for;
  valid_for.end = fields.TimeUntil("end");
  RETURN_IF_ERROR(fields.Finish());
  valid_for.start = start.value();
  return valid_for;
}

// PublicKeyDetails of sigstore_common.proto, by number.
constexpr std::array<std::string_view, 24> kKeyKinds = {
    "PUBLIC_KEY_DETAILS_UNSPECIFIED",
    "PKCS1_RSA_PKCS1V5",
    "PKCS1_RSA_PSS",
    "PKIX_RSA_PKCS1V5",
    "PKIX_RSA_PSS",
    "PKIX_ECDSA_P256_SHA_256",
    "PKIX_ECDSA_P256_HMAC_SHA_256",
    "PKIX_ED25519",
    "PKIX_ED25519_PH",
    "PKIX_RSA_PKCS1V15_2048_SHA256",
    "PKIX_RSA_PKCS1V15_3072_SHA256",
    "PKIX_RSA_PKCS1V15_4096_SHA256",
    "PKIX_ECDSA_P384_SHA_384",
    "PKIX_ECDSA_P521_SHA_512",
    "LMS_SHA256",
    "LMOTS_SHA256",
    "PKIX_RSA_PSS_2048_SHA256",
    "PKIX_RSA_PSS_3072_SHA256",
    "PKIX_RSA_PSS_4096_SHA256",
    "PKIX_ECDSA_P384_SHA_256",
    "PKIX_ECDSA_P521_SHA_256",
    "ML_DSA_65",
    "ML_DSA_87",
    "ML_DSA_44",
};

// A key by the name that Sigstore has for its kind; absent if we do not know that kind.
Result<std::optional<VerifyingKey>> ReadKeyOfKind(std::string_view kind, std::string_view der) {
  const bool pkcs1 = kind.starts_with("PKCS1_RSA_");
  const bool rsa = pkcs1 || kind.starts_with("PKIX_RSA_");
  const bool ecdsa = kind.starts_with("PKIX_ECDSA_P");
  if (!rsa && !ecdsa && kind != "PKIX_ED25519") return std::optional<VerifyingKey>();
  ASSIGN_OR_RETURN(VerifyingKey key,
                   pkcs1 ? VerifyingKey::FromPkcs1(der) : VerifyingKey::FromSpki(der));
  const std::string_view family = rsa ? "RSA" : ecdsa ? "ECDSA" : "Ed25519";
  if (!key.Kind().starts_with(family)) {
    return Error{ErrorCode::kInvalidInput,
                 "is a key of kind " + key.Kind() + ", keyDetails says " + std::string(kind)};
  }
  if (rsa && kind.find("_PSS") != std::string_view::npos) {
    key = key.WithPss();
  }
  // Larger curves with SHA-256 have names of their own.
  if (ecdsa && kind.ends_with("_SHA_256")) key = key.WithHash(HashAlgorithm::kSha256);
  return std::optional(std::move(key));
}

struct DatedKey {
  VerifyingKey key;
  ValidFor valid_for;
};

Result<std::optional<DatedKey>> ReadKey(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  fields.Want("rawBytes");
  const std::string der = fields.Bytes("rawBytes", kKeyBytesMax);
  const std::string kind = fields.Enumerated("keyDetails", kKeyKinds, kRootTextBytesMax);
  fields.Want("validFor");
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(const ValidFor period, ReadValidFor(valid_for, fields.Where("validFor")));
  auto key = ReadKeyOfKind(kind, der);
  if (!key) return Wrap(fields.Where("rawBytes"), key.error());
  if (!*key) return std::optional<DatedKey>();
  return std::optional(DatedKey{**std::move(key), period});
}

struct ReadLog {
  std::string base_url;
  std::vector<std::string> ids;
  std::optional<DatedKey> key;  // absent: of a kind that we do not know
};

Result<ReadLog> ReadOneLog(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  ReadLog log;
  log.base_url = fields.String("baseUrl", kRootTextBytesMax);
  const Json& key = fields.Object("publicKey");
  const Json& log_id = fields.Object("logId");
  const Json& checkpoint_id = fields.Object("checkpointKeyId");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(log.key, ReadKey(key, fields.Where("publicKey")));
  const std::array<std::pair<const Json*, std::string_view>, 2> kIds = {
      {{&log_id, "logId"}, {&checkpoint_id, "checkpointKeyId"}}};
  for (const auto& [id, name] : kIds) {
    ASSIGN_OR_RETURN(std::string bytes, ReadLogId(*id, fields.Where(name), 0));
    if (!bytes.empty()) log.ids.push_back(std::move(bytes));
  }
  return log;
}

Status ReadLogs(ForeignFields& fields, SigstoreTrust& trust) {
  const Json& logs = fields.Array("tlogs", kSigstoreTrustListMax);
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::string where = Element(fields.Where("tlogs"), i);
    ASSIGN_OR_RETURN(ReadLog log, ReadOneLog(logs[i], where));
    if (!log.key) {
      trust.unusable_keys.push_back(where);
      continue;
    }
    trust.logs.push_back(
        {std::move(log.base_url), std::move(log.ids), std::move(log.key->key), log.key->valid_for});
  }
  return {};
}

// Promises name their log by the hash of its key, whatever the root calls it.
Status ReadTransparencyLogs(ForeignFields& fields, SigstoreTrust& trust) {
  const Json& logs = fields.Array("ctlogs", kSigstoreTrustListMax);
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::string where = Element(fields.Where("ctlogs"), i);
    ASSIGN_OR_RETURN(ReadLog log, ReadOneLog(logs[i], where));
    if (!log.key) {
      trust.unusable_keys.push_back(where);
      continue;
    }
    std::string id(Sha256(log.key->key.spki()).bytes());
    trust.transparency_logs.push_back(
        {std::move(id), std::move(log.key->key), log.key->valid_for.start, log.key->valid_for.end});
  }
  return {};
}

Result<SigstoreAuthority> ReadAuthority(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  SigstoreAuthority authority;
  authority.name = fields.String("uri", kRootTextBytesMax);
  const Json& chain = fields.Object("certChain");
  fields.Want("validFor");
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(authority.valid_for, ReadValidFor(valid_for, fields.Where("validFor")));
  ASSIGN_OR_RETURN(authority.chain, ReadForeignChain(chain, fields.Where("certChain")));
  if (authority.name.empty()) authority.name = authority.chain.front().common_name();
  return authority;
}

Status ReadAuthorities(ForeignFields& fields, std::string_view name,
                       std::vector<SigstoreAuthority>& authorities) {
  const Json& list = fields.Array(name, kSigstoreTrustListMax);
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(SigstoreAuthority authority,
                     ReadAuthority(list[i], Element(fields.Where(name), i)));
    authorities.push_back(std::move(authority));
  }
  return {};
}

Error Untrusted(std::string message) {
  return Error{ErrorCode::kUntrusted, "checkpoint: " + std::move(message), ExitCode::kLogProof};
}

// Whether `hint` means the log's key under that name.  An Ed25519 key's hint depends on the name
// (C2SP signed-note), but Rekor's first version took the beginning of the log's id for any key.
bool IsHint(std::string_view hint, const SigstoreLog& log, std::string_view name) {
  const auto ours = PublicKey::FromSpki(log.key.spki());
  const std::string id =
      ours ? NoteKeyIdFull(name, *ours) : std::string(Sha256(log.key.spki()).bytes());
  if (id.starts_with(hint)) return true;
  return std::any_of(log.ids.begin(), log.ids.end(),
                     [&](const std::string& known) { return known.starts_with(hint); });
}

// "name", or "name - 2605736670972794746".
bool IsOrigin(std::string_view origin, std::string_view name) {
  constexpr std::string_view kTree = " - ";
  if (!origin.starts_with(name)) return false;
  origin.remove_prefix(name.size());
  if (origin.empty()) return true;
  return origin.starts_with(kTree) && ParseDecimal(origin.substr(kTree.size()), UINT64_MAX);
}

struct SignedCheckpoint {
  Note note;
  Checkpoint checkpoint;
};

Result<SignedCheckpoint> ReadCheckpoint(std::string_view bytes) {
  auto note = ParseNote(bytes);
  if (!note) return Error{note.error().code, note.error().message, ExitCode::kLogProof};
  auto checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint) {
    return Error{checkpoint.error().code, checkpoint.error().message, ExitCode::kLogProof};
  }
  return SignedCheckpoint{*std::move(note), *std::move(checkpoint)};
}

// Whether the log's key has signed under that name.  Errors: kUntrusted (one that does not match).
Result<bool> HasSignature(const Note& note, const SigstoreLog& log, const std::string& name) {
  bool found = false;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != name || !IsHint(signature.key_hint, log, name)) continue;
    if (!log.key.Verify(note.text, signature.signature)) {
      return Untrusted("the signature of " + Printable(name, 80) + " does not match");
    }
    found = true;
  }
  return found;
}

}  // namespace

Result<SigstoreTrust> ParseSigstoreTrust(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json parsed, ParseForeignJson(json, where, kSigstoreTrustBytesMax));
  ForeignFields fields(parsed, std::string(where));
  const std::string media_type = fields.String("mediaType", kRootTextBytesMax);
  bool known = false;
  for (const std::string_view type : kRootMediaTypes) known = known || type == media_type;
  if (!known) {
    fields.Fail("mediaType", "found \"" + Printable(media_type, 80) +
                                 "\", want a Sigstore trusted root of version 0.1 or 0.2");
  }
  SigstoreTrust trust;
  RETURN_IF_ERROR(ReadLogs(fields, trust));
  RETURN_IF_ERROR(ReadTransparencyLogs(fields, trust));
  RETURN_IF_ERROR(ReadAuthorities(fields, "certificateAuthorities", trust.authorities));
  RETURN_IF_ERROR(ReadAuthorities(fields, "timestampAuthorities", trust.timestamp_authorities));
  return trust;
}

std::vector<std::string> CheckpointNames(const SigstoreLog& log) {
  std::string_view url = log.base_url;
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t path = std::min(url.find('/'), url.size());
  if (const std::size_t user = url.rfind('@', path); user != std::string_view::npos) {
    url.remove_prefix(user + 1);
  }
  // A host's name is the same in capital letters; a path is not.
  std::string address(url);
  const auto end =
      address.begin() + static_cast<std::ptrdiff_t>(std::min(address.find('/'), address.size()));
  std::transform(address.begin(), end, address.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view authority = std::string_view(address).substr(0, address.find('/'));
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  std::vector<std::string> names;
  for (const std::string_view name : {std::string_view(address), authority, host}) {
    if (!name.empty() && (names.empty() || names.back() != name)) names.emplace_back(name);
  }
  return names;
}

Result<Checkpoint> CheckForeignCheckpoint(std::string_view note, const SigstoreLog& log) {
  ASSIGN_OR_RETURN(const SignedCheckpoint read, ReadCheckpoint(note));
  for (const std::string& name : CheckpointNames(log)) {
    if (!IsOrigin(read.checkpoint.origin, name)) continue;
    ASSIGN_OR_RETURN(const bool found, HasSignature(read.note, log, name));
    if (found) return read.checkpoint;
  }
  return Untrusted("no signature by the key of " + Printable(log.base_url, 80) +
                   " under its own name and origin");
}

Result<Checkpoint> CheckForeignCheckpointOfAnyName(std::string_view note, const SigstoreLog& log) {
  ASSIGN_OR_RETURN(const SignedCheckpoint read, ReadCheckpoint(note));
  for (const NoteSignature& signature : read.note.signatures) {
    ASSIGN_OR_RETURN(const bool found, HasSignature(read.note, log, signature.name));
    if (found) return read.checkpoint;
  }
  return Untrusted("no signature by the key of " + Printable(log.base_url, 80));
}

}  // namespace farm
