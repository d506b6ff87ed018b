#include <algorithm>
#include <map>
#include <set>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kRootListMax = 1024;  // operators, persons, logs, revocations
constexpr std::size_t kRootKeysMax = 64;
constexpr std::size_t kTextBytesMax = 1024;

std::string Element(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

std::string Line(JsonFields& fields, std::string_view name) {
  std::string text = fields.String(name);
  const bool controls =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (fields.ok() && (text.empty() || text.size() > kTextBytesMax || controls)) {
    fields.Fail(name, "want 1 to 1024 bytes without control characters");
  }
  return text;
}

Result<PublicKey> ReadKey(const Json& json, const std::string& where) {
  if (!json.is_string()) {
    return Error{ErrorCode::kInvalidInput, where + ": want a base64 string"};
  }
  auto der = Base64Decode(json.get_ref<const std::string&>());
  if (!der) return Wrap(where, der.error());
  auto key = PublicKey::FromSpki(*der);
  if (!key) return Wrap(where, key.error());
  return key;
}

Result<PublicKey> ReadKeyOfKind(const Json& json, KeyKind kind, const std::string& where) {
  ASSIGN_OR_RETURN(PublicKey key, ReadKey(json, where));
  if (key.kind() != kind) {
    return Error{ErrorCode::kInvalidInput,
                 where + ": want a key of kind " + (kind == KeyKind::kP256 ? "P-256" : "Ed25519")};
  }
  return key;
}

Result<std::vector<PublicKey>> ReadKeys(const Json& list, const std::string& where) {
  std::vector<PublicKey> keys;
  for (std::size_t i = 0; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(PublicKey key, ReadKey(list[i], Element(where, i)));
    keys.push_back(std::move(key));
  }
  return keys;
}

using CertificateReader = Result<Certificate> (*)(std::string_view);

Result<std::vector<Certificate>> ReadChain(const Json& list, CertificateReader read,
                                           const std::string& where) {
  std::vector<Certificate> chain;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_string()) {
      return Error{ErrorCode::kInvalidInput, Element(where, i) + ": want a base64 string"};
    }
    auto der = Base64Decode(list[i].get_ref<const std::string&>());
    if (!der) return Wrap(Element(where, i), der.error());
    auto certificate = read(*der);
    if (!certificate) return Wrap(Element(where, i), certificate.error());
    chain.push_back(*std::move(certificate));
  }
  if (chain.empty()) return Error{ErrorCode::kInvalidInput, where + ": empty"};
  return chain;
}

Result<ValidFor> ReadValidFor(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  ValidFor valid_for;
  valid_for.start = fields.Time("start");
  if (fields.Has("end")) valid_for.end = fields.Time("end");
  if (fields.ok() && valid_for.end && *valid_for.end < valid_for.start) {
    fields.Fail("end", "is before start");
  }
  RETURN_IF_ERROR(fields.Finish());
  return valid_for;
}

Result<CertifiedParty> ReadParty(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  CertifiedParty party;
  party.id = Line(fields, "id");
  party.role = fields.String("role");
  party.country = fields.String("country");
  if (fields.ok() && party.role != "site" && party.role != "signer" &&
      party.role != "coordinator") {
    fields.Fail("role", "want site, signer or coordinator");
  }
  const bool is_country =
      party.country.size() == 2 && std::all_of(party.country.begin(), party.country.end(),
                                               [](char c) { return c >= 'A' && c <= 'Z'; });
  if (party.role == "site" ? !is_country : !party.country.empty()) {
    fields.Fail("country", "want two capital letters for a site, nothing for others");
  }
  RETURN_IF_ERROR(fields.Finish());
  return party;
}

Result<Operator> ReadOperator(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  Operator owner;
  owner.id = Line(fields, "id");
  owner.name = fields.String("name");
  const Json& authority = fields.Array("authority", kChainLengthMax);
  const Json& parties = fields.Array("parties", kRootListMax);
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(owner.authority,
                   ReadChain(authority, Certificate::FromDer, fields.Where("authority")));
  ASSIGN_OR_RETURN(owner.valid_for, ReadValidFor(valid_for, fields.Where("validFor")));
  for (std::size_t i = 0; i < parties.size(); ++i) {
    ASSIGN_OR_RETURN(CertifiedParty party,
                     ReadParty(parties[i], Element(fields.Where("parties"), i)));
    owner.parties.push_back(std::move(party));
  }
  return owner;
}

