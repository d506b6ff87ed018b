// A lock that was read, as text or as canonical JSON, is written and read again as the same one.
#include "farm/toolchain/lock.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto lock = farm::ParseLockText(bytes, "fuzz");
  if (const auto json = farm::ParseLockJson(bytes)) {
    CHECK(farm::CanonicalLockJson(*json) == bytes);
    lock = json;
  }
  if (!lock) return 0;
  CHECK(!lock->IsDraft());
  const auto from_json = farm::ParseLockJson(farm::CanonicalLockJson(*lock));
  CHECK(from_json && *from_json == *lock);
  const auto from_text = farm::ParseLockText(farm::LockText(*lock), "again");
  CHECK(from_text && *from_text == *lock);
  return 0;
}
