// DSSE: an envelope of one payload with exactly one signature over its PAE.
// Spec: DSSE v1.0 protocol; one signature because a Sigstore bundle takes one.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/digest.h"
#include "farm/base/result.h"

namespace farm {

constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";
constexpr std::size_t kPayloadBytesMax = 4 << 20;  // a manifest and records of thousands of outputs

// "DSSEv1 <len> <type> <len> <payload>".
std::string Pae(std::string_view payload_type, std::string_view payload);

struct Envelope {
  std::string payload_type;
  std::string payload;    // raw bytes
  std::string key_id;     // lowercase hex SHA-256 of the SPKI; never trusted
  std::string signature;  // raw bytes: ASN.1 DER for P-256

  std::string PaeBytes() const { return Pae(payload_type, payload); }
  // sha256 of the PAE: how every statement names another signed thing (DESIGN section 2).
  Digest PaeDigest() const;
};

// Splits PAE bytes, as the log serves them under payload/<sha256>.  Errors: kInvalidInput.
struct PaeParts {
  std::string payload_type;
  std::string payload;
};
Result<PaeParts> ParsePae(std::string_view pae);

}  // namespace farm
