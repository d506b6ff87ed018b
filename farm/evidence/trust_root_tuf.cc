#include "farm/evidence/trust_root_tuf.h"

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::string_view kSpecVersion = "1.0.31";

Json KeyJson(const PublicKey& key) {
  const bool p256 = key.kind() == KeyKind::kP256;
  return {{"keytype", p256 ? "ecdsa" : "ed25519"},
          {"keyval", {{"public", HexEncode(p256 ? key.raw_p256() : key.raw_ed25519())}}},
          {"scheme", p256 ? "ecdsa-sha2-nistp256" : "ed25519"}};
}

Json KeysJson(const TrustRoot& root) {
  Json keys = Json::object();
  for (const PublicKey& key : root.root_keys) keys[key.KeyId()] = KeyJson(key);
  return keys;
}

Json RolesJson(const TrustRoot& root) {
  Json key_ids = Json::array();
  for (const PublicKey& key : root.root_keys) key_ids.push_back(key.KeyId());
  const Json nobody = {{"keyids", Json::array()}, {"threshold", 1}};
  return {{"root", {{"keyids", std::move(key_ids)}, {"threshold", root.threshold}}},
          {"snapshot", nobody},
          {"targets", nobody},
          {"timestamp", nobody}};
}

Result<PublicKey> ReadTufKey(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string type = fields.String("keytype");
  const bool p256 = type == "ecdsa";
  if (fields.ok() && !p256 && type != "ed25519") fields.Fail("keytype", "want ecdsa or ed25519");
  const std::string scheme = fields.String("scheme");
  if (fields.ok() && scheme != (p256 ? "ecdsa-sha2-nistp256" : "ed25519")) {
    fields.Fail("scheme", "want ecdsa-sha2-nistp256 for ecdsa, ed25519 for ed25519");
  }
  const Json& value = fields.Object("keyval");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields value_fields(value, fields.Where("keyval"));
  const std::string hex = value_fields.String("public");
  RETURN_IF_ERROR(value_fields.Finish());
  const Result<std::string> raw = HexDecode(hex);
  if (!raw) return Wrap(value_fields.Where("public"), raw.error());
  Result<PublicKey> key = p256 ? PublicKey::FromP256(*raw) : PublicKey::FromEd25519(*raw);
  if (!key) return Wrap(value_fields.Where("public"), key.error());
  return key;
}

Status ReadRootRole(const Json& roles, const Json& keys, const std::string& where,
                    TrustRoot& root) {
  JsonFields fields(roles, where);
  const Json& role = fields.Object("root");
  for (const char* name : {"snapshot", "targets", "timestamp"}) fields.Ignore(name);
  RETURN_IF_ERROR(fields.Finish());
  JsonFields role_fields(role, fields.Where("root"));
  const std::vector<std::string> key_ids = role_fields.Strings("keyids", kRootKeysMax);
  root.threshold = role_fields.Integer("threshold", 1, kRootKeysMax);
  RETURN_IF_ERROR(role_fields.Finish());
  for (const std::string& key_id : key_ids) {
    const auto key = keys.find(key_id);
    if (key == keys.end()) {
      return Error{ErrorCode::kInvalidInput, role_fields.Where("keyids") + ": key " +
                                                 Printable(key_id, 64) + " is not among the keys"};
    }
    ASSIGN_OR_RETURN(PublicKey read, ReadTufKey(*key, where + ".keys"));
    root.root_keys.push_back(std::move(read));
  }
  return {};
}

}  // namespace

Json TufSignedJson(const TrustRoot& root, Json lists) {
  return {{"_type", "root"},
          {"consistent_snapshot", false},
          {"expires", FormatTime(root.expires)},
          {"farm", std::move(lists)},
          {"keys", KeysJson(root)},
          {"roles", RolesJson(root)},
          {"spec_version", kSpecVersion},
          {"version", root.version}};
}

Result<const Json*> ReadTufSigned(const Json& json, const std::string& where, TrustRoot& root) {
  JsonFields fields(json, where);
  if (fields.String("_type") != "root" && fields.ok()) fields.Fail("_type", "want \"root\"");
  if (fields.String("spec_version") != kSpecVersion && fields.ok()) {
    fields.Fail("spec_version", "want \"" + std::string(kSpecVersion) + "\"");
  }
  if (fields.Boolean("consistent_snapshot") && fields.ok()) {
    fields.Fail("consistent_snapshot", "want false");
  }
  root.version = fields.Integer("version", 1, kJsonIntegerMax);
  root.expires = fields.Time("expires");
  const Json& keys = fields.Object("keys");
  const Json& roles = fields.Object("roles");
  const Json& lists = fields.Object("farm");
  RETURN_IF_ERROR(fields.Finish());
  RETURN_IF_ERROR(ReadRootRole(roles, keys, fields.Where("roles"), root));
  // One form for one meaning: a key's name is its digest, no key without a role.
  if (keys != KeysJson(root)) {
    fields.Fail("keys", "want exactly the keys of the role root, each by the SHA-256 of its SPKI");
  } else if (roles != RolesJson(root)) {
    fields.Fail("roles", "want snapshot, targets and timestamp without keys and with threshold 1");
  }
  RETURN_IF_ERROR(fields.Finish());
  return &lists;
}

}  // namespace farm
