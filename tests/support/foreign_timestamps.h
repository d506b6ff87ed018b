// A time stamp authority as others run it: an RSA key that signs, certified by a P-384 one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/crypto/certificate.h"

namespace farm {

// Copies share the keys.
class ForeignTimestampAuthority {
 public:
  // Valid from `start` for `seconds`.
  ForeignTimestampAuthority(UnixSeconds start, std::int64_t seconds);

  const std::vector<Certificate>& chain() const { return chain_; }  // leaf first
  // A granted TimeStampResp over `message`, with both certificates inside.
  std::string Stamp(std::string_view message, UnixSeconds time) const;

 private:
  std::string key_;  // PKCS#8 DER of the leaf
  std::vector<Certificate> chain_;
};

}  // namespace farm
