// Metadata of a published tree that was read is written, read again and written as the same bytes.
#include "farm/ceremony/tuf_metadata.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const farm::TufRole role :
       {farm::TufRole::kTargets, farm::TufRole::kSnapshot, farm::TufRole::kTimestamp}) {
    const auto read = farm::ParseTufMetadata(bytes, role, "fuzz");
    if (!read) continue;
    const std::string written = farm::WriteTufMetadata(*read);
    const auto again = farm::ParseTufMetadata(written, role, "written");
    CHECK(again);
    CHECK(farm::WriteTufMetadata(*again) == written);
    CHECK(!farm::CheckTufSignatures(*read, farm::TrustRoot()));  // nobody has signed for nobody
  }
  return 0;
}
