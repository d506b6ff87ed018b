#include "farm/evidence/foreign_bundle.h"

#include <algorithm>
#include <array>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/foreign_chain.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/foreign_fields.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/note.h"

namespace farm {
namespace {

constexpr std::size_t kTextBytesMax = 1024;       // media types, kinds, key ids
constexpr std::size_t kSignatureBytesMax = 4096;  // RSA-8192 has 1024
constexpr std::size_t kLogIdBytesMin = 4;         // the hint of a checkpoint's signature

enum class BundleVersion { k01, k02, k03 };

constexpr std::array<std::pair<std::string_view, BundleVersion>, 4> kMediaTypes = {{
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", BundleVersion::k01},
    {"application/vnd.dev.sigstore.bundle+json;version=0.2", BundleVersion::k02},
    {"application/vnd.dev.sigstore.bundle+json;version=0.3", BundleVersion::k03},
    {"application/vnd.dev.sigstore.bundle.v0.3+json", BundleVersion::k03},
}};

std::optional<BundleVersion> VersionOf(std::string_view media_type) {
  for (const auto& [known, version] : kMediaTypes) {
    if (known == media_type) return version;
  }
  return std::nullopt;
}

Result<Digest> ReadHash(const Json& json, const std::string& where) {
  const auto bytes =
      json.is_string() ? DecodeAnyBase64(json.get<std::string>()) : Result<std::string>("");
  if (!bytes || bytes->size() != Digest::kSize) {
    return Error{ErrorCode::kInvalidInput, where + ": want 32 bytes in base64"};
  }
  return Digest::FromBytes(*bytes);
}

Result<InclusionProof> ReadProof(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  InclusionProof proof;
  proof.index = fields.Integer("logIndex");
  proof.tree_size = fields.Integer("treeSize");
  fields.Want("rootHash");
  const std::string root = fields.Bytes("rootHash", kTextBytesMax);
  if (fields.ok() && root.size() != Digest::kSize) fields.Fail("rootHash", "want 32 bytes");
  const Json& hashes = fields.Array("hashes", kProofHashesMax);
  const Json& checkpoint = fields.Object("checkpoint");
  RETURN_IF_ERROR(fields.Finish());
  proof.root = Digest::FromBytes(root);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    ASSIGN_OR_RETURN(const Digest hash, ReadHash(hashes[i], Element(fields.Where("hashes"), i)));
    proof.hashes.push_back(hash);
  }
  ForeignFields note(checkpoint, fields.Where("checkpoint"));
  proof.checkpoint = note.String("envelope", kNoteBytesMax);
  RETURN_IF_ERROR(note.Finish());
  return proof;
}

Status ReadKind(const Json& json, const std::string& where, ForeignLogEntry& entry) {
  ForeignFields fields(json, where);
  entry.kind = fields.String("kind", kTextBytesMax);
  entry.version = fields.String("version", kTextBytesMax);
  return fields.Finish();
}

Result<ForeignLogEntry> ReadEntry(const Json& json, BundleVersion version,
                                  const std::string& where) {
  ForeignFields fields(json, where);
  ForeignLogEntry entry;
  entry.where = where.substr(where.rfind('.') + 1);
  entry.index = fields.Integer("logIndex");
  const std::uint64_t integrated = fields.Integer("integratedTime");
  if (integrated > static_cast<std::uint64_t>(kUnixSecondsMax)) {
    fields.Fail("integratedTime", "is after the year 9999");
  }
  entry.integrated_time = static_cast<UnixSeconds>(integrated);
  fields.Want("canonicalizedBody");
  entry.body = fields.Bytes("canonicalizedBody", kForeignBundleBytesMax);
  const Json& log_id = fields.Object("logId");
  const Json& kind = fields.Object("kindVersion");
  const Json& promise = fields.Object("inclusionPromise");
  const Json& proof = fields.Object("inclusionProof");
  const bool proved = fields.Has("inclusionProof");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(entry.log_id, ReadLogId(log_id, fields.Where("logId"), kLogIdBytesMin));
  RETURN_IF_ERROR(ReadKind(kind, fields.Where("kindVersion"), entry));
  ForeignFields promise_fields(promise, fields.Where("inclusionPromise"));
  entry.promise = promise_fields.Bytes("signedEntryTimestamp", kSignatureBytesMax);
  RETURN_IF_ERROR(promise_fields.Finish());
  if (proved) {
    ASSIGN_OR_RETURN(InclusionProof read, ReadProof(proof, fields.Where("inclusionProof")));
    if (!read.checkpoint.empty()) entry.proof = std::move(read);
  }
  if (version == BundleVersion::k01 && entry.promise.empty()) {
    fields.Fail("inclusionPromise", "missing; a bundle of version 0.1 has one in each entry");
  }
  if (version != BundleVersion::k01 && !entry.proof) {
    fields.Fail("inclusionProof",
                "missing, or without a checkpoint; a bundle of version 0.2 or later has one in "
                "each entry");
  }
  RETURN_IF_ERROR(fields.Finish());
  return entry;
}

// The leaf and whoever issued it, but for a root.
Status ReadChain(const Json& json, const std::string& where, ForeignBundle& bundle) {
  ASSIGN_OR_RETURN(bundle.certificates, ReadForeignChain(json, where));
  for (std::size_t i = 0; i < bundle.certificates.size(); ++i) {
    if (!IsSelfIssued(bundle.certificates[i])) continue;
    return Error{ErrorCode::kInvalidInput, Element(where + ".certificates", i) +
                                               ": is a root; a bundle may not bring its own"};
  }
  return {};
}

Status ReadTokens(const Json& json, const std::string& where, ForeignBundle& bundle) {
  ForeignFields fields(json, where);
  const Json& tokens = fields.Array("rfc3161Timestamps", kForeignTokensMax);
  RETURN_IF_ERROR(fields.Finish());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    ForeignFields token(tokens[i], Element(fields.Where("rfc3161Timestamps"), i));
    std::string der = token.Bytes("signedTimestamp", kTimestampResponseBytesMax);
    if (token.ok() && der.empty()) token.Fail("signedTimestamp", "missing");
    RETURN_IF_ERROR(token.Finish());
    bundle.tokens.push_back(std::move(der));
  }
  return {};
}

