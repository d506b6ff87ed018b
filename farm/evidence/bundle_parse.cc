#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/parallel.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse_json.h"
#include "farm/evidence/foreign_json.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr std::string_view kMediaTypes[] = {
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
};
constexpr std::size_t kLogIdBytes = 32;
// Of a file whose lines are worth a thread: a line of 8 kB takes longer to read than one to start.
constexpr std::size_t kParallelBytesMin = 64 << 10;
constexpr std::size_t kParallelLineBytesMax = 1 << 20;

Digest ReadHash(JsonFields& fields, std::string_view name) {
  const std::string bytes = fields.Bytes(name);
  if (!fields.ok()) return Digest();
  if (bytes.size() != Digest::kSize) {
    fields.Fail(name, "has " + std::to_string(bytes.size()) + " bytes, want 32");
    return Digest();
  }
  return Digest::FromBytes(bytes);
}

Status ReadProof(const Json& json, const std::string& where, LogEntry& entry) {
  JsonFields fields(json, where);
  const std::uint64_t index = ForeignInteger(fields, "logIndex");
  if (index != entry.index) fields.Fail("logIndex", "differs from the entry's logIndex");
  entry.tree_size = ForeignInteger(fields, "treeSize");
  entry.root = ReadHash(fields, "rootHash");
  static const Json kNoHashes = Json::array();  // protobuf leaves out empty lists
  const Json& hashes = fields.Has("hashes") ? fields.Array("hashes", kProofHashesMax) : kNoHashes;
  const Json& checkpoint = fields.Object("checkpoint");
  IgnoreOthers(json, fields, {"logIndex", "rootHash", "treeSize"});
  RETURN_IF_ERROR(fields.Finish());
  for (const Json& hash : hashes) {
    const auto bytes = hash.is_string() ? Base64Decode(hash.get_ref<const std::string&>())
                                        : Result<std::string>("");
    if (!bytes || bytes->size() != Digest::kSize) {
      return Error{ErrorCode::kInvalidInput, fields.Where("hashes") + ": want 32 bytes in base64"};
    }
    entry.hashes.push_back(Digest::FromBytes(*bytes));
  }

  JsonFields checkpoint_fields(checkpoint, fields.Where("checkpoint"));
  entry.checkpoint = checkpoint_fields.String("envelope");
  IgnoreOthers(checkpoint, checkpoint_fields);
  RETURN_IF_ERROR(checkpoint_fields.Finish());
  const auto note = ParseNote(entry.checkpoint);
  if (!note) return Wrap(checkpoint_fields.Where("envelope"), note.error());
  const auto head = ParseCheckpoint(note->text);
  if (!head) return Wrap(checkpoint_fields.Where("envelope"), head.error());
  if (head->size != entry.tree_size) fields.Fail("treeSize", "differs from the checkpoint's size");
  if (head->root != entry.root) fields.Fail("rootHash", "differs from the checkpoint's root");
  return fields.Finish();
}

// kindVersion must be what the body says of itself: hashedrekord 0.0.2, checked by the caller.
Status CheckKindVersion(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string kind = fields.String("kind");
  const std::string version = fields.String("version");
  if (fields.ok() && (kind != "hashedrekord" || version != "0.0.2")) {
    fields.Fail("kind", "found " + Printable(kind, 40) + " " + Printable(version, 40) +
                            ", want hashedrekord 0.0.2");
  }
  IgnoreOthers(json, fields);
  return fields.Finish();
}

Result<LogEntry> ReadLogEntry(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  LogEntry entry;
  entry.index = ForeignInteger(fields, "logIndex");
  entry.canonicalized_body = fields.Bytes("canonicalizedBody");
  const Json& log_id = fields.Object("logId");
  const Json& kind_version = fields.Object("kindVersion");
  const Json& proof = fields.Object("inclusionProof");
  // integratedTime and inclusionPromise are not read: nobody vouches for the first, and the second
  // promises what the proof shows.
  IgnoreOthers(json, fields,
               {"logIndex", "canonicalizedBody", "logId", "kindVersion", "inclusionProof",
                "integratedTime", "inclusionPromise"});
  RETURN_IF_ERROR(fields.Finish());
  JsonFields log_id_fields(log_id, fields.Where("logId"));
  entry.log_id = log_id_fields.Bytes("keyId");
  if (log_id_fields.ok() && entry.log_id.size() != kLogIdBytes) {
    log_id_fields.Fail("keyId", "want 32 bytes");
  }
  IgnoreOthers(log_id, log_id_fields, {"keyId"});
  RETURN_IF_ERROR(log_id_fields.Finish());
  RETURN_IF_ERROR(CheckKindVersion(kind_version, fields.Where("kindVersion")));
  RETURN_IF_ERROR(ReadProof(proof, fields.Where("inclusionProof"), entry));
  return entry;
}

