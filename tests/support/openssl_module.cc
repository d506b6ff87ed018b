// A shared object for OpenSSL to load, as a provider or as an engine.  Loading it is enough: the
// program ends with 99.
#include <unistd.h>

namespace {

[[gnu::constructor]] void EndTheProgram() { _exit(99); }

}  // namespace
