#include "sandbox/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/inputs.h"
#include "sandbox/layers.h"

namespace sandbox {
namespace {

constexpr DiskRoom kRootFolder = {0, 1};
constexpr std::uint64_t kNoRights = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

std::uint64_t RootFlags() {
  return LeftOut(Layer::kReadOnlyRoot) ? kNoRights : kNoRights | MOUNT_ATTR_RDONLY;
}

// What is left of `flags` where a test leaves layers out.
std::uint64_t WithoutHoles(std::uint64_t flags) {
  if (LeftOut(Layer::kNoSuidMounts)) flags &= ~std::uint64_t{MOUNT_ATTR_NOSUID};
  if (LeftOut(Layer::kNoDeviceMounts)) flags &= ~std::uint64_t{MOUNT_ATTR_NODEV};
  return flags;
}

Status Directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return SystemError("mkdir " + path);
  return {};
}

// /dev: a small tmpfs, read-only once filled.
Status MountDevices(std::vector<UniqueFd> devices) {
  if (LeftOut(Layer::kFewDevices)) return Attach(devices[0].get(), "/dev");
  Result<UniqueFd> dev = NewFilesystem("tmpfs", {"size=64k", "nr_inodes=64", "mode=0755"},
                                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!dev.ok()) return dev.status();
  if (Status status = Attach(dev->get(), "/dev"); !status.ok()) return status;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    std::string path = std::string("/dev/") + kDevices[i];
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.valid()) return SystemError("creating " + path);
    if (Status status = Attach(devices[i].get(), path); !status.ok()) return status;
  }
  const char* const links[][2] = {{"/proc/self/fd", "/dev/fd"},
                                  {"/proc/self/fd/0", "/dev/stdin"},
                                  {"/proc/self/fd/1", "/dev/stdout"},
                                  {"/proc/self/fd/2", "/dev/stderr"},
                                  {"pts/ptmx", "/dev/ptmx"}};
  for (auto& link : links) {
    if (symlink(link[0], link[1]) != 0) return SystemError(std::string("symlink ") + link[1]);
  }
  for (const char* path : {"/dev/pts", "/dev/shm"}) {
    if (Status status = Directory(path, 0755); !status.ok()) return status;
  }
  if (LeftOut(Layer::kReadOnlyDevices)) return {};
  // The devices too: their owner, mode and times are those of the host's.
  return SetMountFlags(dev->get(), MOUNT_ATTR_RDONLY, true, "/dev");
}

Status MountWork(const Spec& spec, int work) {
  if (work >= 0) {
    Status status = SetMountFlags(work, kNoRights, false, "--work");
    if (!status.ok()) return status;
    return Attach(work, "/build");
  }
  std::vector<std::string> options = {"mode=0755", "uid=" + std::to_string(spec.uid),
                                      "gid=" + std::to_string(spec.gid)};
  AddDiskLimits(spec.limits, kRootFolder, &options);
  Result<UniqueFd> mount = NewFilesystem("tmpfs", options, kNoRights);
  if (!mount.ok()) return mount.status();
  return Attach(mount->get(), "/build");
}

Status MountBinds(const Spec& spec, std::vector<UniqueFd> trees) {
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const std::string& inside = spec.binds[i].inside_path;
    struct stat status = {};
    if (fstat(trees[i].get(), &status) != 0) return SystemError("stat " + inside);
    std::uint64_t flags =
        LeftOut(Layer::kReadOnlyBinds) ? kNoRights : kNoRights | MOUNT_ATTR_RDONLY;
    Status restricted = SetMountFlags(trees[i].get(), flags, true, inside);
    if (!restricted.ok()) return restricted;
    Result<std::string> below = BelowBuild(inside);
    if (below.ok()) {
      Status made = MakeMountPoint(*below, S_ISDIR(status.st_mode), spec.uid, spec.gid);
      if (!made.ok()) return made;
    }
    if (Status attached = Attach(trees[i].get(), inside); !attached.ok()) return attached;
  }
  return {};
}

// Makes the mount `root`, which is attached, the root of this process and lets go of the host's.
Status PivotInto(int root) {
  if (fchdir(root) != 0) return SystemError("entering the new root");
  if (syscall(SYS_pivot_root, ".", ".") != 0) return SystemError("pivot_root");
  if (!LeftOut(Layer::kHostRootDetached) && umount2(".", MNT_DETACH) != 0) {
    return SystemError("detaching the host's root");
  }
  if (chdir("/") != 0) return SystemError("chdir /");
  return {};
}

