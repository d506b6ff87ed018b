// What a customer's verifier remembers of releases and logs is written as it was read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/verify/memory.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto memory = farm::ParseMemory(bytes, "fuzz");
  if (!memory) return 0;
  const std::string written = farm::WriteMemory(*memory);
  CHECK(farm::WriteMemory(farm::ParseMemory(written, "written").value()) == written);
  return 0;
}
