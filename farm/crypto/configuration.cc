// What may decide how libcrypto works in a program: nothing from outside.  Part of every program
// that this folder is linked into (`alwayslink`), and done before main: none can forget it or come
// too late.
#include <openssl/crypto.h>

#include "farm/base/result.h"

namespace farm {
namespace {

constexpr int kBeforeEverything = 101;  // the first that a program may have; below are libraries'

// From here on no file (openssl.cnf, OPENSSL_CONF) and no variable of the environment
// (OPENSSL_MODULES, OPENSSL_ENGINES) brings a provider, an engine or other defaults into this
// process: code in there could say that a signature is good, or keep a key.  Memory of libcrypto is
// not given back at the end of the program, which the operating system does faster.
[[gnu::constructor(kBeforeEverything)]] void IgnoreOpensslConfiguration() {
  CHECK(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1);
}

}  // namespace
}  // namespace farm