// P-256, because an Ed25519 signature over DSSE cannot enter the log (hashedrekord 0.0.2).
Result<Person> ReadPerson(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string id = Line(fields, "id");
  const std::string name = fields.String("name");
  const Json& key_json = fields.Any("key");
  const Json& valid_for_json = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(PublicKey key, ReadKeyOfKind(key_json, KeyKind::kP256, fields.Where("key")));
  ASSIGN_OR_RETURN(const ValidFor valid_for,
                   ReadValidFor(valid_for_json, fields.Where("validFor")));
  return Person{id, name, std::move(key), valid_for};
}

Result<Log> ReadLog(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string origin = Line(fields, "origin");
  if (fields.ok() && origin.find_first_of(" /:+") != std::string::npos) {
    fields.Fail("origin", "want a host name without path and port");
  }
  const Json& key_json = fields.Any("key");
  const Json& ecdsa_json = fields.Any("ecdsaKey");
  const Json& valid_for_json = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(PublicKey key, ReadKeyOfKind(key_json, KeyKind::kEd25519, fields.Where("key")));
  ASSIGN_OR_RETURN(PublicKey ecdsa_key,
                   ReadKeyOfKind(ecdsa_json, KeyKind::kP256, fields.Where("ecdsaKey")));
  ASSIGN_OR_RETURN(const ValidFor valid_for,
                   ReadValidFor(valid_for_json, fields.Where("validFor")));
  return Log{origin, std::move(key), std::move(ecdsa_key), valid_for};
}

Result<Witness> ReadWitness(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string name = Line(fields, "name");
  if (fields.ok() && name.find_first_of(" +") != std::string::npos) {
    fields.Fail("name", "want a name without spaces and '+', as notes have it");
  }
  const std::string owner = Line(fields, "operator");
  const Json& key_json = fields.Any("key");
  const Json& valid_for_json = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(PublicKey key, ReadKeyOfKind(key_json, KeyKind::kEd25519, fields.Where("key")));
  ASSIGN_OR_RETURN(const ValidFor valid_for,
                   ReadValidFor(valid_for_json, fields.Where("validFor")));
  return Witness{name, owner, std::move(key), valid_for};
}

Result<TimestampAuthority> ReadTimestampAuthority(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  TimestampAuthority authority;
  authority.name = Line(fields, "name");
  const Json& chain = fields.Array("chain", kChainLengthMax);
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  // A foreign service may have keys that we only check through the chain.
  ASSIGN_OR_RETURN(authority.chain,
                   ReadChain(chain, Certificate::ForeignFromDer, fields.Where("chain")));
  ASSIGN_OR_RETURN(authority.valid_for, ReadValidFor(valid_for, fields.Where("validFor")));
  return authority;
}

Result<Revocation> ReadRevocation(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  Revocation revocation;
  revocation.kind = fields.String("kind");
  revocation.subject = fields.String("subject");
  revocation.reason = fields.String("reason");
  if (fields.Has("compromisedSince")) {
    revocation.compromised_since = fields.Time("compromisedSince");
  }
  if (fields.ok()) {
    const bool key = revocation.kind == "key";
    if (!key && revocation.kind != "release") fields.Fail("kind", "want key or release");
    if (key ? !Digest::ParseHex(revocation.subject) : !Digest::Parse(revocation.subject)) {
      fields.Fail("subject", key ? "want the hex SHA-256 of a key" : "want a digest");
    }
    if (!key && revocation.compromised_since) {
      fields.Fail("compromisedSince", "only a key has that");
    }
  }
  RETURN_IF_ERROR(fields.Finish());
  return revocation;
}

