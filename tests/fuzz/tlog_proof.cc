// A proof that was read is written as the same bytes, and proves nothing to who knows no log.
#include "farm/evidence/tlog_proof.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto proof = farm::ParseTlogProof(bytes, "proof");
  if (!proof) return 0;
  CHECK(farm::WriteTlogProof(*proof) == bytes);
  CHECK(!farm::CheckTlogProof(*proof, proof->extra.value_or("leaf"), farm::TlogPolicy{}));
  return 0;
}
