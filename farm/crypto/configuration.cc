#include "farm/crypto/configuration.h"

#include <openssl/crypto.h>

#include "farm/base/result.h"

namespace farm {

void IgnoreOpensslConfiguration() {
  CHECK(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1);
}

}  // namespace farm
