// A policy that was read is written in one form, which is read as the same policy; a quorum that is
// met stays met when more cosign.
#include "farm/evidence/tlog_policy.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto policy = farm::ParseTlogPolicy(bytes, "policy");
  if (!policy) return 0;
  const std::string text = farm::WriteTlogPolicy(*policy);
  const auto again = farm::ParseTlogPolicy(text, "policy");
  CHECK(again.has_value());
  CHECK(farm::WriteTlogPolicy(*again) == text);
  std::set<std::size_t> cosigned;
  bool met = farm::QuorumMet(*policy, cosigned);
  for (std::size_t i = 0; i < policy->witnesses.size(); ++i) {
    cosigned.insert(i);
    const bool now = farm::QuorumMet(*policy, cosigned);
    CHECK(now || !met);
    met = now;
  }
  CHECK(met);  // thresholds are within reach
  return 0;
}
