// Any line is the answer of a launcher that may be a stranger's (a cluster's), or an error that
// says that the launcher is not the one we know; limits are the kernel's only where it says so.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "farm/execute/launcher.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto result = farm::ParseLauncherResult(line);
  if (!result) {
    CHECK(result.error().code == farm::ErrorCode::kInternal);
    return 0;
  }
  CHECK(result->exit_code >= -1 && result->exit_code <= 255);
  CHECK(result->signal >= 0 && result->signal <= 128);
  bool kernel = false;
  for (const auto& [name, fact] : result->facts) {
    CHECK(!std::holds_alternative<bool>(fact));
    const std::string* word = std::get_if<std::string>(&fact);
    kernel = kernel || (name == "limits" && word != nullptr && *word == "kernel");
  }
  CHECK(result->limits_are_kernel_enforced == kernel);
  return 0;
}
