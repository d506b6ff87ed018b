#include "tests/support/sigstore_maker.h"

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/crypto/timestamp.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/note.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = 1'800'000'000;  // 2027-01-15: no fixture is judged by today's date
constexpr std::int64_t kYear = 365 * kDaySeconds;
constexpr char kLog[] = "log.example";
constexpr char kOldLog[] = "old.example";

std::string ProtobufName(HashAlgorithm hash) {
  return "SHA2_" + std::string(HashName(hash).substr(3));
}

Json Object(std::string_view name, Json value) {
  Json json = Json::object();
  json[std::string(name)] = std::move(value);
  return json;
}

Json ListOf(Json element) {
  Json list = Json::array();
  list.push_back(std::move(element));
  return list;
}

Json RawBytes(std::string_view der) { return Object("rawBytes", Base64Encode(der)); }
Json KeyId(std::string_view id) { return Object("keyId", Base64Encode(id)); }

Json ValidForJson() {
  return {{"start", FormatTime(kStart - kYear)}, {"end", FormatTime(kStart + kYear / 2)}};
}

Json LogJson(const std::string& name, const PublicKey& key) {
  return {
      {"baseUrl", "https://" + name},
      {"hashAlgorithm", "SHA2_256"},
      {"logId", KeyId(NoteKeyIdFull(name, key))},
      {"publicKey",
       {{"keyDetails", key.kind() == KeyKind::kP256 ? "PKIX_ECDSA_P256_SHA_256" : "PKIX_ED25519"},
        {"rawBytes", Base64Encode(key.spki())},
        {"validFor", ValidForJson()}}}};
}

Json AuthorityJson(const std::string& uri, const std::vector<Certificate>& chain) {
  Json certificates = Json::array();
  for (const Certificate& certificate : chain) certificates.push_back(RawBytes(certificate.der()));
  return {{"certChain", Object("certificates", std::move(certificates))},
          {"uri", uri},
          {"validFor", ValidForJson()}};
}

Json HexDigestJson(HashAlgorithm hash, std::string_view bytes) {
  return {{"algorithm", HashName(hash)}, {"value", HexEncode(HashOf(hash, bytes))}};
}

Json ProtobufDigestJson(HashAlgorithm hash, std::string_view bytes) {
  return {{"algorithm", ProtobufName(hash)}, {"digest", Base64Encode(HashOf(hash, bytes))}};
}

}  // namespace

struct SigstoreMaker::Signed {
  std::string payload;    // of the envelope
  std::string message;    // what the signature covers
  std::string signature;  // raw
  std::optional<Certificate> leaf;
};

SigstoreMaker::SigstoreMaker()
    : authority_(IssueAuthority(authority_key_, "example", "CA", kStart - kYear, 2 * kYear)),
      stamp_authority_(
          IssueAuthority(stamp_authority_key_, "example", "stamps CA", kStart - kYear, 2 * kYear)),
      stamp_leaf_(IssueTimestampLeaf(stamp_authority_key_, stamp_authority_,
                                     stamp_key_.public_key(), "stamps", kStart - kYear,
                                     2 * kYear)) {}

std::string SigstoreMaker::Statement(const std::string& type, HashAlgorithm algorithm,
                                     const std::string& artifact) {
  const Json other = {{"digest", Object("sha256", std::string(64, 'a'))}, {"name", "other"}};
  const Json subject = {
      {"digest", Object(HashName(algorithm), HexEncode(HashOf(algorithm, artifact)))},
      {"name", "artifact"}};
  Json statement = {{"predicate", Object("nanoseconds", 1)},
                    {"predicateType", "https://example/predicate"},
                    {"subject", Json::array({other, subject})}};
  if (!type.empty()) statement["_type"] = type;
  // A number as Go writes it: beyond what our own formats have.
  std::string text = statement.dump();
  return text.replace(text.find(":1}"), 3, ":1689177396617352539}");
}

