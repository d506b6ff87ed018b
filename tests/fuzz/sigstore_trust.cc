// Any bytes are a Sigstore trusted root, or an error; what was read trusts nobody without a
// beginning and no authority without a certificate.
#include "farm/evidence/sigstore_trust.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto trust = farm::ParseSigstoreTrust(bytes, "fuzz");
  if (!trust) return 0;
  for (const farm::SigstoreLog& log : trust->logs) {
    (void)farm::CheckpointNames(log);
    CHECK(!farm::CheckForeignCheckpoint("not a note", log));
    CHECK(!log.key.Verify("message", "not a signature"));
  }
  for (const auto* list : {&trust->authorities, &trust->timestamp_authorities}) {
    for (const farm::SigstoreAuthority& authority : *list) CHECK(!authority.chain.empty());
  }
  return 0;
}
