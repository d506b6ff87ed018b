// Any bytes are a manifest or an error.
#include "farm/evidence/manifest_view.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)farm::ViewManifest(bytes);
  return 0;
}
