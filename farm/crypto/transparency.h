// Certificate transparency: promises, embedded in a certificate, that a log has seen it.
// The other direction of what IssueSigningLeaf writes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/verifying_key.h"

namespace farm {

struct TransparencyLog {
  std::string id;  // 32 bytes: SHA-256 of the key's SPKI
  VerifyingKey key;
  UnixSeconds start = 0;
  std::optional<UnixSeconds> end;  // inclusive
};

// How many of `logs` have promised to log `leaf` as issued by `issuer`, at a time at which the
// log's key was in force.  Promises of other logs count for nothing.
// Errors: kUntrusted exit 15 (the list is malformed; one of `logs` is named, but its signature does
// not match).
// Spec: RFC 6962 sections 3.2 and 3.3.
Result<std::size_t> CountTransparencyPromises(const Certificate& leaf, const Certificate& issuer,
                                              const std::vector<TransparencyLog>& logs);

}  // namespace farm
