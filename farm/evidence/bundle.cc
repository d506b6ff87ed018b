#include "farm/evidence/bundle.h"

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse_json.h"

namespace farm {
namespace {

// The name's own, for no key signs these lines.
std::string ConsistencyHint() { return std::string(Sha256(kConsistencyName).bytes().substr(0, 4)); }

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

Json LogEntryJson(const LogEntry& entry) {
  Json hashes = Json::array();
  for (const Digest& hash : entry.hashes) hashes.push_back(Base64Encode(hash.bytes()));
  Json checkpoint = Json::object();
  checkpoint["envelope"] = entry.checkpoint;
  Json log_id = Json::object();
  log_id["keyId"] = Base64Encode(entry.log_id);
  return {{"canonicalizedBody", Base64Encode(entry.canonicalized_body)},
          {"inclusionProof",
           {{"checkpoint", std::move(checkpoint)},
            {"hashes", std::move(hashes)},
            {"logIndex", std::to_string(entry.index)},
            {"rootHash", Base64Encode(entry.root.bytes())},
            {"treeSize", std::to_string(entry.tree_size)}}},
          {"kindVersion", {{"kind", "hashedrekord"}, {"version", "0.0.2"}}},
          {"logId", std::move(log_id)},
          {"logIndex", std::to_string(entry.index)}};
}

Json KeyJson(const Bundle& bundle) {
  Json key = Json::object();
  if (bundle.certificate) {
    key["rawBytes"] = Base64Encode(bundle.certificate->der());
    return key;
  }
  key["hint"] = bundle.key().KeyId();
  if (!bundle.log_entry) key["rawBytes"] = Base64Encode(bundle.key().spki());
  return key;
}

}  // namespace

const PublicKey& Bundle::key() const {
  CHECK(certificate.has_value() != public_key.has_value());
  return certificate ? certificate->public_key() : *public_key;
}

std::string WriteBundleLine(const Bundle& bundle) {
  Json material = Json::object();
  material[bundle.certificate ? "certificate" : "publicKey"] = KeyJson(bundle);
  material["tlogEntries"] = Json::array();
  if (bundle.log_entry) material["tlogEntries"].push_back(LogEntryJson(*bundle.log_entry));
  if (bundle.timestamp) {
    Json token = Json::object();
    token["signedTimestamp"] = Base64Encode(*bundle.timestamp);
    Json tokens = Json::array();
    tokens.push_back(std::move(token));
    material["timestampVerificationData"]["rfc3161Timestamps"] = std::move(tokens);
  }
  return WriteCanonicalJson({{"dsseEnvelope", EnvelopeToJson(bundle.envelope)},
                             {"mediaType", kMediaType},
                             {"verificationMaterial", std::move(material)}});
}

Status CheckLoggable(const Bundle& bundle, std::string_view where) {
  const Envelope& envelope = bundle.envelope;
  const std::string name(where);
  if (bundle.key().kind() != KeyKind::kP256) {
    return Error{ErrorCode::kInvalidInput,
                 name + ".verificationMaterial: signed with Ed25519, want ECDSA P-256"};
  }
  if (envelope.key_id != bundle.key().KeyId()) {
    return Error{ErrorCode::kInvalidInput, name + ".dsseEnvelope.signatures[0].keyid: found \"" +
                                               Printable(envelope.key_id, 80) +
                                               "\", want that of its key, \"" +
                                               bundle.key().KeyId() + "\""};
  }
  // One payload that nobody can read would keep every signer from releasing anything.
  if (envelope.payload_type != kInTotoPayloadType) {
    return Error{ErrorCode::kInvalidInput, name + ".dsseEnvelope.payloadType: found \"" +
                                               Printable(envelope.payload_type, 60) +
                                               "\", want \"" + std::string(kInTotoPayloadType) +
                                               "\""};
  }
  if (Status good = bundle.key().Verify(envelope.PaeBytes(), envelope.signature); !good) {
    return Wrap(name, good.error());
  }
  return {};
}

NoteSignature ConsistencyLine(const ConsistencyProof& proof) {
  NoteSignature line;
  line.name = std::string(kConsistencyName);
  line.key_hint = ConsistencyHint();
  line.signature = BigEndian64(proof.old_size);
  for (const Digest& hash : proof.hashes) line.signature += hash.bytes();
  return line;
}

std::vector<ConsistencyProof> ConsistencyProofsOf(const Note& note) {
  std::vector<ConsistencyProof> proofs;
  const std::string hint = ConsistencyHint();
  for (const NoteSignature& line : note.signatures) {
    const std::string_view bytes = line.signature;
    if (line.name != kConsistencyName || line.key_hint != hint || bytes.size() < 8 ||
        (bytes.size() - 8) % Digest::kSize != 0) {
      continue;
    }
    ConsistencyProof proof;
    proof.old_size = ReadBigEndian64(bytes.substr(0, 8));
    for (std::size_t at = 8; at < bytes.size(); at += Digest::kSize) {
      proof.hashes.push_back(Digest::FromBytes(bytes.substr(at, Digest::kSize)));
    }
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

}  // namespace farm
