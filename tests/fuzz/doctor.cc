// No bytes make a machine usable that lacks what is needed.
#include "farm/execute/doctor.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto answer =
      farm::ParseDoctorAnswer(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!answer) return 0;
  CHECK(!answer->findings.empty());
  bool lacks_nothing = true;
  for (const farm::DoctorFinding& finding : answer->findings) {
    if (finding.needed && !finding.present) lacks_nothing = false;
  }
  CHECK(answer->usable == lacks_nothing);
  return 0;
}
