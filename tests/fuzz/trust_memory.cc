// What a customer's pinned root remembers is written as it was read; so is a fingerprint.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/verify/trust.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto fingerprint = farm::ParseFingerprint(bytes);
  if (fingerprint) CHECK(farm::ParseFingerprint(fingerprint->Text()).value() == *fingerprint);
  const auto memory = farm::ParseTrustMemory(bytes, "fuzz");
  if (!memory) return 0;
  const std::string written = farm::WriteTrustMemory(*memory);
  CHECK(farm::WriteTrustMemory(farm::ParseTrustMemory(written, "written").value()) == written);
  return 0;
}
