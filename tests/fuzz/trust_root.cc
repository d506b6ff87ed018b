// A root that was read, signed by enough people or not yet, is written, read again and written as
// the same bytes; what it says fits in words.
#include "farm/evidence/trust_root.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/evidence/trust_root_changes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = farm::ParseUnsignedTrustRootUnsafe(bytes, "fuzz");
  if (!read) {
    CHECK(!farm::ParseTrustRoot(bytes, "fuzz"));
    return 0;
  }
  const std::string written = farm::WriteTrustRoot(*read);
  const auto again = farm::ParseUnsignedTrustRootUnsafe(written, "written");
  CHECK(again);
  CHECK(farm::WriteTrustRoot(*again) == written);
  CHECK(!farm::DescribeTrustRoot(*read).empty());
  CHECK(farm::DescribeChanges(*read, *again).empty());
  const auto root = farm::ParseTrustRoot(bytes, "fuzz");
  if (!root) return 0;
  (void)farm::WriteSigstoreTrustedRoot(*root);
  (void)farm::WriteSigstoreKeyring(*root);
  return 0;
}
