#include "farm/ceremony/tuf_metadata.h"

#include <set>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kTufSpecification = "1.0.31";

// The only file that a role's metadata speaks of; targets speak of any.
std::string FileBelow(TufRole role) {
  return role == TufRole::kTimestamp ? "snapshot.json" : "targets.json";
}

std::string FilesField(TufRole role) { return role == TufRole::kTargets ? "targets" : "meta"; }

Json TufFileJson(const TufFile& file, TufRole role) {
  Json json = {{"hashes", {{"sha256", file.sha256.Hex()}}},
               {"length", static_cast<std::int64_t>(file.length)}};
  if (role != TufRole::kTargets) json["version"] = file.version;
  return json;
}

Json TufSignedPart(const TufMetadata& metadata) {
  Json files = Json::object();
  for (const auto& [path, file] : metadata.files) files[path] = TufFileJson(file, metadata.role);
  return {{"_type", TufRoleName(metadata.role)},
          {"expires", FormatTime(metadata.expires)},
          {FilesField(metadata.role), std::move(files)},
          {"spec_version", kTufSpecification},
          {"version", metadata.version}};
}

Result<TufFile> ReadTufFile(const Json& json, TufRole role, const std::string& where) {
  JsonFields fields(json, where);
  TufFile file;
  file.length = static_cast<std::uint64_t>(fields.Integer("length", 0, kJsonIntegerMax));
  if (role != TufRole::kTargets) file.version = fields.Integer("version", 1, kJsonIntegerMax);
  const Json& hashes = fields.Object("hashes");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields hash_fields(hashes, fields.Where("hashes"));
  const std::string hex = hash_fields.String("sha256");
  RETURN_IF_ERROR(hash_fields.Finish());
  auto digest = Digest::ParseHex(hex);
  if (!digest) return Wrap(hash_fields.Where("sha256"), digest.error());
  file.sha256 = *digest;
  return file;
}

Result<TufMetadata> ReadTufSignedPart(const Json& json, TufRole role, const std::string& where) {
  TufMetadata metadata;
  metadata.role = role;
  JsonFields fields(json, where);
  const std::string name(TufRoleName(role));
  if (fields.String("_type") != name && fields.ok()) fields.Fail("_type", "want " + name);
  if (fields.String("spec_version") != kTufSpecification && fields.ok()) {
    fields.Fail("spec_version", "want " + std::string(kTufSpecification));
  }
  metadata.version = fields.Integer("version", 1, kJsonIntegerMax);
  metadata.expires = fields.Time("expires");
  const std::string files_field = FilesField(role);
  const Json& files = fields.Object(files_field);
  RETURN_IF_ERROR(fields.Finish());
  if (files.size() > kTufTargetsMax) {
    return Error{ErrorCode::kLimitExceeded, fields.Where(files_field) + ": more than " +
                                                std::to_string(kTufTargetsMax) + " files"};
  }
  for (const auto& [path, file_json] : files.items()) {
    ASSIGN_OR_RETURN(
        const TufFile file,
        ReadTufFile(file_json, role, fields.Where(files_field) + "." + Printable(path, 120)));
    metadata.files.emplace(path, file);
  }
  if (role != TufRole::kTargets &&
      (metadata.files.size() != 1 || !metadata.files.contains(FileBelow(role)))) {
    return Error{ErrorCode::kInvalidInput,
                 fields.Where(files_field) + ": want " + FileBelow(role) + " and nothing else"};
  }
  return metadata;
}

}  // namespace

std::string_view TufRoleName(TufRole role) {
  switch (role) {
    case TufRole::kTargets:
      return "targets";
    case TufRole::kSnapshot:
      return "snapshot";
    case TufRole::kTimestamp:
      return "timestamp";
  }
  CHECK(false);
}

std::string WriteTufSigned(const TufMetadata& metadata) {
  return WriteCanonicalJson(TufSignedPart(metadata));
}

std::string WriteTufMetadata(const TufMetadata& metadata) {
  Json signatures = Json::array();
  for (const TrustRoot::Signature& signature : metadata.signatures) {
    signatures.push_back({{"keyid", signature.key_id}, {"sig", HexEncode(signature.bytes)}});
  }
  return WriteReadableJson(
      {{"signatures", std::move(signatures)}, {"signed", TufSignedPart(metadata)}});
}

Result<TufMetadata> ParseTufMetadata(std::string_view bytes, TufRole role, std::string_view where) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, where, kTufMetadataBytesMax));
  JsonFields fields(json, std::string(where));
  const Json& to_check = fields.Object("signed");
  const Json& signatures = fields.Array("signatures", kRootKeysMax);
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(TufMetadata metadata, ReadTufSignedPart(to_check, role, fields.Where("signed")));
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    JsonFields one(signatures[i], Element(fields.Where("signatures"), i));
    TrustRoot::Signature signature;
    signature.key_id = one.String("keyid");
    auto sig = HexDecode(one.String("sig"));
    if (!sig && one.ok()) one.Fail("sig", "want lowercase hex digits");
    RETURN_IF_ERROR(one.Finish());
    signature.bytes = *std::move(sig);
    metadata.signatures.push_back(std::move(signature));
  }
  return metadata;
}

const ServedRole& KeysOfRole(const TrustRoot& root, TufRole role) {
  switch (role) {
    case TufRole::kTargets:
      return root.targets;
    case TufRole::kSnapshot:
      return root.snapshot;
    case TufRole::kTimestamp:
      return root.timestamp;
  }
  CHECK(false);
}

Status CheckTufSignatures(const TufMetadata& metadata, const TrustRoot& root) {
  const ServedRole& role = KeysOfRole(root, metadata.role);
  const std::string signed_bytes = WriteTufSigned(metadata);
  std::set<std::string> signers;
  for (const TrustRoot::Signature& signature : metadata.signatures) {
    for (const PublicKey& key : role.keys) {
      if (key.KeyId() == signature.key_id && key.Verify(signed_bytes, signature.bytes)) {
        signers.insert(signature.key_id);
      }
    }
  }
  if (static_cast<std::int64_t>(signers.size()) >= role.threshold) return {};
  return Error{ErrorCode::kUntrusted,
               std::string(TufRoleName(metadata.role)) + " metadata has " +
                   std::to_string(signers.size()) + " good signatures by the keys that root " +
                   std::to_string(root.version) + " names, want " + std::to_string(role.threshold)};
}

}  // namespace farm
