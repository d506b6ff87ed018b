#pragma once

#include "sandbox/descriptor.h"

namespace sandbox {

enum class ImageBacking {
  kFileElseLoop,  // the file itself (Linux 6.12 with CONFIG_EROFS_FS_BACKED_BY_FILE), else a loop
  kLoop,          // a loop device
};

// Mounts the EROFS image open at `image` read-only, nosuid, nodev, with owners seen through the map
// of `user_namespace`; the mount is detached and goes away with its last user. Needs root.
// The kernel parses the image: give it only images made by the site itself.
Result<UniqueFd> MountImage(int image, int user_namespace, ImageBacking backing);

}  // namespace sandbox