Result<Certificate> ReadCertificate(const Json& json, const std::string& where,
                                    const std::optional<LeafFacts>& leaf) {
  JsonFields fields(json, where);
  const std::string der = fields.Bytes("rawBytes");
  IgnoreOthers(json, fields, {"rawBytes"});
  RETURN_IF_ERROR(fields.Finish());
  // As a rule the log entry's body has it too, and it has been read there.
  if (leaf && leaf->certificate && leaf->certificate->der() == der) return *leaf->certificate;
  auto certificate = Certificate::FromDer(der);
  if (!certificate) return Wrap(fields.Where("rawBytes"), certificate.error());
  return certificate;
}

// Hex is ours; base64 is what Sigstore's own tools write.
bool NamesKey(std::string_view id, const PublicKey& key) {
  return id == key.KeyId() || id == Base64Encode(Sha256(key.spki()).bytes());
}

Result<PublicKey> ReadPublicKey(const Json& json, const std::string& where,
                                const std::optional<LeafFacts>& leaf) {
  JsonFields fields(json, where);
  const std::string hint = fields.String("hint");
  const bool stands_here = fields.Has("rawBytes");
  const std::string spki = stands_here ? fields.Bytes("rawBytes") : "";
  if (fields.ok() && !stands_here && !(leaf && leaf->public_key)) {
    fields.Fail("rawBytes", "missing, and no log entry carries the key");
  }
  IgnoreOthers(json, fields, {"rawBytes"});
  RETURN_IF_ERROR(fields.Finish());
  std::optional<PublicKey> key;
  if (stands_here) {
    auto read = PublicKey::FromSpki(spki);
    if (!read) return Wrap(fields.Where("rawBytes"), read.error());
    key = *std::move(read);
    if (leaf && leaf->public_key != key) fields.Fail("rawBytes", "is not the log entry's key");
  } else {
    key = leaf->public_key;
  }
  if (!NamesKey(hint, *key)) fields.Fail("hint", "is not the SHA-256 of the key");
  RETURN_IF_ERROR(fields.Finish());
  return *key;
}

Result<std::optional<std::string>> ReadTimestamp(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  static const Json kNoTokens = Json::array();
  const Json& tokens =
      fields.Has("rfc3161Timestamps") ? fields.Array("rfc3161Timestamps", 1) : kNoTokens;
  IgnoreOthers(json, fields, {"rfc3161Timestamps"});
  RETURN_IF_ERROR(fields.Finish());
  if (tokens.empty()) return std::optional<std::string>();
  JsonFields token(tokens.front(), Element(fields.Where("rfc3161Timestamps"), 0));
  std::string der = token.Bytes("signedTimestamp");
  if (token.ok() && (der.empty() || der.size() > kTimestampResponseBytesMax)) {
    token.Fail("signedTimestamp", "want 1 to 65536 bytes");
  }
  IgnoreOthers(tokens.front(), token, {"signedTimestamp"});
  RETURN_IF_ERROR(token.Finish());
  return std::optional<std::string>(std::move(der));
}

Status ReadMaterial(const Json& json, const std::string& where, Bundle& bundle) {
  JsonFields fields(json, where);
  if (fields.Has("x509CertificateChain")) {
    fields.Fail("x509CertificateChain", "not allowed in a bundle of version 0.3");
  }
  const bool certified = fields.Has("certificate");
  if (certified == fields.Has("publicKey")) {
    fields.Fail("certificate", "want exactly one of certificate and publicKey");
  }
  const Json& holder = fields.Object(certified ? "certificate" : "publicKey");
  static const Json kNoEntries = Json::array();
  const Json& entries = fields.Has("tlogEntries") ? fields.Array("tlogEntries", 1) : kNoEntries;
  static const Json kNoTimes = Json::object();
  const Json& times = fields.Has("timestampVerificationData")
                          ? fields.Object("timestampVerificationData")
                          : kNoTimes;
  IgnoreOthers(json, fields,
               {"x509CertificateChain", "publicKey", "tlogEntries", "timestampVerificationData"});
  RETURN_IF_ERROR(fields.Finish());

  std::optional<LeafFacts> leaf;
  if (!entries.empty()) {
    const std::string entry_where = Element(fields.Where("tlogEntries"), 0);
    ASSIGN_OR_RETURN(bundle.log_entry, ReadLogEntry(entries.front(), entry_where));
    auto facts = ParseCanonicalizedBody(bundle.log_entry->canonicalized_body);
    if (!facts) return Wrap(entry_where + ".canonicalizedBody", facts.error());
    leaf = *std::move(facts);
  }
  if (certified) {
    ASSIGN_OR_RETURN(bundle.certificate,
                     ReadCertificate(holder, fields.Where("certificate"), leaf));
  } else {
    ASSIGN_OR_RETURN(bundle.public_key, ReadPublicKey(holder, fields.Where("publicKey"), leaf));
  }
  ASSIGN_OR_RETURN(bundle.timestamp,
                   ReadTimestamp(times, fields.Where("timestampVerificationData")));
  return {};
}

