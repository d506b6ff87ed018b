// What may decide how libcrypto works in a program: nothing from outside.  Part of every program
// that this folder is linked into (`alwayslink`), and done before anything else: none can forget it
// or come too late.
#include <openssl/crypto.h>

#include "farm/base/result.h"

namespace farm {
namespace {

// From here on no file (openssl.cnf, OPENSSL_CONF) and no variable of the environment
// (OPENSSL_MODULES, OPENSSL_ENGINES) brings a provider, an engine or other defaults into this
// process: code in there could say that a signature is good, or keep a key.  Memory of libcrypto is
// not given back at the end of the program, which the operating system does faster.
void IgnoreOpensslConfiguration() {
  CHECK(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr) == 1);
}

// Shared libraries (gRPC's) use libcrypto in their own constructors, which come before any of a
// program; only what stands here comes before theirs.  The sanitizers' own start stands here too
// and must be first, so under them a constructor has to do.
#if defined(__SANITIZE_ADDRESS__)
#define FARM_WATCHED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FARM_WATCHED
#endif
#endif
#ifdef FARM_WATCHED
[[gnu::constructor(101)]] void AsAConstructor() { IgnoreOpensslConfiguration(); }
#else
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeforeEverything)() = IgnoreOpensslConfiguration;
#endif

}  // namespace
}  // namespace farm
