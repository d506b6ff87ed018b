#include "farm/base/bytes.h"
#include "farm/crypto/key.h"

namespace farm {
namespace {

// The SPKI of every P-256 key up to its point.  Spec: RFC 5480 section 2.
constexpr unsigned char kP256Prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

std::string P256Prefix() { return {std::begin(kP256Prefix), std::end(kP256Prefix)}; }

}  // namespace

Result<PublicKey> PublicKey::FromP256(std::string_view raw_point) {
  return FromSpki(P256Prefix() + std::string(raw_point));
}

std::string PublicKey::raw_p256() const {
  CHECK(kind() == KeyKind::kP256);
  return spki().substr(sizeof(kP256Prefix));
}

}  // namespace farm
