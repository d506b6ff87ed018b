#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/statement_fields.h"
#include "farm/evidence/trust_root.h"
#include "farm/evidence/trust_root_check.h"
#include "farm/evidence/trust_root_tuf.h"
#include "farm/json/json.h"

namespace farm {
namespace {

using statement_fields::Line;

// A key or a certificate, as text.
Result<std::string> ReadDer(const Json& json, const std::string& where) {
  if (!json.is_string()) {
    return Error{ErrorCode::kInvalidInput, where + ": want a base64 string"};
  }
  auto der = Base64Decode(json.get_ref<const std::string&>());
  if (!der) return Wrap(where, der.error());
  return der;
}

Result<PublicKey> ReadKey(const Json& json, const std::string& where) {
  ASSIGN_OR_RETURN(const std::string der, ReadDer(json, where));
  auto key = PublicKey::FromSpki(der);
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
    ASSIGN_OR_RETURN(const std::string der, ReadDer(list[i], Element(where, i)));
    auto certificate = read(der);
    if (!certificate) return Wrap(Element(where, i), certificate.error());
    chain.push_back(*std::move(certificate));
  }
  if (chain.empty()) return Error{ErrorCode::kInvalidInput, where + ": empty"};
  return chain;
}

template <typename T, typename Read>
Status ReadList(const Json& list, const std::string& where, const Read& read, std::vector<T>& out) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    ASSIGN_OR_RETURN(T value, read(list[i], Element(where, i)));
    out.push_back(std::move(value));
  }
  return {};
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

Result<DatedAuthority> ReadDatedAuthority(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  const Json& chain_json = fields.Array("chain", kChainLengthMax);
  const Json& valid_for_json = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(auto chain, ReadChain(chain_json, Certificate::FromDer, fields.Where("chain")));
  ASSIGN_OR_RETURN(const ValidFor valid_for,
                   ReadValidFor(valid_for_json, fields.Where("validFor")));
  return DatedAuthority{std::move(chain), valid_for};
}