const PrivateKey& SigstoreMaker::LeafKey(const SigstoreShape& shape) const {
  return shape.leaf_key == KeyKind::kP256 ? leaf_key_ : ed25519_leaf_key_;
}

Certificate SigstoreMaker::Leaf(const SigstoreShape& shape) const {
  return IssueSigningLeaf(authority_key_, authority_, transparency_key_,
                          SigningLeafRequest{.key = LeafKey(shape).public_key(),
                                             .organization = "",
                                             .common_name = "leaf",
                                             .uri = identity(),
                                             .issuer_extension = issuer(),
                                             .not_before = shape.leaf_start,
                                             .seconds = 600});
}

Json SigstoreMaker::Body(const SigstoreShape& shape, const Signed& made) const {
  const std::string signature = Base64Encode(made.signature);
  const std::string pem = Base64Encode(made.leaf ? made.leaf->Pem() : shape.key->Pem());
  const std::string_view holder = made.leaf ? "x509Certificate" : "publicKey";
  const Json verifier = {
      {std::string(holder), RawBytes(made.leaf ? made.leaf->der() : shape.key->Spki())},
      {"keyDetails", "PKIX_ECDSA_P256_SHA_256"}};
  Json spec = Json::object();
  if (shape.kind == "hashedrekord" && shape.version == "0.0.1") {
    spec = {{"data", Object("hash", HexDigestJson(shape.hash, made.message))},
            {"signature", {{"content", signature}, {"publicKey", Object("content", pem)}}}};
  } else if (shape.kind == "hashedrekord") {
    spec["hashedRekordV002"] = {{"data", ProtobufDigestJson(shape.hash, made.message)},
                                {"signature", {{"content", signature}, {"verifier", verifier}}}};
  } else if (shape.kind == "dsse" && shape.version == "0.0.1") {
    spec = {{"envelopeHash", HexDigestJson(shape.hash, "unknown")},
            {"payloadHash", HexDigestJson(shape.hash, made.payload)},
            {"signatures", ListOf({{"signature", signature}, {"verifier", pem}})}};
  } else if (shape.kind == "dsse") {
    spec["dsseV002"] = {{"payloadHash", ProtobufDigestJson(shape.hash, made.payload)},
                        {"signatures", ListOf({{"content", signature}, {"verifier", verifier}})}};
  } else {
    const Json signatures = ListOf({{"publicKey", pem}, {"sig", Base64Encode(signature)}});
    spec["content"] = {
        {"envelope", {{"payloadType", shape.payload_type}, {"signatures", signatures}}},
        {"hash", HexDigestJson(shape.hash, "unknown")},
        {"payloadHash", HexDigestJson(shape.hash, made.payload)}};
  }
  return {{"apiVersion", shape.version}, {"kind", shape.kind}, {"spec", std::move(spec)}};
}

Json SigstoreMaker::Entry(const SigstoreShape& shape, const std::string& body) const {
  const std::string name = shape.promise ? kOldLog : kLog;
  const PrivateKey& key = shape.promise ? old_log_key_ : log_key_;
  const std::string id = NoteKeyIdFull(name, key.public_key());
  // The old log has several trees: one number over all of them, one in the tree of the proof.
  const std::int64_t index = shape.promise ? 1'000'001 : 1;
  Json entry = {{"canonicalizedBody", Base64Encode(body)},
                {"kindVersion", {{"kind", shape.kind}, {"version", shape.version}}},
                {"logId", KeyId(id)},
                {"logIndex", std::to_string(index)}};
  if (shape.promise) {
    entry["integratedTime"] = std::to_string(shape.integrated);
    const std::string promised = WriteCanonicalJson({{"body", Base64Encode(body)},
                                                     {"integratedTime", shape.integrated},
                                                     {"logID", HexEncode(id)},
                                                     {"logIndex", index}});
    entry["inclusionPromise"] = Object("signedEntryTimestamp", Base64Encode(key.Sign(promised)));
  }
  if (!shape.proof) return entry;
  const Digest first = LeafHash("the entry before");
  const Digest root = NodeHash(first, LeafHash(body));
  Note note;
  std::string origin = name + (shape.promise ? " - 42" : "");
  if (shape.bend_origin) shape.bend_origin(origin);
  note.text = CheckpointText({origin, 2, root});
  note.signatures.push_back(SignNote(note.text, name, key));
  note.signatures.push_back(Cosign(note.text, "witness.example/w", log_key_, kStart));
  entry["inclusionProof"] = {{"checkpoint", Object("envelope", WriteNote(note))},
                             {"hashes", ListOf(Base64Encode(first.bytes()))},
                             {"logIndex", "1"},
                             {"rootHash", Base64Encode(root.bytes())},
                             {"treeSize", "2"}};
  return entry;
}

