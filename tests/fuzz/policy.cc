// A policy that was read is written, read again and written as the same bytes; it always demands a
// site, an operator, a country and a witness.
#include "farm/verify/policy.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto policy = farm::ParsePolicy(bytes, "fuzz");
  if (!policy) return 0;
  CHECK(policy->sites > 0 && policy->operators > 0 && policy->countries > 0);
  CHECK(policy->witnesses > 0);
  const std::string written = farm::WritePolicy(*policy);
  const auto again = farm::ParsePolicy(written, "again");
  CHECK(again.has_value());
  CHECK(farm::WritePolicy(*again) == written);
  // Whoever reads the policy in words is told of every country.
  std::string words;
  for (const std::string& rule : farm::RulesInWords(*policy, {})) words += rule + "\n";
  for (const std::string& country : policy->countries_any) {
    CHECK(words.find(country) != std::string::npos);
  }
  return 0;
}
