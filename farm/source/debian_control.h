// Reads a Debian source control file (.dsc): RFC 822-like fields, perhaps clear-signed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/manifest/manifest.h"

namespace farm {

constexpr std::size_t kDscBytesMax = 1 << 20;  // texlive's, the largest seen, has 200 kB

struct DebianControl {
  std::string source;
  std::string version;
  std::string format;             // "3.0 (quilt)"
  std::vector<SourceFile> files;  // of Checksums-Sha256, in its order; the .dsc is not among them
};

// Errors: kInvalidInput naming the line; kLimitExceeded.
Result<DebianControl> ParseDsc(std::string_view text, std::string_view what);

}  // namespace farm
