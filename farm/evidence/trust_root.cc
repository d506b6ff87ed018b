#include "farm/evidence/trust_root.h"

#include <set>

#include "farm/base/bytes.h"
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

Json OperatorJson(const Operator& owner) {
  Json parties = Json::array();
  for (const CertifiedParty& party : owner.parties) {
    parties.push_back({{"country", party.country}, {"id", party.id}, {"role", party.role}});
  }
  return {{"authority", ChainJson(owner.authority)},
          {"id", owner.id},
          {"name", owner.name},
          {"parties", std::move(parties)},
          {"validFor", ValidForJson(owner.valid_for)}};
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

Json RevocationJson(const Revocation& revocation) {
  Json json = {
      {"kind", revocation.kind}, {"reason", revocation.reason}, {"subject", revocation.subject}};
  if (revocation.compromised_since) {
    json["compromisedSince"] = FormatTime(*revocation.compromised_since);
  }
  return json;
}

Json SignedJson(const TrustRoot& root) {
  Json operators = Json::array();
  for (const Operator& owner : root.operators) operators.push_back(OperatorJson(owner));
  Json logs = Json::array();
  for (const Log& log : root.logs) {
    logs.push_back({{"ecdsaKey", KeyText(log.ecdsa_key)},
                    {"key", KeyText(log.key)},
                    {"origin", log.origin},
                    {"validFor", ValidForJson(log.valid_for)}});
  }
  Json witnesses = Json::array();
  for (const Witness& witness : root.witnesses) {
    witnesses.push_back({{"key", KeyText(witness.key)},
                         {"name", witness.name},
                         {"operator", witness.operator_id},
                         {"validFor", ValidForJson(witness.valid_for)}});
  }
  Json authorities = Json::array();
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    authorities.push_back({{"chain", ChainJson(authority.chain)},
                           {"name", authority.name},
                           {"validFor", ValidForJson(authority.valid_for)}});
  }
  Json revocations = Json::array();
  for (const Revocation& revocation : root.revocations) {
    revocations.push_back(RevocationJson(revocation));
  }
  Json json = {{"auditors", PersonsJson(root.auditors)},
               {"created", FormatTime(root.created)},
               {"expires", FormatTime(root.expires)},
               {"format", "farm-root/1"},
               {"logs", std::move(logs)},
               {"operators", std::move(operators)},
               {"requesters", PersonsJson(root.requesters)},
               {"revocations", std::move(revocations)},
               {"rootKeys", KeysJson(root.root_keys)},
               {"threshold", root.threshold},
               {"timestampAuthorities", std::move(authorities)},
               {"transparencyKeys", KeysJson(root.transparency_keys)},
               {"version", root.version},
               {"witnesses", std::move(witnesses)}};
  if (root.development) {
    json["development"] = {{"machines", root.development->machines},
                           {"operators", root.development->operators}};
  }
  return json;
}

const Person* FindPerson(const std::vector<Person>& persons, const PublicKey& key) {
  for (const Person& person : persons) {
    if (person.key == key) return &person;
  }
  return nullptr;
}

}  // namespace

std::optional<TrustRoot::Found> TrustRoot::FindParty(std::string_view id) const {
  for (const Operator& owner : operators) {
    for (const CertifiedParty& party : owner.parties) {
      if (party.id == id) return Found{&owner, &party};
    }
  }
  return std::nullopt;
}

const Person* TrustRoot::FindAuditor(const PublicKey& key) const {
  return FindPerson(auditors, key);
}

const Person* TrustRoot::FindRequester(const PublicKey& key) const {
  return FindPerson(requesters, key);
}

std::int64_t CountSignatures(const TrustRoot& root, const std::vector<PublicKey>& keys) {
  const std::string signed_bytes = WriteTrustRootSigned(root);
  std::set<std::string> signers;
  // Signatures by keys that nobody asks for say nothing, good or bad.
  for (const TrustRoot::Signature& signature : root.signatures) {
    for (const PublicKey& key : keys) {
      if (key.KeyId() == signature.key_id && key.Verify(signed_bytes, signature.bytes)) {
        signers.insert(signature.key_id);
      }
    }
  }
  return static_cast<std::int64_t>(signers.size());
}

Status CheckSuccessor(const TrustRoot& next, const RootKeys& before) {
  const std::int64_t count = CountSignatures(next, before.keys);
  if (count >= before.threshold) return {};
  return Error{ErrorCode::kUntrusted,
               "trust root " + std::to_string(next.version) + " has " + std::to_string(count) +
                   " good signatures by the keys of the root before it, want " +
                   std::to_string(before.threshold),
               ExitCode::kBadSignature};
}

std::string WriteTrustRootSigned(const TrustRoot& root) {
  return WriteCanonicalJson(SignedJson(root));
}

std::string WriteTrustRoot(const TrustRoot& root, const std::vector<PrivateKey>& signing_keys) {
  const std::string to_sign = WriteTrustRootSigned(root);
  Json signatures = Json::array();
  for (const PrivateKey& key : signing_keys) {
    signatures.push_back(
        {{"keyid", key.public_key().KeyId()}, {"sig", Base64Encode(key.Sign(to_sign))}});
  }
  return WriteReadableJson({{"signatures", std::move(signatures)}, {"signed", SignedJson(root)}});
}

}  // namespace farm
