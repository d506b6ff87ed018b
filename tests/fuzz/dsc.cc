// A .dsc that was read names plain files, each once, and at least one.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "farm/source/debian_control.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto control = farm::ParseDsc(bytes, "fuzz");
  if (!control) return 0;
  CHECK(!control->source.empty() && !control->version.empty() && !control->files.empty());
  std::set<std::string> names;
  for (const farm::SourceFile& file : control->files) {
    CHECK(!file.name.empty() && file.name != "." && file.name != "..");
    CHECK(file.name.find('/') == std::string::npos && file.name.find('\0') == std::string::npos);
    CHECK(names.insert(file.name).second);
  }
  return 0;
}
