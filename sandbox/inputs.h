#pragma once

#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

// Copies the open host file `source` to `input.inside_path` below /build: parents made, owner the
// inside user, mode and time as asked. Never through a symlink. Refuses a path that is there.
// Runs in the setup process, before anything foreign does.
Status PlaceInput(const Spec& spec, const Input& input, int source);

// Makes `path` below /build a directory or an empty file to mount on; one that is there serves.
Status MakeMountPoint(const std::string& path, bool is_directory, std::uint32_t uid,
                      std::uint32_t gid);

}  // namespace sandbox