template <typename T>
Status ReadList(const Json& list, const std::string& where,
                Result<T> (*read)(const Json&, const std::string&), std::vector<T>& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(T value, read(list[i], Element(where, i)));
    out.push_back(std::move(value));
  }
  return {};
}

// Who already stands in the root, so that nobody stands there twice.
class Registry {
 public:
  explicit Registry(std::string where) : where_(std::move(where)) {}

  Status AddKey(const PublicKey& key, const std::string& role) {
    return AddKeyId(key.KeyId(), role);
  }
  // Chains of time stamps may share their upper certificates; operators' chains may not.
  Status AddChain(const std::vector<Certificate>& chain, const std::string& role, bool shared) {
    for (const Certificate& certificate : chain) {
      const auto known = keys_.find(certificate.KeyId());
      if (shared && known != keys_.end() && known->second == role) continue;
      RETURN_IF_ERROR(AddKeyId(certificate.KeyId(), role));
    }
    return {};
  }
  Status AddName(const std::string& kind, const std::string& name) {
    if (names_.insert(kind + '\n' + name).second) return {};
    return Error{ErrorCode::kInvalidInput,
                 where_ + ": " + kind + " " + Printable(name, 120) + " stands there twice"};
  }

 private:
  Status AddKeyId(const std::string& key_id, const std::string& role) {
    const auto [entry, added] = keys_.emplace(key_id, role);
    if (added) return {};
    return Twice("key " + key_id.substr(0, 16) + "..", entry->second, role);
  }
  Error Twice(const std::string& what, const std::string& first, const std::string& second) {
    return Error{ErrorCode::kInvalidInput, where_ + ": " + what + " stands there twice, as " +
                                               Printable(first, 120) + " and as " +
                                               Printable(second, 120)};
  }
  std::string where_;
  std::map<std::string, std::string> keys_;  // key id -> role
  std::set<std::string> names_;
};

Status CheckNobodyTwice(const TrustRoot& root, const std::string& where) {
  Registry registry(where);
  for (const PublicKey& key : root.root_keys) RETURN_IF_ERROR(registry.AddKey(key, "root key"));
  for (const Operator& owner : root.operators) {
    RETURN_IF_ERROR(registry.AddName("operator", owner.id));
    RETURN_IF_ERROR(registry.AddChain(owner.authority, "issuer of " + owner.id, false));
    for (const CertifiedParty& party : owner.parties) {
      RETURN_IF_ERROR(registry.AddName("builder id", party.id));
    }
  }
  for (const Person& person : root.auditors) {
    RETURN_IF_ERROR(registry.AddName("person", person.id));
    RETURN_IF_ERROR(registry.AddKey(person.key, "auditor " + person.id));
  }
  for (const Person& person : root.requesters) {
    RETURN_IF_ERROR(registry.AddName("person", person.id));  // no auditor with a second key
    RETURN_IF_ERROR(registry.AddKey(person.key, "requester " + person.id));
  }
  for (const Log& log : root.logs) {
    RETURN_IF_ERROR(registry.AddName("log", log.origin));
    RETURN_IF_ERROR(registry.AddKey(log.key, "log " + log.origin));
    RETURN_IF_ERROR(registry.AddKey(log.ecdsa_key, "log " + log.origin));
  }
  for (const Witness& witness : root.witnesses) {
    RETURN_IF_ERROR(registry.AddName("witness", witness.name));
    RETURN_IF_ERROR(registry.AddKey(witness.key, "witness " + witness.name));
  }
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    RETURN_IF_ERROR(registry.AddName("time stamp authority", authority.name));
    RETURN_IF_ERROR(registry.AddChain(authority.chain, "time stamp authority", true));
  }
  for (const PublicKey& key : root.transparency_keys) {
    RETURN_IF_ERROR(registry.AddKey(key, "transparency key"));
  }
  return {};
}

