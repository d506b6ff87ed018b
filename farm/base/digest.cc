#include "farm/base/digest.h"

#include <algorithm>

#include "farm/base/bytes.h"

namespace farm {

Digest Digest::FromBytes(std::string_view bytes) {
  CHECK(bytes.size() == kSize);
  Digest digest;
  std::copy(bytes.begin(), bytes.end(), digest.bytes_.begin());
  return digest;
}

Result<Digest> Digest::Parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) {
    return Error{ErrorCode::kInvalidInput,
                 "digest \"" + Printable(text, 80) + "\" does not start with \"sha256:\""};
  }
  return ParseHex(text.substr(kPrefix.size()));
}

Result<Digest> Digest::ParseHex(std::string_view hex) {
  if (hex.size() != 2 * kSize) {
    return Error{ErrorCode::kInvalidInput,
                 "digest has " + std::to_string(hex.size()) + " hex digits, want 64"};
  }
  ASSIGN_OR_RETURN(const std::string bytes, HexDecode(hex));
  return FromBytes(bytes);
}

std::string Digest::Text() const { return "sha256:" + Hex(); }
std::string Digest::Hex() const { return HexEncode(bytes()); }
std::string Digest::Short() const { return "sha256:" + Hex().substr(0, 8) + ".."; }

}  // namespace farm
