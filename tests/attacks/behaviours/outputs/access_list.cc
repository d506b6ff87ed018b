// Leaves a file that a list of its own opens to somebody else.

#include <sys/stat.h>
#include <sys/xattr.h>

#include <cstdint>

#include "tests/attacks/behaviours/behaviour.h"

namespace {
struct [[gnu::packed]] Entry {
  std::uint16_t tag;
  std::uint16_t rights;
  std::uint32_t id;
};
struct [[gnu::packed]] List {
  std::uint32_t version;
  Entry entries[5];
};
}  // namespace
int main() {
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  constexpr std::uint32_t kNobody = 0xffffffff;
  const List list = {2,
                     {{0x01, 6, kNobody},
                      {0x02, 6, getuid()},
                      {0x04, 4, kNobody},
                      {0x10, 6, kNobody},
                      {0x20, 4, kNobody}}};
  if (setxattr("out/file", "system.posix_acl_access", &list, sizeof list, 0) != 0) {
    return behaviour::RefusedByKernel("setxattr");
  }
  return behaviour::Left("setxattr");
}
