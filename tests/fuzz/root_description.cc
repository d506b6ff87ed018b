// A description that makes a root is described again, and makes the same root.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "farm/ceremony/description.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const farm::DescribedFiles no_files = [](const std::string&) {
    return farm::Result<std::string>(farm::Error{farm::ErrorCode::kNotFound, "no files"});
  };
  const auto root = farm::ReadRootDescription(text, "fuzz", 1'800'000'000, no_files);
  if (!root) return 0;
  auto again = farm::ReadRootDescription(farm::WriteRootDescription(*root), "described",
                                         root->created, no_files);
  CHECK(again);
  CHECK(farm::WriteTrustRootSigned(*again) == farm::WriteTrustRootSigned(*root));
  return 0;
}
