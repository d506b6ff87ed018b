// A statement that was read is written as the same bytes; PAE bytes come apart without harm.
#include "farm/evidence/statement.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/evidence/dsse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)farm::ParsePae(bytes);
  const auto statement = farm::ParseStatement(bytes, "fuzz");
  if (statement) CHECK(farm::WriteStatement(*statement) == bytes);
  return 0;
}
