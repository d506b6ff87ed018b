// Leaves of the log: hashedrekord 0.0.2 over the digest of a PAE.
#include "farm/base/bytes.h"
#include "farm/evidence/bundle.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kLeafBytesMax = 65535;  // C2SP tlog-tiles: entry lengths are uint16
constexpr std::string_view kKeyDetails = "PKIX_ECDSA_P256_SHA_256";

std::string WriteLeaf(const LeafFacts& facts) {
  Json verifier = {{"keyDetails", kKeyDetails}};
  if (facts.certificate) {
    verifier["x509Certificate"] = {{"rawBytes", Base64Encode(facts.certificate->der())}};
  } else {
    verifier["publicKey"] = {{"rawBytes", Base64Encode(facts.public_key->spki())}};
  }
  Json record = {
      {"data", {{"algorithm", "SHA2_256"}, {"digest", Base64Encode(facts.pae_digest.bytes())}}},
      {"signature",
       {{"content", Base64Encode(facts.signature)}, {"verifier", std::move(verifier)}}}};
  Json spec = Json::object();
  spec["hashedRekordV002"] = std::move(record);
  return WriteCanonicalJson(
      {{"apiVersion", "0.0.2"}, {"kind", "hashedrekord"}, {"spec", std::move(spec)}});
}

void WantWord(JsonFields& fields, std::string_view name, std::string_view want) {
  const std::string found = fields.String(name);
  if (fields.ok() && found != want) {
    fields.Fail(name, "found \"" + Printable(found, 40) + "\", want \"" + std::string(want) + "\"");
  }
}

Status ReadVerifier(const Json& json, const std::string& where, LeafFacts& facts) {
  JsonFields fields(json, where);
  WantWord(fields, "keyDetails", kKeyDetails);
  const bool certified = fields.Has("x509Certificate");
  const std::string_view name = certified ? "x509Certificate" : "publicKey";
  const Json& holder = fields.Object(name);
  RETURN_IF_ERROR(fields.Finish());
  JsonFields raw(holder, fields.Where(name));
  const std::string bytes = raw.Bytes("rawBytes");
  RETURN_IF_ERROR(raw.Finish());
  if (certified) {
    auto certificate = Certificate::FromDer(bytes);
    if (!certificate) return Wrap(raw.Where("rawBytes"), certificate.error());
    facts.certificate = *std::move(certificate);
    return {};
  }
  auto key = PublicKey::FromSpki(bytes);
  if (!key) return Wrap(raw.Where("rawBytes"), key.error());
  facts.public_key = *std::move(key);
  return {};
}

}  // namespace

std::string CanonicalizedBody(const Envelope& envelope,
                              const std::optional<Certificate>& certificate, const PublicKey& key) {
  CHECK(key.kind() == KeyKind::kP256);
  LeafFacts facts{envelope.PaeDigest(), envelope.signature, certificate, std::nullopt};
  if (!certificate) facts.public_key = key;
  return WriteLeaf(facts);
}

Result<LeafFacts> ParseCanonicalizedBody(std::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(body, "log entry", kLeafBytesMax));
  JsonFields fields(json, "log entry");
  WantWord(fields, "apiVersion", "0.0.2");
  WantWord(fields, "kind", "hashedrekord");
  const Json& spec = fields.Object("spec");
  RETURN_IF_ERROR(fields.Finish());
  JsonFields spec_fields(spec, fields.Where("spec"));
  const Json& record = spec_fields.Object("hashedRekordV002");
  RETURN_IF_ERROR(spec_fields.Finish());
  JsonFields record_fields(record, spec_fields.Where("hashedRekordV002"));
  const Json& data = record_fields.Object("data");
  const Json& signature = record_fields.Object("signature");
  RETURN_IF_ERROR(record_fields.Finish());

  LeafFacts facts;
  JsonFields data_fields(data, record_fields.Where("data"));
  WantWord(data_fields, "algorithm", "SHA2_256");
  const std::string digest = data_fields.Bytes("digest");
  if (data_fields.ok() && digest.size() != Digest::kSize) {
    data_fields.Fail("digest", "want 32 bytes");
  }
  RETURN_IF_ERROR(data_fields.Finish());
  facts.pae_digest = Digest::FromBytes(digest);

  JsonFields signature_fields(signature, record_fields.Where("signature"));
  facts.signature = signature_fields.Bytes("content");
  const Json& verifier = signature_fields.Object("verifier");
  RETURN_IF_ERROR(signature_fields.Finish());
  RETURN_IF_ERROR(ReadVerifier(verifier, signature_fields.Where("verifier"), facts));
  const PublicKey& key = facts.certificate ? facts.certificate->public_key() : *facts.public_key;
  if (key.kind() != KeyKind::kP256) {
    return Error{ErrorCode::kInvalidInput, "log entry: key is not P-256, as keyDetails says"};
  }
  if (WriteLeaf(facts) != body) {
    return Error{ErrorCode::kInvalidInput,
                 "log entry: not the canonical JSON (RFC 8785) of what it says"};
  }
  return facts;
}

}  // namespace farm
