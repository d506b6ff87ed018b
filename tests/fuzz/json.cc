// What the reader takes, the canonical writer writes, and the reader takes again.
#include "farm/json/json.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

// The canonical writer is for our formats: ASCII keys.
bool KeysAreAscii(const farm::Json& value) {
  if (!value.is_structured()) return true;
  for (auto item = value.begin(); item != value.end(); ++item) {
    if (value.is_object()) {
      for (const unsigned char c : item.key()) {
        if (c >= 0x80) return false;
      }
    }
    if (!KeysAreAscii(*item)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)farm::ParseForeignJson(bytes, "fuzz");
  const auto json = farm::ParseJson(bytes, "fuzz");
  if (!json || !KeysAreAscii(*json)) return 0;
  const std::string canonical = farm::WriteCanonicalJson(*json);
  const auto again = farm::ParseJson(canonical, "canonical");
  CHECK(again.has_value());
  CHECK(farm::WriteCanonicalJson(*again) == canonical);
  return 0;
}
