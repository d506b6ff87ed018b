#include "farm/evidence/trust_root_tuf.h"

#include <algorithm>
#include <set>

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

// Every key that a role has, once, by its id.
Json TufKeysJson(const TrustRoot& root) {
  Json keys = Json::object();
  for (const std::vector<PublicKey>* list :
       {&root.root_keys, &root.timestamp.keys, &root.snapshot.keys, &root.targets.keys}) {
    for (const PublicKey& key : *list) keys[key.KeyId()] = KeyJson(key);
  }
  return keys;
}

Json RoleJson(const std::vector<PublicKey>& keys, std::int64_t threshold) {
  Json key_ids = Json::array();
  for (const PublicKey& key : keys) key_ids.push_back(key.KeyId());
  return {{"keyids", std::move(key_ids)}, {"threshold", threshold}};
}

Json RolesJson(const TrustRoot& root) {
  return {{"root", RoleJson(root.root_keys, root.threshold)},
          {"snapshot", RoleJson(root.snapshot.keys, root.snapshot.threshold)},
          {"targets", RoleJson(root.targets.keys, root.targets.threshold)},
          {"timestamp", RoleJson(root.timestamp.keys, root.timestamp.threshold)}};
}

Status CheckServedRoles(const TrustRoot& root, const std::string& where) {
  const std::pair<const char*, const ServedRole*> kRoles[] = {
      {"timestamp", &root.timestamp}, {"snapshot", &root.snapshot}, {"targets", &root.targets}};
  for (const auto& [name, role] : kRoles) {
    // A role that nobody serves asks for one key of none.
    const std::size_t most = std::max<std::size_t>(1, role->keys.size());
    if (role->threshold < 1 || static_cast<std::size_t>(role->threshold) > most) {
      return Error{ErrorCode::kInvalidInput,
                   where + ".roles." + name + ".threshold: is " + std::to_string(role->threshold) +
                       ", but " + std::to_string(role->keys.size()) + " keys are listed"};
    }
    if (role->keys.empty() != root.timestamp.keys.empty()) {
      return Error{
          ErrorCode::kInvalidInput,
          where + ".roles." + name +
              ".keyids: want keys for all of timestamp, snapshot and targets, or for none"};
    }
  }
  return {};
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

Result<ServedRole> ReadRole(const Json& json, const Json& keys, const std::string& where) {
  JsonFields fields(json, where);
  const std::vector<std::string> key_ids = fields.Strings("keyids", kRootKeysMax);
  ServedRole role;
  role.threshold = fields.Integer("threshold", 1, kRootKeysMax);
  RETURN_IF_ERROR(fields.Finish());
  for (const std::string& key_id : key_ids) {
    const auto key = keys.find(key_id);
    if (key == keys.end()) {
      return Error{ErrorCode::kInvalidInput, fields.Where("keyids") + ": key " +
                                                 Printable(key_id, 64) + " is not among the keys"};
    }
    ASSIGN_OR_RETURN(PublicKey read, ReadTufKey(*key, where + ".keys"));
    role.keys.push_back(std::move(read));
  }
  return role;
}

Status ReadRoles(const Json& roles, const Json& keys, const std::string& where, TrustRoot& root) {
  JsonFields fields(roles, where);
  const Json& root_role = fields.Object("root");
  const Json& snapshot = fields.Object("snapshot");
  const Json& targets = fields.Object("targets");
  const Json& timestamp = fields.Object("timestamp");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(ServedRole own, ReadRole(root_role, keys, fields.Where("root")));
  root.root_keys = std::move(own.keys);
  root.threshold = own.threshold;
  ASSIGN_OR_RETURN(root.snapshot, ReadRole(snapshot, keys, fields.Where("snapshot")));
  ASSIGN_OR_RETURN(root.targets, ReadRole(targets, keys, fields.Where("targets")));
  ASSIGN_OR_RETURN(root.timestamp, ReadRole(timestamp, keys, fields.Where("timestamp")));
  return {};
}

}  // namespace

Json TufSignedJson(const TrustRoot& root, Json lists) {
  return {{"_type", "root"},
          {"consistent_snapshot", false},
          {"expires", FormatTime(root.expires)},
          {"farm", std::move(lists)},
          {"keys", TufKeysJson(root)},
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
  RETURN_IF_ERROR(ReadRoles(roles, keys, fields.Where("roles"), root));
  // One form for one meaning: a key's name is its digest, no key without a role.
  if (keys != TufKeysJson(root)) {
    fields.Fail("keys", "want exactly the keys of the roles, each by the SHA-256 of its SPKI");
  } else if (roles != RolesJson(root)) {
    fields.Fail("roles", "want each key by its id");
  }
  RETURN_IF_ERROR(fields.Finish());
  return &lists;
}

Status CheckTufRoles(const TrustRoot& root, const std::string& where) {
  RETURN_IF_ERROR(CheckServedRoles(root, where));
  std::set<std::string> unnamed;
  for (const std::vector<PublicKey>* keys :
       {&root.root_keys, &root.timestamp.keys, &root.snapshot.keys, &root.targets.keys}) {
    for (const PublicKey& key : *keys) unnamed.insert(key.KeyId());
  }
  for (const KeyHolder& holder : root.key_holders) {
    if (unnamed.erase(holder.key_id) == 1) continue;
    return Error{ErrorCode::kInvalidInput, where +
                                               ".farm.keyHolders: " + Printable(holder.name, 120) +
                                               ": want the id of a key that has a role, each once"};
  }
  return {};
}

}  // namespace farm
