#include "sandbox/image.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace sandbox {
namespace {

constexpr int kLoopAttemptsMax = 16;
constexpr unsigned kFlags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

Result<UniqueFd> MountSource(const std::string& source) {
  UniqueFd context(fsopen("erofs", FSOPEN_CLOEXEC));
  if (!context.valid() || fsconfig(context.get(), FSCONFIG_SET_FLAG, "ro", nullptr, 0) != 0 ||
      fsconfig(context.get(), FSCONFIG_SET_STRING, "source", source.c_str(), 0) != 0 ||
      fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return SystemError("mounting the EROFS image (is erofs in /proc/filesystems? modprobe erofs)");
  }
  UniqueFd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, kFlags));
  if (!mount.valid()) return SystemError("fsmount of the EROFS image");
  return mount;
}

// A loop device over `image` that frees itself with its last user.
Result<UniqueFd> AttachLoop(int image, std::string* path) {
  UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) return SystemError("opening /dev/loop-control (modprobe loop)");
  loop_config config = {};
  config.fd = static_cast<std::uint32_t>(image);
  config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
  for (int attempt = 0; attempt < kLoopAttemptsMax; ++attempt) {
    int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return SystemError("asking for a free loop device");
    *path = "/dev/loop" + std::to_string(number);
    UniqueFd device(open(path->c_str(), O_RDONLY | O_CLOEXEC));
    if (!device.valid()) return SystemError("opening " + *path);
    if (ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return device;
    if (errno != EBUSY) return SystemError("attaching the image to " + *path);
  }
  return Status::Failed("no free loop device");
}

}  // namespace

Result<UniqueFd> MountImage(int image, int user_namespace, ImageBacking backing) {
  struct stat status = {};
  if (fstat(image, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Status::Failed("the root image is not a regular file");
  }
  // It is opened anew, by root, who may read what the giver may not.
  int flags = fcntl(image, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
    return Status::Failed("the root image is not open for reading");
  }
  Result<UniqueFd> mount = Status::Failed("");
  if (backing == ImageBacking::kFileElseLoop) {
    mount = MountSource("/proc/self/fd/" + std::to_string(image));
  }
  if (!mount.ok()) {
    std::string path;
    Result<UniqueFd> loop = AttachLoop(image, &path);
    if (!loop.ok()) return loop.status();
    mount = MountSource(path);
  }
  if (!mount.ok()) return mount;
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP | kFlags;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  if (mount_setattr(mount->get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    return SystemError("id-mapping the image (needs Linux 5.19)");
  }
  return mount;
}

}  // namespace sandbox