// The fields of "signed" that are lists, read one after the other.
Status ReadLists(JsonFields& fields, TrustRoot& root) {
  const Json& root_keys = fields.Array("rootKeys", kRootKeysMax);
  const Json& operators = fields.Array("operators", kRootListMax);
  const Json& auditors = fields.Array("auditors", kRootListMax);
  const Json& requesters = fields.Array("requesters", kRootListMax);
  const Json& logs = fields.Array("logs", kRootListMax);
  const Json& witnesses = fields.Array("witnesses", kRootListMax);
  const Json& authorities = fields.Array("timestampAuthorities", kRootListMax);
  const Json& transparency_keys = fields.Array("transparencyKeys", kRootKeysMax);
  const Json& revocations = fields.Array("revocations", kRootListMax);
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(root.root_keys, ReadKeys(root_keys, fields.Where("rootKeys")));
  RETURN_IF_ERROR(ReadList(operators, fields.Where("operators"), ReadOperator, root.operators));
  RETURN_IF_ERROR(ReadList(auditors, fields.Where("auditors"), ReadPerson, root.auditors));
  RETURN_IF_ERROR(ReadList(requesters, fields.Where("requesters"), ReadPerson, root.requesters));
  RETURN_IF_ERROR(ReadList(logs, fields.Where("logs"), ReadLog, root.logs));
  RETURN_IF_ERROR(ReadList(witnesses, fields.Where("witnesses"), ReadWitness, root.witnesses));
  RETURN_IF_ERROR(ReadList(authorities, fields.Where("timestampAuthorities"),
                           ReadTimestampAuthority, root.timestamp_authorities));
  ASSIGN_OR_RETURN(root.transparency_keys,
                   ReadKeys(transparency_keys, fields.Where("transparencyKeys")));
  return ReadList(revocations, fields.Where("revocations"), ReadRevocation, root.revocations);
}

Result<TrustRoot> ReadSigned(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  TrustRoot root;
  fields.Format("farm-root/1");
  root.version = fields.Integer("version", 1, kJsonIntegerMax);
  root.created = fields.Time("created");
  root.expires = fields.Time("expires");
  if (fields.ok() && root.expires <= root.created) fields.Fail("expires", "is not after created");
  root.threshold = fields.Integer("threshold", 1, kRootKeysMax);
  const Json* development = fields.Has("development") ? &fields.Object("development") : nullptr;
  RETURN_IF_ERROR(ReadLists(fields, root));
  if (development != nullptr) {
    JsonFields development_fields(*development, fields.Where("development"));
    root.development = Development{development_fields.Integer("machines", 1, kRootListMax),
                                   development_fields.Integer("operators", 1, kRootListMax)};
    RETURN_IF_ERROR(development_fields.Finish());
  }
  if (static_cast<std::size_t>(root.threshold) > root.root_keys.size()) {
    return Error{ErrorCode::kInvalidInput, fields.Where("threshold") + ": is " +
                                               std::to_string(root.threshold) + ", but only " +
                                               std::to_string(root.root_keys.size()) +
                                               " root keys are listed"};
  }
  RETURN_IF_ERROR(CheckNobodyTwice(root, where));
  return root;
}

Result<std::vector<TrustRoot::Signature>> ReadSignatures(const Json& list,
                                                         const std::string& where) {
  std::vector<TrustRoot::Signature> signatures;
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    TrustRoot::Signature signature;
    signature.key_id = fields.String("keyid");
    signature.bytes = fields.Bytes("sig");
    RETURN_IF_ERROR(fields.Finish());
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

}  // namespace

Result<TrustRoot> ParseTrustRoot(std::string_view bytes, std::string_view where) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, where, kTrustRootBytesMax));
  JsonFields fields(json, std::string(where));
  const Json& to_check = fields.Object("signed");
  const Json& signatures = fields.Array("signatures", kRootKeysMax);
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(TrustRoot root, ReadSigned(to_check, fields.Where("signed")));
  ASSIGN_OR_RETURN(root.signatures, ReadSignatures(signatures, fields.Where("signatures")));
  const std::int64_t count = CountSignatures(root, root.root_keys);
  if (count < root.threshold) {
    return Error{ErrorCode::kUntrusted, std::string(where) + ": " + std::to_string(count) +
                                            " good signatures of its own root keys, want " +
                                            std::to_string(root.threshold)};
  }
  root.digest = Sha256(bytes);
  return root;
}

}  // namespace farm
