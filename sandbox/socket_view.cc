#include "sandbox/socket_view.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "sandbox/memory.h"

namespace sandbox {
namespace {

// Those of the kernel's own choice.
constexpr std::uint64_t kPortFirst = 32768;
constexpr std::uint64_t kPorts = 28232;
constexpr std::uint64_t kNames = 1 << 20;            // of five digits
constexpr std::uint64_t kNetlinkFirst = 0x80000000;  // no process has such an id
constexpr std::uint64_t kNetlinkNumbers = 0x7ffff000;
constexpr int kTriesMax = 64;  // somebody else may have it

struct Address {
  union {
    sockaddr any;
    sockaddr_in of_4;
    sockaddr_in6 of_6;
    sockaddr_un of_unix;
    sockaddr_nl of_netlink;
    char bytes[sizeof(sockaddr_storage)];
  };
  socklen_t size = 0;
};

bool ReadAddress(const Call& call, std::uint64_t place, std::uint64_t size, Address* address) {
  std::memset(address->bytes, 0, sizeof address->bytes);
  address->size = static_cast<socklen_t>(size);
  return address->size >= sizeof address->any.sa_family && address->size <= sizeof address->bytes &&
         ReadMemory(call.thread, place, address->bytes, address->size);
}

// The name of the socket itself.
bool ReadName(int socket, Address* name) {
  std::memset(name->bytes, 0, sizeof name->bytes);
  name->size = sizeof name->bytes;
  return getsockname(socket, &name->any, &name->size) == 0;
}

int TypeOf(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 ? type : 0;
}

bool IsInternet(const Address& address) {
  return (address.any.sa_family == AF_INET && address.size >= sizeof address.of_4) ||
         (address.any.sa_family == AF_INET6 && address.size >= sizeof address.of_6);
}

in_port_t* PortOf(Address* address) {
  return address->any.sa_family == AF_INET ? &address->of_4.sin_port : &address->of_6.sin6_port;
}

// `set` puts a choice into the address. What bind has said: 0 or errno.
template <class Set>
int BindByChoice(int socket, const Call& call, Family* family, Address* address, Set set) {
  int error = EADDRINUSE;
  for (int i = 0; i < kTriesMax && error == EADDRINUSE; ++i) {
    std::uint64_t chance = 0;
    family->TakeRandom(call.thread, &chance, sizeof chance);
    set(chance, address);
    error = bind(socket, &address->any, address->size) == 0 ? 0 : errno;
  }
  return error;
}

void SetPort(std::uint64_t chance, Address* address) {
  *PortOf(address) = htons(static_cast<std::uint16_t>(kPortFirst + chance % kPorts));
}

// A NUL and five digits, as the kernel has them.
void SetAbstractName(std::uint64_t chance, Address* address) {
  constexpr std::size_t kDigits = 5;
  std::snprintf(address->of_unix.sun_path + 1, kDigits + 1, "%05x",
                static_cast<unsigned>(chance % kNames));
  address->size = offsetof(sockaddr_un, sun_path) + 1 + kDigits;
}

void SetNetlinkNumber(std::uint64_t chance, Address* address) {
  address->of_netlink.nl_pid = static_cast<std::uint32_t>(kNetlinkFirst + chance % kNetlinkNumbers);
}

// The kernel's first choice is the process.
int BindNetlink(int socket, const Call& call, Family* family, Address* address) {
  address->of_netlink.nl_pid = static_cast<std::uint32_t>(family->ProcessOf(call.thread));
  if (bind(socket, &address->any, address->size) == 0) return 0;
  if (errno != EADDRINUSE) return errno;
  return BindByChoice(socket, call, family, address, SetNetlinkNumber);
}

class SocketView {
 public:
  SocketView(bool has_tcp, Family* family) : has_tcp_(has_tcp), family_(family) {}

  Answer Bind(const Call& call) const {
    Address address;
    Address name;
    if (!ReadAddress(call, call.arguments[1], call.arguments[2], &address) ||
        !IsLeftToChance(address)) {
      return Kernels();
    }
    UniqueFd socket = Take(call);
    if (!socket.valid() || !ReadName(socket.get(), &name) ||
        name.any.sa_family != address.any.sa_family) {
      return Kernels();
    }
    int error = 0;
    switch (address.any.sa_family) {
      case AF_UNIX:
        if (name.size > sizeof name.any.sa_family) return Kernels();  // it has one
        error = BindByChoice(socket.get(), call, family_, &address, SetAbstractName);
        break;
      case AF_NETLINK:
        if (name.of_netlink.nl_pid != 0) return Kernels();
        error = BindNetlink(socket.get(), call, family_, &address);
        break;
      default:
        // Landlock does not ask what we do: a wall stays one.
        if (TypeOf(socket.get()) != SOCK_DGRAM && !has_tcp_) return Kernels();
        error = BindByChoice(socket.get(), call, family_, &address, SetPort);
    }
    return error == 0 ? Value(0) : Error(error);
  }

  // Before the kernel gives one to a socket that has none.
  Answer GivePort(const Call& call) const {
    Address name;
    UniqueFd socket = Take(call);
    if (!socket.valid() || !ReadName(socket.get(), &name) || !IsInternet(name) ||
        *PortOf(&name) != 0) {
      return Kernels();
    }
    // If that fails the kernel does it, or says why not.
    BindByChoice(socket.get(), call, family_, &name, SetPort);
    return Kernels();
  }

  // The same where argument `place` is where to, and the next one its size.
  Answer GivePortFor(const Call& call, std::size_t place) const {
    Address to;
    bool is_internet =
        ReadAddress(call, call.arguments[place], call.arguments[place + 1], &to) && IsInternet(to);
    return is_internet ? GivePort(call) : Kernels();
  }

 private:
  UniqueFd Take(const Call& call) const {
    return CopyDescriptor(call.thread, family_->ProcessOf(call.thread),
                          static_cast<int>(call.arguments[0]));
  }

  static bool IsLeftToChance(Address& address) {
    switch (address.any.sa_family) {
      case AF_UNIX:
        return address.size == sizeof address.any.sa_family;
      case AF_NETLINK:
        return address.size >= sizeof address.of_netlink && address.of_netlink.nl_pid == 0;
      default:
        return IsInternet(address) && *PortOf(&address) == 0;
    }
  }

  bool has_tcp_;
  Family* family_;
};

}  // namespace

void AddSocketHandlers(bool has_tcp, Family* family, CallHandlers* handlers) {
  CallHandlers& h = *handlers;
  const SocketView view(has_tcp, family);
  h[SYS_bind] = [view](const Call& call) { return view.Bind(call); };
  h[SYS_listen] = [view](const Call& call) { return view.GivePort(call); };
  h[SYS_connect] = [view](const Call& call) { return view.GivePortFor(call, 1); };
  h[SYS_sendto] = [view](const Call& call) { return view.GivePortFor(call, 4); };
}

}  // namespace sandbox
