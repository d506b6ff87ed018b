// Digest: the SHA-256 of exact bytes, the name of everything in the farm (DESIGN section 2).
// This is the value; farm/crypto computes it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// 32 bytes.  A default Digest is all zero and names nothing.
class Digest {
 public:
  static constexpr std::size_t kSize = 32;

  Digest() = default;
  // `bytes` must have 32 bytes (CHECKed: callers have parsed).
  static Digest FromBytes(std::string_view bytes);
  // "sha256:<64 lowercase hex>".  Errors: kInvalidInput saying what is wrong.
  static Result<Digest> Parse(std::string_view text);
  // "<64 lowercase hex>".  Errors: kInvalidInput.
  static Result<Digest> ParseHex(std::string_view hex);

  std::string Text() const;   // "sha256:..."
  std::string Hex() const;    // 64 digits
  std::string Short() const;  // "sha256:1a2b3c4d.." for people, never for machines
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  bool IsZero() const { return *this == Digest(); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

}  // namespace farm
