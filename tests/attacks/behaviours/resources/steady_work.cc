// Not hostile: a build beside the attacks, or a user of the host, who must not notice them. Takes a
// little of everything that the kernel counts, again and again.
#include <mqueue.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <string>

#include "tests/attacks/behaviours/behaviour.h"
#include "tests/attacks/send_descriptors.h"

namespace {

// Holds what it has opened for as long as it lives.
class Opened {
 public:
  explicit Opened(int fd) : fd_(fd) {}
  ~Opened() {
    int error = errno;
    if (fd_ >= 0) close(fd_);
    errno = error;
  }
  Opened(const Opened&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

bool Watches() {
  Opened watcher(inotify_init1(IN_CLOEXEC));
  return watcher.ok() && inotify_add_watch(watcher.get(), ".", IN_CREATE) >= 0;
}

bool Polls() {
  Opened poll(epoll_create1(EPOLL_CLOEXEC));
  int ends[2];
  if (!poll.ok() || pipe(ends) != 0) return false;
  Opened reads(ends[0]);
  Opened writes(ends[1]);
  epoll_event event = {};
  event.events = EPOLLIN;
  return epoll_ctl(poll.get(), EPOLL_CTL_ADD, reads.get(), &event) == 0;
}

bool OpensATerminal() {
  Opened terminal(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  return terminal.ok();
}

bool SetsATimer() {
  timer_t timer = nullptr;
  return timer_create(CLOCK_MONOTONIC, nullptr, &timer) == 0 && timer_delete(timer) == 0;
}

bool OpensAQueue() {
  std::string name = "/steady" + std::to_string(getpid());
  mq_attr attributes = {};
  attributes.mq_maxmsg = 1;
  attributes.mq_msgsize = 256;
  Opened queue(mq_open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600, &attributes));
  // Landlock lets it not be opened; the kernel has made and counted it.
  bool made = queue.ok() || errno == EACCES;
  int error = errno;
  mq_unlink(name.c_str());
  errno = error;
  return made;
}

// From one end of a pair to the other.
bool PassesADescriptor() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  Opened gives(ends[0]);
  Opened takes(ends[1]);
  const int sent[1] = {gives.get()};
  return attacks::SendDescriptors(gives.get(), sent, 0);
}

bool HasAChild() {
  pid_t child = fork();
  if (child == 0) _exit(0);
  return child > 0 && waitpid(child, nullptr, 0) == child;
}

bool HasMemory() {
  void* memory = std::malloc(1 << 20);
  if (memory == nullptr) return false;
  std::memset(memory, 1, 1 << 20);
  volatile char last = static_cast<char*>(memory)[(1 << 20) - 1];
  std::free(memory);
  return last == 1;
}

// errno's name is said where one of them fails.
const char* WhatFails(const std::string& file) {
  if (!behaviour::WriteFile(file.c_str(), "x")) return "write";
  if (!HasMemory()) return "malloc";
  if (!HasAChild()) return "fork";
  if (!Watches()) return "inotify";
  if (!Polls()) return "epoll";
  if (!OpensATerminal()) return "posix_openpt";
  if (!SetsATimer()) return "timer_create";
  if (!OpensAQueue()) return "mq_open";
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const long milliseconds = behaviour::Number(argc, argv, 1);
  const bool passes_descriptors = argc > 2 && std::strcmp(argv[2], "descriptors") == 0;
  constexpr int kBetweenMilliseconds = 50;
  for (long past = 0; past < milliseconds; past += kBetweenMilliseconds) {
    const char* failed = WhatFails("file" + std::to_string(past % 500));
    if (failed == nullptr && passes_descriptors && !PassesADescriptor()) failed = "sendmsg";
    if (failed != nullptr) return behaviour::MissingByKernel(failed);
    std::printf("%ld\n", past);
    std::fflush(stdout);
    usleep(kBetweenMilliseconds * 1000);
  }
  return behaviour::Refused("nothing", "the work is done");
}
