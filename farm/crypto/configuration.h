// What may decide how libcrypto works in a program: nothing from outside.
#pragma once

namespace farm {

// From here on no file (openssl.cnf, OPENSSL_CONF) and no variable of the environment
// (OPENSSL_MODULES, OPENSSL_ENGINES) brings a provider, an engine or other defaults into this
// process: code in there could say that a signature is good.  To be called before everything else
// of this folder, else it comes too late.  Memory of libcrypto is not given back at the end of the
// program, which the operating system does faster.
void IgnoreOpensslConfiguration();

}  // namespace farm
