// A manifest that was read, as text or as canonical JSON, is written and read again as the same
// one.
#include "farm/manifest/manifest.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

void CheckBothForms(const farm::Manifest& manifest) {
  CHECK(farm::LintManifest(manifest).has_value());
  const std::string canonical = farm::CanonicalManifest(manifest);
  const auto from_json = farm::ParseManifestJson(canonical);
  CHECK(from_json && farm::CanonicalManifest(*from_json) == canonical);
  const auto from_text = farm::ParseManifestText(farm::WriteManifestText(manifest), "again");
  CHECK(from_text && farm::CanonicalManifest(*from_text) == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = farm::ParseManifestText(bytes, "fuzz")) CheckBothForms(*manifest);
  if (const auto manifest = farm::ParseManifestJson(bytes)) {
    CHECK(farm::CanonicalManifest(*manifest) == bytes);
    CheckBothForms(*manifest);
  }
  return 0;
}
