#pragma once

#include <string>
#include <vector>

#include "sandbox/assembly_root.h"
#include "sandbox/spec.h"
#include "sandbox/status.h"
#include "sandbox/system.h"

namespace sandbox {

// Detached copies of host trees, taken while the process still has the caller's user id, since the
// caller's folders may be closed to all others.
struct HostTrees {
  UniqueFd root;                     // --root-dir; else invalid
  UniqueFd work;                     // --work DIR; else invalid
  UniqueFd proc;                     // the host's /proc: the kernel lets us mount our own beside it
  UniqueFd fuse;                     // the host's /dev/fuse; Determinism::kFull only
  std::vector<UniqueFd> binds;       // in the order of Spec.binds
  std::vector<UniqueFd> devices;     // in the order of kDevices
  std::vector<AssemblerTool> tools;  // kAssembly only
};

// The device nodes there are inside.
inline constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom"};

// In the new mount namespace, before any id is mapped.
Result<HostTrees> OpenHostTrees(const Spec& spec);

// Makes the root that prepare and main share and makes it this process's root. Afterwards nothing
// of the host is reachable but what `trees` holds and the host's /proc at /proc, which
// MountStage replaces. Read-only but for /build. Returns what the root is: image, directory or
// assembler.
// root_image: a detached mount, or -1. `trees.fuse` is not touched.
Result<std::string> MountRoot(const Spec& spec, HostTrees* trees, int root_image);

// In a stage's own mount, pid and ipc namespaces: a fresh /proc with masked paths, /tmp, /dev/shm,
// /dev/pts. `*locks`: /proc/locks, which is masked afterwards; invalid if the kernel has none.
Status MountStage(const Spec& spec, UniqueFd* locks);
// A /proc of the caller's own pid namespace over the stage's.
Status MountOwnProc();

// Used by both of the above and by the assembler's root.
Status SetMountFlags(int mount, std::uint64_t flags, bool recursive, const std::string& what);
Status Attach(int mount, const std::string& path);
Result<UniqueFd> OpenTree(const std::string& path, bool recursive);
// What of a tmpfs is ours, beside what the limits give to the command.
struct DiskRoom {
  std::uint64_t bytes = 0;
  std::uint64_t inodes = 0;
};
// The options of a tmpfs that the disk limits bound.
void AddDiskLimits(const Limits& limits, const DiskRoom& room, std::vector<std::string>* options);
// Options as "name=value" or "flag"; flags: MOUNT_ATTR_*.
Result<UniqueFd> NewFilesystem(const char* type, const std::vector<std::string>& options,
                               std::uint64_t flags);

}  // namespace sandbox
