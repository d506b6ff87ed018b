// A line that was read is written, read again and written as the same bytes.
#include "farm/evidence/bundle.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)farm::ParseBundleFile(bytes, "fuzz");
  (void)farm::ParseCanonicalizedBody(bytes);
  const auto bundle = farm::ParseBundleLine(bytes, "fuzz");
  if (!bundle) return 0;
  const std::string line = farm::WriteBundleLine(*bundle);
  const auto again = farm::ParseBundleLine(line, "again");
  CHECK(again.has_value());
  CHECK(farm::WriteBundleLine(*again) == line);
  const auto parts = farm::ParsePae(bundle->envelope.PaeBytes());
  CHECK(parts && parts->payload == bundle->envelope.payload);
  return 0;
}
