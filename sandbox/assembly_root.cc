#include "sandbox/assembly_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>

#include "sandbox/mounts.h"

namespace sandbox {
namespace {

struct Wanted {
  const char* path;
  bool needed;
};
constexpr Wanted kTools[] = {
    {"/usr", true},
    {"/bin", true},
    {"/sbin", true},
    {"/lib", true},
    {"/lib32", false},
    {"/lib64", false},
    {"/libx32", false},
    {"/etc/ld.so.cache", true},
    {"/etc/ld.so.conf", false},
    {"/etc/alternatives", false},
    {"/etc/mke2fs.conf", false},
};

// mmdebstrap wants to know who root is, apt who nobody and _apt are.
constexpr const char* kFiles[][2] = {
    {"/etc/passwd",
     "root:x:0:0:root:/root:/bin/sh\n"
     "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
     "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"/etc/group", "root:x:0:\nnogroup:x:65534:\n"},
    {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"},
    {"/etc/hosts", "127.0.0.1 localhost\n"},
};
constexpr const char* kDirectories[] = {
    "/build",
    "/tmp",
    "/dev",
    "/proc",
    "/sys",
    "/etc",
    "/etc/apt",
    "/etc/dpkg",
    "/root",
    "/run",
    "/mnt",
    "/var",
    "/var/lib",
    "/var/lib/dpkg",
    "/var/cache",
    "/var/log",
    "/etc/apt/apt.conf.d",
    "/etc/dpkg/dpkg.cfg.d",
};

Status WriteFile(const char* path, std::string_view text) {
  UniqueFd file(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.valid()) return SystemError(std::string("creating ") + path);
  return WriteAll(file.get(), text);
}

Status AttachTool(const AssemblerTool& tool) {
  if (!tool.link_target.empty()) {
    if (symlink(tool.link_target.c_str(), tool.path.c_str()) == 0) return {};
    return SystemError("symlink " + tool.path);
  }
  Status made;
  if (!tool.is_directory) {
    made = WriteFile(tool.path.c_str(), "");
  } else if (mkdir(tool.path.c_str(), 0755) != 0) {
    made = SystemError("mkdir " + tool.path);
  }
  if (!made.ok()) return made;
  Status flags = SetMountFlags(
      tool.tree.get(), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true, tool.path);
  if (!flags.ok()) return flags;
  return Attach(tool.tree.get(), tool.path);
}

}  // namespace

Result<std::vector<AssemblerTool>> OpenAssemblerTools() {
  std::vector<AssemblerTool> tools;
  for (const Wanted& wanted : kTools) {
    struct stat status = {};
    if (lstat(wanted.path, &status) != 0) {
      if (!wanted.needed) continue;
      return SystemError(std::string("the assembler needs ") + wanted.path);
    }
    AssemblerTool tool;
    tool.path = wanted.path;
    tool.is_directory = S_ISDIR(status.st_mode);
    if (S_ISLNK(status.st_mode)) {
      char target[PATH_MAX];
      ssize_t size = readlink(wanted.path, target, sizeof target);
      if (size <= 0) return SystemError(std::string("readlink ") + wanted.path);
      tool.link_target.assign(target, static_cast<std::size_t>(size));
    } else {
      Result<UniqueFd> tree = OpenTree(wanted.path, true);
      if (!tree.ok()) return tree.status();
      tool.tree = std::move(*tree);
    }
    tools.push_back(std::move(tool));
  }
  return tools;
}

Result<UniqueFd> MakeAssemblyRoot() {
  return NewFilesystem("tmpfs", {"size=4m", "nr_inodes=256", "mode=0755"},
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

Status FillAssemblyRoot(const std::vector<AssemblerTool>& tools) {
  for (const char* path : kDirectories) {
    if (mkdir(path, 0755) != 0) return SystemError(std::string("mkdir ") + path);
  }
  for (const AssemblerTool& tool : tools) {
    if (Status status = AttachTool(tool); !status.ok()) return status;
  }
  for (auto& file : kFiles) {
    if (Status status = WriteFile(file[0], file[1]); !status.ok()) return status;
  }
  // What asks for /var/tmp finds the bounded /tmp.
  if (symlink("../tmp", "/var/tmp") != 0) return SystemError("symlink /var/tmp");
  return {};
}

}  // namespace sandbox