// A file system of its own over the folder `tree`: so nothing inside shows where on the host the
// folder lies, and builds that share it share no inode, whose locks and watches they would feel.
// The kernel names layers by paths, and wants two of them: the second is empty. Both lie on the
// host's /proc for that, and go with it.
Result<UniqueFd> LayOver(int tree) {
  if (Status status = Attach(tree, "/proc"); !status.ok()) return status;
  if (fchdir(tree) != 0) return SystemError("entering --root-dir");
  Result<UniqueFd> empty = NewFilesystem("tmpfs", {"nr_inodes=1"}, kNoRights | MOUNT_ATTR_RDONLY);
  if (!empty.ok()) return empty.status();
  if (Status status = Attach(empty->get(), "tmp"); !status.ok()) return status;
  Result<UniqueFd> overlay =
      NewFilesystem("overlay", {"lowerdir=.:tmp", "redirect_dir=nofollow", "xino=on"}, RootFlags());
  if (overlay.ok()) return overlay;
  return Status::Failed("an overlay over --root-dir: " + overlay.message() +
                        " (modprobe overlay; it must not lie on an overlay of overlays)");
}

// Before anything is mounted on one of them: a root that lacks one says so by its name.
Status VerifyMountPoints(int root, const std::string& option) {
  std::string missing;
  for (const char* path : {"/build", "/dev", "/proc", "/tmp"}) {
    struct stat status = {};
    const bool is_there = fstatat(root, path + 1, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_there && S_ISDIR(status.st_mode)) continue;
    if (!is_there && errno != ENOENT) {
      return Status::Failed(
          SystemError("looking for " + std::string(path) + " in " + option).message() +
          " (whoever is mapped inside must be able to enter the root: chmod 0755, or the owners of "
          "a mapped range)");
    }
    missing += (missing.empty() ? "" : " ") + std::string(path);
  }
  if (missing.empty()) return {};
  return Status::Failed(option + " has no folder " + missing +
                        ": the root must have /build /dev /proc /tmp to mount on; make what is "
                        "missing there with mkdir (a link to a folder will not do)");
}

// The mount, attached, and what it is in `*backend`.
Result<UniqueFd> RootMount(const Spec& spec, HostTrees* trees, int root_image,
                           std::string* backend) {
  Result<UniqueFd> root = UniqueFd();
  if (spec.profile == Profile::kAssembly) {
    *backend = "assembler";
    root = MakeAssemblyRoot();
  } else if (root_image >= 0) {
    *backend = "image";
    if (Status status = VerifyMountPoints(root_image, "--root-image " + spec.root_image);
        !status.ok())
      return status;
    root = UniqueFd(fcntl(root_image, F_DUPFD_CLOEXEC, 3));
  } else {
    *backend = "directory";
    Status whole = VerifyMountPoints(trees->root.get(), "--root-dir " + spec.root_directory);
    if (!whole.ok()) return whole;
    Status status = SetMountFlags(trees->root.get(), RootFlags(), false, "--root-dir");
    if (!status.ok()) return status;
    root = std::move(trees->root);
  }
  if (!root.ok()) return root;
  if (*backend == "directory" && !LeftOut(Layer::kRootOverlay)) {
    root = LayOver(root->get());
    if (!root.ok()) return root;
  }
  if (Status status = Attach(root->get(), "/"); !status.ok()) return status;
  return root;
}

}  // namespace

void AddDiskLimits(const Limits& limits, const DiskRoom& room, std::vector<std::string>* options) {
  if (LeftOut(Layer::kDiskLimit)) return;
  if (limits.disk_bytes != 0)
    options->push_back("size=" + std::to_string(limits.disk_bytes + room.bytes));
  if (limits.disk_inodes != 0) {
    options->push_back("nr_inodes=" + std::to_string(limits.disk_inodes + room.inodes));
  }
}

Status SetMountFlags(int mount, std::uint64_t flags, bool recursive, const std::string& what) {
  mount_attr attributes = {};
  attributes.attr_set = WithoutHoles(flags);
  unsigned how = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (mount_setattr(mount, "", how, &attributes, sizeof attributes) != 0) {
    return SystemError("restricting the mount of " + what);
  }
  return {};
}

