// Any line is a status, judged to the end, or an error; under the root of the vectors no other
// statement than the vector's is ever a sound one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "farm/verify/verify.h"
#include "tests/fuzz/watched.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const farm::TrustRoot root = farm::ParseTrustRoot(farm::WatchedRoot(), "root").value();
  static const farm::Policy policy = [] {
    farm::Policy small;
    small.witnesses = 1;
    return small;
  }();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto line = farm::ParseBundleLine(bytes, "fuzz");
  if (!line) return 0;
  const auto status = farm::VerifyStatus(*line, root, policy);
  if (status) CHECK(farm::WriteStatement(status->statement) + "\n" == farm::WatchedStatus());
  return 0;
}
