#include "farm/base/bytes.h"
#include "farm/evidence/trust_root.h"
#include "farm/evidence/trust_root_tuf.h"
#include "farm/json/json.h"

namespace farm {
namespace {

Json ValidForJson(const ValidFor& valid_for) {
  Json json = Json::object();
  json["start"] = FormatTime(valid_for.start);
  if (valid_for.end) json["end"] = FormatTime(*valid_for.end);
  return json;
}

std::string KeyText(const PublicKey& key) { return Base64Encode(key.spki()); }

Json KeysJson(const std::vector<PublicKey>& keys) {
  Json list = Json::array();
  for (const PublicKey& key : keys) list.push_back(KeyText(key));
  return list;
}

Json ChainJson(const std::vector<Certificate>& chain) {
  Json list = Json::array();
  for (const Certificate& certificate : chain) list.push_back(Base64Encode(certificate.der()));
  return list;
}

Json AuthoritiesJson(const Operator& owner) {
  Json list = Json::array();
  for (const DatedAuthority& authority : owner.authorities) {
    list.push_back(
        {{"chain", ChainJson(authority.chain)}, {"validFor", ValidForJson(authority.valid_for)}});
  }
  return list;
}

Json OperatorsJson(const TrustRoot& root) {
  Json list = Json::array();
  for (const Operator& owner : root.operators) {
    Json parties = Json::array();
    for (const CertifiedParty& party : owner.parties) {
      parties.push_back({{"country", party.country}, {"id", party.id}, {"role", party.role}});
    }
    Json json = {{"id", owner.id},
                 {"name", owner.name},
                 {"parties", std::move(parties)},
                 {"validFor", ValidForJson(owner.valid_for)}};
    if (root.format == 1) {
      CHECK(owner.authorities.size() == 1);
      json["authority"] = ChainJson(owner.authorities.front().chain);
    } else {
      json["authorities"] = AuthoritiesJson(owner);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json PersonsJson(const std::vector<Person>& persons) {
  Json list = Json::array();
  for (const Person& person : persons) {
    list.push_back({{"id", person.id},
                    {"key", KeyText(person.key)},
                    {"name", person.name},
                    {"validFor", ValidForJson(person.valid_for)}});
  }
  return list;
}

Json LogsJson(const std::vector<Log>& logs) {
  Json list = Json::array();
  for (const Log& log : logs) {
    Json json = {{"ecdsaKey", KeyText(log.ecdsa_key)},
                 {"key", KeyText(log.key)},
                 {"origin", log.origin},
                 {"validFor", ValidForJson(log.valid_for)}};
    if (log.end) {
      json["end"] = {{"rootHash", log.end->root_hash.Text()},
                     {"size", static_cast<std::int64_t>(log.end->size)},
                     {"successor", log.end->successor}};
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json WitnessesJson(const std::vector<Witness>& witnesses) {
  Json list = Json::array();
  for (const Witness& witness : witnesses) {
    list.push_back({{"key", KeyText(witness.key)},
                    {"name", witness.name},
                    {"operator", witness.operator_id},
                    {"validFor", ValidForJson(witness.valid_for)}});
  }
  return list;
}

Json TimestampAuthoritiesJson(const std::vector<TimestampAuthority>& authorities) {
  Json list = Json::array();
  for (const TimestampAuthority& authority : authorities) {
    list.push_back({{"chain", ChainJson(authority.chain)},
                    {"name", authority.name},
                    {"validFor", ValidForJson(authority.valid_for)}});
  }
  return list;
}

Json RevocationsJson(const std::vector<Revocation>& revocations) {
  Json list = Json::array();
  for (const Revocation& revocation : revocations) {
    Json json = {
        {"kind", revocation.kind}, {"reason", revocation.reason}, {"subject", revocation.subject}};
    if (revocation.compromised_since) {
      json["compromisedSince"] = FormatTime(*revocation.compromised_since);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json KeyHoldersJson(const std::vector<KeyHolder>& holders) {
  Json list = Json::array();
  for (const KeyHolder& holder : holders) {
    list.push_back({{"keyid", holder.key_id}, {"name", holder.name}});
  }
  return list;
}

// What both formats say of the parties.
Json ListsJson(const TrustRoot& root) {
  CHECK(root.format != 1 || (root.monitors.empty() && root.certifiers.empty()));
  Json json = {{"auditors", PersonsJson(root.auditors)},
               {"created", FormatTime(root.created)},
               {"format", "farm-root/" + std::to_string(root.format)},
               {"logs", LogsJson(root.logs)},
               {"operators", OperatorsJson(root)},
               {"requesters", PersonsJson(root.requesters)},
               {"revocations", RevocationsJson(root.revocations)},
               {"timestampAuthorities", TimestampAuthoritiesJson(root.timestamp_authorities)},
               {"transparencyKeys", KeysJson(root.transparency_keys)},
               {"witnesses", WitnessesJson(root.witnesses)}};
  // A list that is empty is not there: what was signed before there were such lists reads the same.
  if (!root.monitors.empty()) json["monitors"] = PersonsJson(root.monitors);
  if (!root.certifiers.empty()) json["certifiers"] = PersonsJson(root.certifiers);
  if (!root.key_holders.empty()) json["keyHolders"] = KeyHoldersJson(root.key_holders);
  if (root.development) {
    json["development"] = {{"machines", root.development->machines},
                           {"operators", root.development->operators}};
  }
  return json;
}

Json SignedJson(const TrustRoot& root) {
  if (root.format != 1) return TufSignedJson(root, ListsJson(root));
  Json json = ListsJson(root);
  json["expires"] = FormatTime(root.expires);
  json["rootKeys"] = KeysJson(root.root_keys);
  json["threshold"] = root.threshold;
  json["version"] = root.version;
  return json;
}

}  // namespace

std::string WriteTrustRootSigned(const TrustRoot& root) {
  return WriteCanonicalJson(SignedJson(root));
}

std::string WriteTrustRoot(const TrustRoot& root) {
  Json signatures = Json::array();
  for (const TrustRoot::Signature& signature : root.signatures) {
    signatures.push_back(
        {{"keyid", signature.key_id},
         {"sig", root.format == 1 ? Base64Encode(signature.bytes) : HexEncode(signature.bytes)}});
  }
  return WriteReadableJson({{"signatures", std::move(signatures)}, {"signed", SignedJson(root)}});
}

std::string WriteTrustRoot(const TrustRoot& root, const std::vector<PrivateKey>& signing_keys) {
  const std::string to_sign = WriteTrustRootSigned(root);
  TrustRoot with_signatures = root;
  with_signatures.signatures.clear();
  for (const PrivateKey& key : signing_keys) {
    with_signatures.signatures.push_back({key.public_key().KeyId(), key.Sign(to_sign)});
  }
  return WriteTrustRoot(with_signatures);
}

}  // namespace farm
