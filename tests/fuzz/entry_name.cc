// A name that an archive may have stays below its top, and is its own normal form; a link that may
// stand there does not lead out.  Input: a name, a zero byte, a link's target.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/store/archive.h"
#include "farm/store/tree.h"

namespace {

// Follows `path` from the folder `depth` levels down; false if it gets above the top.
bool Walks(std::string_view path, std::size_t depth) {
  if (path.starts_with('/')) return false;
  for (const std::string& part : farm::Split(path, '/')) {
    if (part == "..") {
      if (depth-- == 0) return false;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)farm::NormalEntryName(bytes);
  const std::size_t zero = bytes.find('\0');
  const auto name = farm::NormalEntryName(bytes.substr(0, zero));
  if (!name) return 0;
  const std::vector<std::string> parts = farm::Split(*name, '/');
  for (const std::string& part : parts) CHECK(!part.empty() && part != "." && part != "..");
  CHECK(farm::IsUtf8(*name));
  CHECK(*farm::NormalEntryName(*name) == *name);
  if (zero == std::string_view::npos) return 0;
  const std::string_view target = bytes.substr(zero + 1);
  if (farm::LinkStaysInside(*name, target)) CHECK(Walks(target, parts.size() - 1));
  return 0;
}
