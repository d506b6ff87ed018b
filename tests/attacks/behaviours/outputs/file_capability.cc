// Leaves a program that has capabilities.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "tests/attacks/behaviours/behaviour.h"

int main() {
  mkdir("out", 0755);
  behaviour::WriteFile("out/file", "x");
  vfs_cap_data data = {};
  data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  data.data[0].permitted = 1U << CAP_NET_RAW;
  return behaviour::Leave("setxattr",
                          setxattr("out/file", "security.capability", &data, sizeof data, 0));
}
