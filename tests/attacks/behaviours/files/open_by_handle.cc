// Opens a file by its number, past all folders above it: a handle that the kernel gives, else one
// made up for the first inode of the file system.
#include <cstdint>

#include "tests/attacks/behaviours/behaviour.h"

struct Handle {
  file_handle header;
  unsigned char bytes[MAX_HANDLE_SZ];
};
int main() {
  Handle handle = {};
  handle.header.handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  int directory = open("/bin", O_RDONLY | O_DIRECTORY);
  if (directory < 0) return behaviour::MissingByKernel("/bin");
  if (name_to_handle_at(directory, "", &handle.header, &mount, AT_EMPTY_PATH) != 0) {
    constexpr std::uint32_t kRootInode[2] = {2, 0};
    handle.header.handle_bytes = sizeof kRootInode;
    handle.header.handle_type = 1;
    std::memcpy(handle.bytes, kRootInode, sizeof kRootInode);
  }
  return behaviour::Judge("open_by_handle_at",
                          open_by_handle_at(directory, &handle.header, O_RDONLY));
}
