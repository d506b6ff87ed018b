#include "sandbox/random_device.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "sandbox/mounts.h"
#include "sandbox/system.h"

namespace sandbox {
namespace {

constexpr std::uint32_t kMinor = 31;              // of Debian 12's header; every kernel knows it
constexpr std::size_t kRequestBytes = 128 << 10;  // the kernel wants room for the largest write
constexpr std::uint32_t kReadBytesMax = 64 << 10;
constexpr std::uint64_t kAttributesSeconds = 1 << 30;

// Serves one mount. Requests come from the kernel, which has checked them.
class Server {
 public:
  Server(UniqueFd fuse, Family* family) : fuse_(std::move(fuse)), family_(family) {}

  void Serve() {
    std::vector<char> request(kRequestBytes);
    while (true) {
      ssize_t count = read(fuse_.get(), request.data(), request.size());
      if (count < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
      if (count < static_cast<ssize_t>(sizeof(fuse_in_header))) return;  // unmounted
      Handle(request.data());
    }
  }

 private:
  template <class T>
  void Reply(const fuse_in_header& to, const T& body) {
    Reply(to, 0, &body, sizeof body);
  }

  void Reply(const fuse_in_header& to, int error, const void* body, std::size_t size) {
    fuse_out_header header = {};
    header.unique = to.unique;
    header.error = -error;
    header.len = static_cast<std::uint32_t>(sizeof header + size);
    std::vector<char> bytes(header.len);
    std::memcpy(bytes.data(), &header, sizeof header);
    if (size > 0) std::memcpy(bytes.data() + sizeof header, body, size);
    // A reader that was killed meanwhile has lost its answer.
    if (write(fuse_.get(), bytes.data(), bytes.size()) < 0) return;
  }

  void Initialize(const fuse_in_header& header) {
    fuse_init_out out = {};
    out.major = FUSE_KERNEL_VERSION;
    out.minor = kMinor;
    out.max_write = 4096;
    out.time_gran = 1;
    Reply(header, out);
  }

  void Attributes(const fuse_in_header& header) {
    fuse_attr_out out = {};
    out.attr_valid = kAttributesSeconds;
    out.attr.ino = FUSE_ROOT_ID;
    out.attr.mode = S_IFREG | 0666;
    out.attr.nlink = 1;
    Reply(header, out);
  }

  void Read(const fuse_in_header& header, const char* body) {
    fuse_read_in in = {};
    std::memcpy(&in, body, sizeof in);
    std::vector<char> bytes(std::min(in.size, kReadBytesMax));
    family_->TakeRandom(static_cast<pid_t>(header.pid), bytes.data(), bytes.size());
    Reply(header, 0, bytes.data(), bytes.size());
  }

  void Handle(const char* request) {
    fuse_in_header header = {};
    std::memcpy(&header, request, sizeof header);
    const char* body = request + sizeof header;
    switch (header.opcode) {
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        return;  // want no answer
      case FUSE_INIT:
        return Initialize(header);
      case FUSE_GETATTR:
      case FUSE_SETATTR:
        return Attributes(header);
      case FUSE_OPEN: {
        fuse_open_out out = {};
        out.open_flags = FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM;
        return Reply(header, out);
      }
      case FUSE_READ:
        return Read(header, body);
      case FUSE_WRITE: {
        // As the kernel's: taken, and without effect on what is read.
        fuse_write_in in = {};
        std::memcpy(&in, body, sizeof in);
        fuse_write_out out = {};
        out.size = in.size;
        return Reply(header, out);
      }
      case FUSE_RELEASE:
        return Reply(header, 0, nullptr, 0);
      default:
        return Reply(header, ENOSYS, nullptr, 0);
    }
  }

  UniqueFd fuse_;
  Family* family_;
};

}  // namespace

Status StartRandomDevice(int fuse, Family* family) {
  std::string path = "/proc/self/fd/" + std::to_string(fuse);
  UniqueFd device(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!device.valid()) return SystemError("--determinism full: opening /dev/fuse (modprobe fuse)");
  Result<UniqueFd> mount = NewFilesystem("fuse",
                                         {"fd=" + std::to_string(device.get()), "rootmode=100666",
                                          "user_id=" + std::to_string(geteuid()),
                                          "group_id=" + std::to_string(getegid()), "allow_other"},
                                         MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!mount.ok()) return mount.status();
  if (Status status = Attach(mount->get(), "/dev/urandom"); !status.ok()) return status;
  std::thread([server = std::make_shared<Server>(std::move(device), family)] {
    if (CapabilitiesSet(0, 0, 0) == 0) server->Serve();
  }).detach();  // ends with this process
  Result<UniqueFd> copy = OpenTree("/dev/urandom", false);
  if (!copy.ok()) return copy.status();
  return Attach(copy->get(), "/dev/random");
}

}  // namespace sandbox