Json SigstoreMaker::Bundle(const SigstoreShape& shape, const std::string& artifact) const {
  Signed made;
  if (!shape.key) made.leaf = Leaf(shape);
  made.payload = !shape.payload.empty()
                     ? shape.payload
                     : Statement("https://in-toto.io/Statement/v1", shape.hash, artifact);
  made.message = shape.envelope ? Pae(shape.payload_type, made.payload) : artifact;
  made.signature =
      shape.key ? shape.key->Sign(made.message, shape.hash) : LeafKey(shape).Sign(made.message);
  if (shape.bad_signature) made.signature.back() = static_cast<char>(made.signature.back() ^ 1);
  Json body = Body(shape, made);
  if (shape.bend_body) shape.bend_body(body);

  Json material = Object("tlogEntries", ListOf(Entry(shape, WriteCanonicalJson(body))));
  if (!made.leaf) {
    material["publicKey"] = Object("hint", "a key");
  } else if (shape.chain) {
    material["x509CertificateChain"] = Object("certificates", ListOf(RawBytes(made.leaf->der())));
  } else {
    material["certificate"] = RawBytes(made.leaf->der());
  }
  Json tokens = Json::array();
  for (const UnixSeconds time : shape.tokens) {
    const auto token = AnswerTimestampRequest(MakeTimestampRequest(made.signature), stamp_key_,
                                              stamp_leaf_, stamp_authority_, time);
    CHECK(token);
    tokens.push_back(Object("signedTimestamp", Base64Encode(*token)));
  }
  material["timestampVerificationData"] = Object("rfc3161Timestamps", std::move(tokens));
  Json bundle = {{"mediaType", shape.media_type}, {"verificationMaterial", std::move(material)}};
  const std::string signature = Base64Encode(made.signature);
  if (shape.envelope) {
    bundle["dsseEnvelope"] = {{"payload", Base64Encode(made.payload)},
                              {"payloadType", shape.payload_type},
                              {"signatures", ListOf({{"keyid", ""}, {"sig", signature}})}};
  } else {
    bundle["messageSignature"] = {{"messageDigest", ProtobufDigestJson(shape.hash, artifact)},
                                  {"signature", signature}};
  }
  return bundle;
}

Json SigstoreMaker::TrustedRoot() const {
  Json transparency = LogJson("transparency.example", transparency_key_.public_key());
  transparency["logId"] = KeyId(Sha256(transparency_key_.public_key().spki()).bytes());
  return {{"certificateAuthorities", ListOf(AuthorityJson("https://ca.example", {authority_}))},
          {"ctlogs", ListOf(std::move(transparency))},
          {"mediaType", "application/vnd.dev.sigstore.trustedroot.v0.2+json"},
          {"timestampAuthorities",
           ListOf(AuthorityJson("https://stamps.example", {stamp_leaf_, stamp_authority_}))},
          {"tlogs", Json::array({LogJson(kOldLog, old_log_key_.public_key()),
                                 LogJson(kLog, log_key_.public_key())})}};
}

}  // namespace farm