// Who signed: exactly one of three fields.
Status ReadSigner(ForeignFields& fields, BundleVersion version, ForeignBundle& bundle) {
  constexpr std::array<std::string_view, 3> kSigners = {"certificate", "publicKey",
                                                        "x509CertificateChain"};
  std::vector<std::string_view> given;
  for (const std::string_view name : kSigners) {
    if (fields.Has(name)) given.push_back(name);
  }
  if (given.size() != 1) {
    fields.Fail("certificate", "want exactly one of certificate, publicKey, x509CertificateChain");
    return fields.Finish();
  }
  const std::string where = fields.Where(given.front());
  const Json& json = fields.Object(given.front());
  RETURN_IF_ERROR(fields.Finish());
  if (given.front() == "certificate") {
    ASSIGN_OR_RETURN(Certificate leaf, ReadForeignCertificate(json, where));
    bundle.certificates.push_back(std::move(leaf));
    return {};
  }
  if (given.front() == "publicKey") {
    ForeignFields key(json, where);  // a hint, for whoever looks keys up by it
    (void)key.String("hint", kTextBytesMax);
    return key.Finish();
  }
  if (version == BundleVersion::k03) {
    return Error{ErrorCode::kInvalidInput,
                 where + ": not allowed in a bundle of version 0.3; want certificate"};
  }
  return ReadChain(json, where, bundle);
}

Status ReadMaterial(const Json& json, const std::string& where, BundleVersion version,
                    ForeignBundle& bundle) {
  ForeignFields fields(json, where);
  const Json& entries = fields.Array("tlogEntries", kForeignEntriesMax);
  const Json& times = fields.Object("timestampVerificationData");
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(ReadSigner(fields, version, bundle));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ASSIGN_OR_RETURN(ForeignLogEntry entry,
                     ReadEntry(entries[i], version, Element(fields.Where("tlogEntries"), i)));
    bundle.entries.push_back(std::move(entry));
  }
  return ReadTokens(times, fields.Where("timestampVerificationData"), bundle);
}

Result<MessageSignature> ReadMessage(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  MessageSignature message;
  message.signature = fields.Bytes("signature", kSignatureBytesMax);
  if (fields.ok() && message.signature.empty()) fields.Fail("signature", "missing");
  const bool digested = fields.Has("messageDigest");
  const Json& digest = fields.Object("messageDigest");
  RETURN_IF_ERROR(fields.Finish());
  if (digested) {
    ASSIGN_OR_RETURN(NamedDigest named, ReadProtobufDigest(digest, fields.Where("messageDigest")));
    message.algorithm = named.algorithm;
    message.digest = std::move(named.bytes);
  }
  return message;
}

Result<Envelope> ReadEnvelope(const Json& json, const std::string& where) {
  ForeignFields fields(json, where);
  Envelope envelope;
  envelope.payload_type = fields.String("payloadType", kTextBytesMax);
  envelope.payload = fields.Bytes("payload", kForeignBundleBytesMax);
  const Json& signatures = fields.Array("signatures", 1);
  if (fields.ok() && signatures.empty()) fields.Fail("signatures", "want exactly one");
  RETURN_IF_ERROR(fields.Finish());
  ForeignFields signature(signatures.front(), Element(fields.Where("signatures"), 0));
  envelope.key_id = signature.String("keyid", kTextBytesMax);
  envelope.signature = signature.Bytes("sig", kSignatureBytesMax);
  if (signature.ok() && envelope.signature.empty()) signature.Fail("sig", "missing");
  RETURN_IF_ERROR(signature.Finish());
  return envelope;
}

}  // namespace

const std::string& ForeignBundle::signature() const {
  const auto* const message = std::get_if<MessageSignature>(&content);
  return message != nullptr ? message->signature : std::get<Envelope>(content).signature;
}

Result<ForeignBundle> ParseForeignBundle(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json parsed, ParseForeignJson(json, where, kForeignBundleBytesMax));
  ForeignFields fields(parsed, std::string(where));
  const std::string media_type = fields.String("mediaType", kTextBytesMax);
  const std::optional<BundleVersion> version = VersionOf(media_type);
  if (fields.ok() && !version) {
    fields.Fail("mediaType", "found \"" + Printable(media_type, 80) +
                                 "\", want a Sigstore bundle of version 0.1, 0.2 or 0.3");
  }
  const bool enveloped = fields.Has("dsseEnvelope");
  if (enveloped == fields.Has("messageSignature")) {
    fields.Fail("messageSignature", "want exactly one of messageSignature and dsseEnvelope");
  }
  const Json& content = fields.Object(enveloped ? "dsseEnvelope" : "messageSignature");
  const Json& material = fields.Object("verificationMaterial");
  RETURN_IF_ERROR(fields.Finish());

  ForeignBundle bundle;
  if (enveloped) {
    ASSIGN_OR_RETURN(bundle.content, ReadEnvelope(content, fields.Where("dsseEnvelope")));
  } else {
    ASSIGN_OR_RETURN(bundle.content, ReadMessage(content, fields.Where("messageSignature")));
  }
  RETURN_IF_ERROR(ReadMaterial(material, fields.Where("verificationMaterial"), *version, bundle));
  return bundle;
}

}  // namespace farm
