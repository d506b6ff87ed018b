// A request for a cosignature that was read is written as the same bytes; what a witness answers is
// read without harm.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/client/witness_client.h"
#include "farm/evidence/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = farm::ParseAddCheckpoint(bytes)) {
    CHECK(farm::WriteAddCheckpoint(*request) == bytes);
    CHECK(request->proof.size() <= farm::kConsistencyHashesMax);
    if (const auto note = farm::ParseNote(request->note)) (void)farm::ParseCheckpoint(note->text);
  }
  for (const int status : {200, 409, 422}) {
    const auto post = [&](const std::string&) -> farm::Result<farm::HttpReply> {
      return farm::HttpReply{status, "text/plain", std::string(bytes), false};
    };
    (void)farm::AskWitness(post, farm::AddCheckpointRequest{}, "fuzz");
  }
  return 0;
}