std::string LineWhere(std::string_view where, std::size_t index) {
  return std::string(where) + " line " + std::to_string(index + 1);
}

// The lines of a file up to where it is no longer one, and why it is not.
struct FileLines {
  std::vector<std::string_view> lines;
  Status end;
};

FileLines SplitFile(std::string_view text, std::string_view where) {
  FileLines file;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      file.end = Error{ErrorCode::kInvalidInput,
                       LineWhere(where, file.lines.size()) +
                           ": does not end with a newline; is the file cut off?"};
      break;
    }
    if (file.lines.size() == kBundleLinesMax) {
      file.end = Error{ErrorCode::kLimitExceeded, std::string(where) + ": more than 256 lines"};
      break;
    }
    file.lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return file;
}

}  // namespace

Result<Bundle> ParseBundleLine(std::string_view line, std::string_view where) {
  ASSIGN_OR_RETURN(const Json json, ParseForeignJson(line, where, kBundleLineBytesMax));
  JsonFields fields(json, std::string(where));
  const std::string media_type = fields.String("mediaType");
  if (fields.ok() && media_type != kMediaTypes[0] && media_type != kMediaTypes[1]) {
    fields.Fail("mediaType", "found \"" + Printable(media_type, 80) + "\", want \"" +
                                 std::string(kMediaTypes[0]) + "\"");
  }
  if (fields.Has("messageSignature")) {
    fields.Fail("messageSignature", "want a dsseEnvelope instead");
  }
  const Json& envelope = fields.Object("dsseEnvelope");
  const Json& material = fields.Object("verificationMaterial");
  IgnoreOthers(json, fields,
               {"mediaType", "messageSignature", "dsseEnvelope", "verificationMaterial"});
  RETURN_IF_ERROR(fields.Finish());

  Bundle bundle;
  ASSIGN_OR_RETURN(bundle.envelope, EnvelopeFromJson(envelope, fields.Where("dsseEnvelope")));
  RETURN_IF_ERROR(ReadMaterial(material, fields.Where("verificationMaterial"), bundle));
  const std::string& key_id = bundle.envelope.key_id;
  if (!key_id.empty() && !NamesKey(key_id, bundle.key())) {
    return Error{ErrorCode::kInvalidInput, fields.Where("dsseEnvelope") +
                                               ".signatures[0].keyid: is not the SHA-256 of the "
                                               "key"};
  }
  return bundle;
}

Result<std::vector<Bundle>> ParseBundleFile(std::string_view text, std::string_view where) {
  if (text.size() > kBundleFileBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(where) + ": more than 64 MiB"};
  }
  if (text.empty()) {
    return Error{ErrorCode::kInvalidInput, std::string(where) + ": empty, want a release line"};
  }
  const FileLines file = SplitFile(text, where);
  std::vector<Bundle> lines(file.lines.size());
  std::vector<Status> read(file.lines.size());
  const auto read_line = [&](std::size_t index, std::size_t) {
    Result<Bundle> line = ParseBundleLine(file.lines[index], LineWhere(where, index));
    if (line) {
      lines[index] = *std::move(line);
    } else {
      read[index] = line.error();
    }
  };
  // Large lines take much memory while they are read: one at a time.
  const bool small = std::ranges::all_of(
      file.lines, [](std::string_view line) { return line.size() <= kParallelLineBytesMax; });
  if (small && text.size() >= kParallelBytesMin) {
    ForEachInParallel(lines.size(), read_line);
  } else {
    for (std::size_t i = 0; i < lines.size() && (i == 0 || read[i - 1]); ++i) read_line(i, 0);
  }
  for (const Status& line : read) RETURN_IF_ERROR(line);  // of several errors the first
  RETURN_IF_ERROR(file.end);
  return lines;
}

}  // namespace farm
