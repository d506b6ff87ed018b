#include "farm/evidence/dsse.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/dsse_json.h"
#include "farm/evidence/foreign_json.h"

namespace farm {
namespace {

constexpr std::size_t kPayloadTypeBytesMax = 256;
constexpr std::size_t kKeyIdBytesMax = 256;
constexpr std::size_t kSignatureBytesMax = 1024;  // P-256 takes 72, Ed25519 64, RSA-4096 512

// DSSE: "verifiers MUST accept standard AND url-safe base64".
Result<std::string> DecodeAnyBase64(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return Base64Decode(text);
}

// "<decimal> <that many bytes>" at the front of `rest`, which moves behind it.
Result<std::string> TakeField(std::string_view* rest) {
  const std::size_t space = rest->find(' ');
  if (space == std::string_view::npos) {
    return Error{ErrorCode::kInvalidInput, "PAE: a length is missing"};
  }
  ASSIGN_OR_RETURN(const unsigned long long length,
                   ParseDecimal(rest->substr(0, space), kPayloadBytesMax));
  rest->remove_prefix(space + 1);
  if (rest->size() < length) {
    return Error{ErrorCode::kInvalidInput, "PAE: says " + std::to_string(length) + " bytes, has " +
                                               std::to_string(rest->size())};
  }
  std::string field(rest->substr(0, length));
  rest->remove_prefix(length);
  return field;
}

}  // namespace

std::string Pae(std::string_view payload_type, std::string_view payload) {
  std::string pae = "DSSEv1 ";
  pae += std::to_string(payload_type.size()) + ' ';
  pae += payload_type;
  pae += ' ' + std::to_string(payload.size()) + ' ';
  pae += payload;
  return pae;
}

Digest Envelope::PaeDigest() const { return Sha256(PaeBytes()); }

Json EnvelopeToJson(const Envelope& envelope) {
  Json signature = {{"keyid", envelope.key_id}, {"sig", Base64Encode(envelope.signature)}};
  return {{"payload", Base64Encode(envelope.payload)},
          {"payloadType", envelope.payload_type},
          {"signatures", Json::array({std::move(signature)})}};
}

Result<Envelope> EnvelopeFromJson(const Json& json, std::string_view where) {
  JsonFields fields(json, std::string(where));
  Envelope envelope;
  envelope.payload_type = fields.String("payloadType");
  const std::string payload = fields.String("payload");
  const Json& signatures = fields.Array("signatures", 1);
  if (fields.ok() && signatures.size() != 1) {
    fields.Fail("signatures", "found none, want exactly one");
  }
  if (envelope.payload_type.size() > kPayloadTypeBytesMax) fields.Fail("payloadType", "too long");
  IgnoreOthers(json, fields, {"payloadType"});
  RETURN_IF_ERROR(fields.Finish());

  if (payload.size() / 4 * 3 > kPayloadBytesMax + 3) {
    return Error{ErrorCode::kLimitExceeded, fields.Where("payload") + ": more than 4 MiB"};
  }
  auto payload_bytes = DecodeAnyBase64(payload);
  if (!payload_bytes) return Wrap(fields.Where("payload"), payload_bytes.error());
  if (payload_bytes->size() > kPayloadBytesMax) {
    return Error{ErrorCode::kLimitExceeded, fields.Where("payload") + ": more than 4 MiB"};
  }
  envelope.payload = *std::move(payload_bytes);

  JsonFields signature(signatures.front(), fields.Where("signatures") + "[0]");
  const std::string sig = signature.String("sig");
  if (signature.Has("keyid")) envelope.key_id = signature.String("keyid");
  if (envelope.key_id.size() > kKeyIdBytesMax) signature.Fail("keyid", "too long");
  IgnoreOthers(signatures.front(), signature);
  RETURN_IF_ERROR(signature.Finish());
  auto signature_bytes = DecodeAnyBase64(sig);
  if (!signature_bytes) return Wrap(signature.Where("sig"), signature_bytes.error());
  if (signature_bytes->empty() || signature_bytes->size() > kSignatureBytesMax) {
    return Error{ErrorCode::kInvalidInput, signature.Where("sig") + ": has " +
                                               std::to_string(signature_bytes->size()) +
                                               " bytes, want 1 to 1024"};
  }
  envelope.signature = *std::move(signature_bytes);
  return envelope;
}

Result<PaeParts> ParsePae(std::string_view pae) {
  constexpr std::string_view kPrefix = "DSSEv1 ";
  if (!pae.starts_with(kPrefix)) {
    return Error{ErrorCode::kInvalidInput, "PAE: does not start with \"DSSEv1 \""};
  }
  pae.remove_prefix(kPrefix.size());
  PaeParts parts;
  ASSIGN_OR_RETURN(parts.payload_type, TakeField(&pae));
  if (!pae.starts_with(' ')) {
    return Error{ErrorCode::kInvalidInput, "PAE: no space after the payload type"};
  }
  pae.remove_prefix(1);
  ASSIGN_OR_RETURN(parts.payload, TakeField(&pae));
  if (!pae.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 "PAE: " + std::to_string(pae.size()) + " bytes after the payload"};
  }
  return parts;
}

}  // namespace farm