Status Attach(int mount, const std::string& path) {
  if (move_mount(mount, "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return SystemError("mounting on " + path + " (must exist in the root)");
  }
  return {};
}

Result<UniqueFd> OpenTree(const std::string& path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0U);
  UniqueFd tree(open_tree(AT_FDCWD, path.c_str(), flags));
  if (tree.valid()) return tree;
  // What the host has covered by a mount nobody may have a view of without it.
  bool would_uncover = errno == EINVAL && !recursive;
  Status failed = SystemError("opening the tree " + path);
  if (!would_uncover) return failed;
  return Status::Failed(failed.message() +
                        " (something is mounted below it, and what lies under that is nobody's to "
                        "see: give a folder that nothing is mounted below; as a root an unpacked "
                        "one, not the host's own /)");
}

Result<UniqueFd> NewFilesystem(const char* type, const std::vector<std::string>& options,
                               std::uint64_t flags) {
  UniqueFd context(fsopen(type, FSOPEN_CLOEXEC));
  if (!context.valid()) return SystemError(std::string("fsopen ") + type);
  for (const std::string& option : options) {
    std::size_t equals = option.find('=');
    bool has_value = equals != std::string::npos;
    std::string value = has_value ? option.substr(equals + 1) : "";
    if (fsconfig(context.get(), has_value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
                 option.substr(0, equals).c_str(), has_value ? value.c_str() : nullptr, 0) != 0) {
      return SystemError(std::string("option ") + option + " of " + type);
    }
  }
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return SystemError(std::string("making a ") + type);
  }
  UniqueFd mount(
      fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(WithoutHoles(flags))));
  if (!mount.valid()) return SystemError(std::string("fsmount ") + type);
  return mount;
}

Result<HostTrees> OpenHostTrees(const Spec& spec) {
  HostTrees trees;
  struct Wanted {
    const std::string& path;
    UniqueFd* tree;
  };
  const std::string proc = "/proc";
  for (const Wanted& wanted :
       {Wanted{spec.root_directory, &trees.root}, Wanted{spec.work_directory, &trees.work},
        Wanted{proc, &trees.proc}}) {
    if (wanted.path.empty()) continue;
    Result<UniqueFd> tree = OpenTree(wanted.path, wanted.path == proc);
    if (!tree.ok()) return tree.status();
    *wanted.tree = std::move(*tree);
  }
  for (const Bind& bind : spec.binds) {
    Result<UniqueFd> tree = OpenTree(bind.host_path, true);
    if (!tree.ok()) return tree.status();
    trees.binds.push_back(std::move(*tree));
  }
  for (const char* device : kDevices) {
    bool all = LeftOut(Layer::kFewDevices);
    Result<UniqueFd> tree = OpenTree(all ? "/dev" : std::string("/dev/") + device, all);
    if (!tree.ok()) return tree.status();
    trees.devices.push_back(std::move(*tree));
  }
  if (spec.determinism == Determinism::kFull) {
    Result<UniqueFd> fuse = OpenTree("/dev/fuse", false);
    if (!fuse.ok()) {
      return Status::Failed("--determinism full: " + fuse.message() + " (modprobe fuse)");
    }
    trees.fuse = std::move(*fuse);
  }
  if (spec.profile == Profile::kAssembly) {
    Result<std::vector<AssemblerTool>> tools = OpenAssemblerTools();
    if (!tools.ok()) return tools.status();
    trees.tools = std::move(*tools);
  }
  return trees;
}

Result<std::string> MountRoot(const Spec& spec, HostTrees* trees, int root_image) {
  // Nothing that happens here may be seen outside, nor the other way round.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return SystemError("making all mounts private");
  }
  std::string backend;
  Result<UniqueFd> root = RootMount(spec, trees, root_image, &backend);
  if (!root.ok()) return root.status();
  if (Status status = PivotInto(root->get()); !status.ok()) return status;
  if (spec.profile == Profile::kAssembly) {
    Status status = FillAssemblyRoot(trees->tools);
    trees->tools.clear();  // closes them
    if (!status.ok()) return status;
  }
  if (Status status = Attach(trees->proc.get(), "/proc"); !status.ok()) return status;
  if (Status status = MountDevices(std::move(trees->devices)); !status.ok()) return status;
  if (Status status = MountWork(spec, trees->work.get()); !status.ok()) return status;
  if (Status status = MountBinds(spec, std::move(trees->binds)); !status.ok()) return status;
  Status closed = SetMountFlags(root->get(), RootFlags(), false, "/");
  if (!closed.ok()) return closed;
  return backend;
}

}  // namespace sandbox
