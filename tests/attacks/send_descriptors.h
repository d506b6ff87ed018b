#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstring>

namespace attacks {

constexpr std::size_t kDescriptorsMax = 253;  // what the kernel takes with one message

// Sends one byte with copies of the descriptors `fds` over the Unix socket `socket`.
// flags: of sendmsg. False: errno says why.

template <std::size_t kCount>
bool SendDescriptors(int socket, const int (&fds)[kCount], int flags) {
  static_assert(kCount <= kDescriptorsMax);
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(header), fds, sizeof fds);
  return sendmsg(socket, &message, flags) == 1;
}

}  // namespace attacks
