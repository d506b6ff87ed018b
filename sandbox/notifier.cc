#include "sandbox/notifier.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sandbox {
namespace {

// <linux/seccomp.h> of Linux 6.6; Debian 12's ends before it.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, std::uint64_t);
constexpr std::uint64_t kSyncWakeUp = 1;

}  // namespace

Notifier::Notifier(UniqueFd listener, CallHandlers handlers, std::function<bool()> enter)
    : listener_(std::move(listener)), handlers_(std::move(handlers)) {
  // Wakes the other side on the same processor. Older kernels do without.
  ioctl(listener_.get(), kSetFlags, kSyncWakeUp);
  thread_ = std::thread([this, enter = std::move(enter)] {
    if (!enter()) _exit(1);
    Serve();
  });
}

Notifier::~Notifier() {
  // It ends when nobody is left to ask.
  thread_.detach();
}

void Notifier::Serve() {
  while (true) {
    seccomp_notif request = {};
    if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
      if (errno == EINTR || errno == ENOENT) {
        // Nobody is left who has the filter: a descriptor of which only this is told.
        pollfd state = {listener_.get(), POLLIN, 0};
        if (poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0) return;
        continue;
      }
      return;
    }
    Call call;
    call.thread = static_cast<pid_t>(request.pid);
    call.number = request.data.nr;
    std::copy_n(request.data.args, 6, call.arguments);
    auto handler = handlers_.find(call.number);
    Answer answer = handler == handlers_.end() ? Kernels() : handler->second(call);
    seccomp_notif_resp response = {};
    response.id = request.id;
    if (answer.is_kernels) {
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else if (answer.value < 0) {
      response.error = static_cast<int>(answer.value);
    } else {
      response.val = answer.value;
    }
    // A caller that was killed has lost its answer.
    if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) != 0) continue;
  }
}

}  // namespace sandbox