Result<Operator> ReadOperator(const Json& json, const std::string& where, int format) {
  JsonFields fields(json, where);
  Operator owner;
  owner.id = Line(fields, "id");
  owner.name = fields.String("name");
  // farm-root/1 has one CA, for as long as the operator is vouched for.
  const bool one = format == 1;
  const Json& authorities = one ? fields.Array("authority", kChainLengthMax)
                                : fields.Array("authorities", kAuthoritiesMax);
  const Json& parties = fields.Array("parties", kRootListMax);
  const Json& valid_for = fields.Object("validFor");
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(owner.valid_for, ReadValidFor(valid_for, fields.Where("validFor")));
  if (one) {
    ASSIGN_OR_RETURN(auto chain,
                     ReadChain(authorities, Certificate::FromDer, fields.Where("authority")));
    owner.authorities.push_back({std::move(chain), owner.valid_for});
  } else {
    RETURN_IF_ERROR(
        ReadList(authorities, fields.Where("authorities"), ReadDatedAuthority, owner.authorities));
  }
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

Result<LogEnd> ReadLogEnd(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  LogEnd end;
  end.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
  end.root_hash = fields.DigestOf("rootHash");
  end.successor = Line(fields, "successor");
  RETURN_IF_ERROR(fields.Finish());
  return end;
}

Result<Log> ReadLog(const Json& json, const std::string& where, int format) {
  JsonFields fields(json, where);
  const std::string origin = Line(fields, "origin");
  if (fields.ok() && origin.find_first_of(" /:+") != std::string::npos) {
    fields.Fail("origin", "want a host name without path and port");
  }
  const Json& key_json = fields.Any("key");
  const Json& ecdsa_json = fields.Any("ecdsaKey");
  const Json& valid_for_json = fields.Object("validFor");
  const Json* end_json = format != 1 && fields.Has("end") ? &fields.Object("end") : nullptr;
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(PublicKey key, ReadKeyOfKind(key_json, KeyKind::kEd25519, fields.Where("key")));
  ASSIGN_OR_RETURN(PublicKey ecdsa_key,
                   ReadKeyOfKind(ecdsa_json, KeyKind::kP256, fields.Where("ecdsaKey")));
  ASSIGN_OR_RETURN(const ValidFor valid_for,
                   ReadValidFor(valid_for_json, fields.Where("validFor")));
  Log log{origin, std::move(key), std::move(ecdsa_key), valid_for};
  if (end_json != nullptr) {
    ASSIGN_OR_RETURN(log.end, ReadLogEnd(*end_json, fields.Where("end")));
  }
  return log;
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

// A list that farm-root/1 has not, and that is left out where it would be empty; null then.
const Json* NewerList(JsonFields& fields, std::string_view name, int format) {
  if (format == 1 || !fields.Has(name)) return nullptr;
  const Json& list = fields.Array(name, kRootListMax);
  if (fields.ok() && list.empty()) fields.Fail(name, "is empty; leave the field out");
  return &list;
}

// The fields that are lists, read one after the other.
Status ReadLists(JsonFields& fields, TrustRoot& root) {
  const Json& operators = fields.Array("operators", kRootListMax);
  const Json& auditors = fields.Array("auditors", kRootListMax);
  const Json& requesters = fields.Array("requesters", kRootListMax);
  const Json& logs = fields.Array("logs", kRootListMax);
  const Json& witnesses = fields.Array("witnesses", kRootListMax);
  const Json& authorities = fields.Array("timestampAuthorities", kRootListMax);
  const Json& transparency_keys = fields.Array("transparencyKeys", kRootKeysMax);
  const Json& revocations = fields.Array("revocations", kRootListMax);
  const Json* monitors = NewerList(fields, "monitors", root.format);
  const Json* certifiers = NewerList(fields, "certifiers", root.format);
  RETURN_IF_ERROR(fields.Finish());
  const auto read_operator = [&](const Json& json, const std::string& where) {
    return ReadOperator(json, where, root.format);
  };
  const auto read_log = [&](const Json& json, const std::string& where) {
    return ReadLog(json, where, root.format);
  };
  RETURN_IF_ERROR(ReadList(operators, fields.Where("operators"), read_operator, root.operators));
  RETURN_IF_ERROR(ReadList(auditors, fields.Where("auditors"), ReadPerson, root.auditors));
  RETURN_IF_ERROR(ReadList(requesters, fields.Where("requesters"), ReadPerson, root.requesters));
  if (monitors != nullptr) {
    RETURN_IF_ERROR(ReadList(*monitors, fields.Where("monitors"), ReadPerson, root.monitors));
  }
  if (certifiers != nullptr) {
    RETURN_IF_ERROR(ReadList(*certifiers, fields.Where("certifiers"), ReadPerson, root.certifiers));
  }
  RETURN_IF_ERROR(ReadList(logs, fields.Where("logs"), read_log, root.logs));
  RETURN_IF_ERROR(ReadList(witnesses, fields.Where("witnesses"), ReadWitness, root.witnesses));
  RETURN_IF_ERROR(ReadList(authorities, fields.Where("timestampAuthorities"),
                           ReadTimestampAuthority, root.timestamp_authorities));
  ASSIGN_OR_RETURN(root.transparency_keys,
                   ReadKeys(transparency_keys, fields.Where("transparencyKeys")));
  return ReadList(revocations, fields.Where("revocations"), ReadRevocation, root.revocations);
}

Result<KeyHolder> ReadKeyHolder(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  KeyHolder holder;
  holder.key_id = fields.String("keyid");
  holder.name = Line(fields, "name");
  RETURN_IF_ERROR(fields.Finish());
  return holder;
}

// What both formats say of the parties; of farm-root/1 also what TUF says elsewhere.
Status ReadFarm(const Json& json, const std::string& where, TrustRoot& root) {
  JsonFields fields(json, where);
  fields.Format("farm-root/" + std::to_string(root.format));
  root.created = fields.Time("created");
  const Json* root_keys = nullptr;
  if (root.format == 1) {
    root.version = fields.Integer("version", 1, kJsonIntegerMax);
    root.expires = fields.Time("expires");
    root.threshold = fields.Integer("threshold", 1, kRootKeysMax);
    root_keys = &fields.Array("rootKeys", kRootKeysMax);
  } else if (fields.Has("keyHolders")) {
    const Json& holders = fields.Array("keyHolders", 4 * kRootKeysMax);
    if (fields.ok() && holders.empty()) {
      fields.Fail("keyHolders", "is empty; leave the field out");
    }
    RETURN_IF_ERROR(ReadList(holders, fields.Where("keyHolders"), ReadKeyHolder, root.key_holders));
  }
  const Json* development = fields.Has("development") ? &fields.Object("development") : nullptr;
  RETURN_IF_ERROR(ReadLists(fields, root));
  if (root_keys != nullptr) {
    ASSIGN_OR_RETURN(root.root_keys, ReadKeys(*root_keys, fields.Where("rootKeys")));
  }
  if (development != nullptr) {
    JsonFields development_fields(*development, fields.Where("development"));
    root.development = Development{development_fields.Integer("machines", 1, kRootListMax),
                                   development_fields.Integer("operators", 1, kRootListMax)};
    RETURN_IF_ERROR(development_fields.Finish());
  }
  return {};
}

Result<TrustRoot> ReadSigned(const Json& json, const std::string& where) {
  TrustRoot root;
  root.format = json.contains("_type") ? 2 : 1;
  if (root.format == 1) {
    RETURN_IF_ERROR(ReadFarm(json, where, root));
  } else {
    ASSIGN_OR_RETURN(const Json* lists, ReadTufSigned(json, where, root));
    RETURN_IF_ERROR(ReadFarm(*lists, where + ".farm", root));
  }
  RETURN_IF_ERROR(CheckTrustRoot(root, where));
  return root;
}

Result<std::vector<TrustRoot::Signature>> ReadSignatures(const Json& list, int format,
                                                         const std::string& where) {
  std::vector<TrustRoot::Signature> signatures;
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    TrustRoot::Signature signature;
    signature.key_id = fields.String("keyid");
    if (format == 1) {
      signature.bytes = fields.Bytes("sig");
    } else {
      auto bytes = HexDecode(fields.String("sig"));
      if (!bytes && fields.ok()) fields.Fail("sig", "want lowercase hex digits");
      if (bytes) signature.bytes = *std::move(bytes);
    }
    RETURN_IF_ERROR(fields.Finish());
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

}  // namespace

Result<TrustRoot> ParseUnsignedTrustRootUnsafe(std::string_view bytes, std::string_view where) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, where, kTrustRootBytesMax));
  JsonFields fields(json, std::string(where));
  const Json& to_check = fields.Object("signed");
  const Json& signatures = fields.Array("signatures", kRootSignaturesMax);
  RETURN_IF_ERROR(fields.Finish());
  ASSIGN_OR_RETURN(TrustRoot root, ReadSigned(to_check, fields.Where("signed")));
  ASSIGN_OR_RETURN(root.signatures,
                   ReadSignatures(signatures, root.format, fields.Where("signatures")));
  root.digest = Sha256(bytes);
  return root;
}

Result<TrustRoot> ParseTrustRoot(std::string_view bytes, std::string_view where) {
  ASSIGN_OR_RETURN(TrustRoot root, ParseUnsignedTrustRootUnsafe(bytes, where));
  const std::int64_t count = CountSignatures(root, root.root_keys);
  if (count < root.threshold) {
    return Error{ErrorCode::kUntrusted, std::string(where) + ": " + std::to_string(count) +
                                            " good signatures of its own root keys, want " +
                                            std::to_string(root.threshold)};
  }
  return root;
}

}  // namespace farm
