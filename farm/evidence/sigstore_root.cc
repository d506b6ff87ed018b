// The trust root in the words of Sigstore's verifiers.
#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/note.h"
#include "farm/evidence/trust_root.h"
#include "farm/json/json.h"

namespace farm {
namespace {

// Transparency keys have no time of their own in our root; outside verifiers insist on one.
constexpr UnixSeconds kAlways = 0;

// They want the start even where it is 1970 (protobuf's default is left out otherwise).
Json ValidForJson(const ValidFor& valid_for) {
  Json json = Json::object();
  json["start"] = FormatTime(valid_for.start);
  if (valid_for.end) json["end"] = FormatTime(*valid_for.end);
  return json;
}

Json KeyJson(const PublicKey& key, const ValidFor& valid_for) {
  return {{"keyDetails", key.kind() == KeyKind::kP256 ? "PKIX_ECDSA_P256_SHA_256" : "PKIX_ED25519"},
          {"rawBytes", Base64Encode(key.spki())},
          {"validFor", ValidForJson(valid_for)}};
}

Json KeyIdJson(std::string_view id) {
  Json json = Json::object();
  json["keyId"] = Base64Encode(id);
  return json;
}

// checkpointKeyId is not the 4-byte hint that its comment recommends: sigstore-js compares it with
// the 32 bytes of the entry's logId.
Json LogJson(const Log& log, const PublicKey& key) {
  const std::string id = NoteKeyIdFull(log.origin, key);
  return {{"baseUrl", "https://" + log.origin},
          {"checkpointKeyId", KeyIdJson(id)},
          {"hashAlgorithm", "SHA2_256"},
          {"logId", KeyIdJson(id)},
          {"operator", log.origin},
          {"publicKey", KeyJson(key, log.valid_for)}};
}

Json AuthorityJson(const std::string& organization, const std::vector<Certificate>& chain,
                   const ValidFor& valid_for) {
  Json certificates = Json::array();
  for (const Certificate& certificate : chain) {
    Json raw = Json::object();
    raw["rawBytes"] = Base64Encode(certificate.der());
    certificates.push_back(std::move(raw));
  }
  Json cert_chain = Json::object();
  cert_chain["certificates"] = std::move(certificates);
  return {
      {"certChain", std::move(cert_chain)},
      {"subject", {{"commonName", chain.front().common_name()}, {"organization", organization}}},
      {"validFor", ValidForJson(valid_for)}};
}

Json TransparencyJson(const PublicKey& key) {
  return {{"baseUrl", "https://transparency.invalid"},  // nobody fetches it
          {"hashAlgorithm", "SHA2_256"},
          {"logId", KeyIdJson(Sha256(key.spki()).bytes())},
          {"publicKey", KeyJson(key, ValidFor{kAlways, std::nullopt})}};
}

ValidFor Both(const ValidFor& a, const ValidFor& b) {
  ValidFor both{std::max(a.start, b.start), a.end ? a.end : b.end};
  if (a.end && b.end) both.end = std::min(*a.end, *b.end);
  return both;
}

}  // namespace

std::string WriteSigstoreTrustedRoot(const TrustRoot& root) {
  Json logs = Json::array();
  for (const Log& log : root.logs) {  // P-256 first: some verifiers take the first of a name
    logs.push_back(LogJson(log, log.ecdsa_key));
    logs.push_back(LogJson(log, log.key));
  }
  Json authorities = Json::array();
  for (const Operator& owner : root.operators) {
    for (const DatedAuthority& authority : owner.authorities) {
      const ValidFor both = Both(owner.valid_for, authority.valid_for);
      if (both.end && *both.end < both.start) continue;
      authorities.push_back(AuthorityJson(owner.id, authority.chain, both));
    }
  }
  Json timestamp_authorities = Json::array();
  for (const TimestampAuthority& authority : root.timestamp_authorities) {
    timestamp_authorities.push_back(
        AuthorityJson(authority.name, authority.chain, authority.valid_for));
  }
  Json transparency = Json::array();
  for (const PublicKey& key : root.transparency_keys) transparency.push_back(TransparencyJson(key));
  return WriteReadableJson({{"certificateAuthorities", std::move(authorities)},
                            {"ctlogs", std::move(transparency)},
                            {"mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json"},
                            {"timestampAuthorities", std::move(timestamp_authorities)},
                            {"tlogs", std::move(logs)}});
}

std::string WriteSigstoreKeyring(const TrustRoot& root) {
  Json keyring = Json::object();
  for (const std::vector<Person>* persons :
       {&root.auditors, &root.requesters, &root.monitors, &root.certifiers}) {
    for (const Person& person : *persons) {
      keyring[person.key.KeyId()] = KeyJson(person.key, person.valid_for);
    }
  }
  return WriteReadableJson(keyring);
}

}  // namespace farm
