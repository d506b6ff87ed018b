#include "tests/attacks/host_state.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <functional>
#include <vector>

namespace attacks {
namespace {

namespace fs = std::filesystem;

constexpr int kLooks = 60;
constexpr int kBetweenLooksMicroseconds = 50000;

std::vector<pid_t> ProcessesNamed(const std::string& name) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid[0] >= '1' && pid[0] <= '9' && ReadFile(entry.path() / "comm") == name + "\n") {
      found.push_back(std::atoi(pid.c_str()));
    }
  }
  return found;
}

// What is dying may take a moment.
bool LivesOn(const std::string& name) {
  for (int i = 0; i < kLooks; ++i) {
    if (ProcessesNamed(name).empty()) return false;
    usleep(kBetweenLooksMicroseconds);
  }
  return true;
}

bool RemoveSharedMemory(key_t key) {
  int id = shmget(key, 0, 0);
  if (id >= 0) shmctl(id, IPC_RMID, nullptr);
  return id >= 0;
}

bool RemoveSemaphores(key_t key) {
  int id = semget(key, 0, 0);
  if (id >= 0) semctl(id, 0, IPC_RMID);
  return id >= 0;
}

bool RemoveMessages(key_t key) {
  int id = msgget(key, 0);
  if (id >= 0) msgctl(id, IPC_RMID, nullptr);
  return id >= 0;
}

bool Answers(const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  bool answers = connect(fd, reinterpret_cast<sockaddr*>(&address), size) == 0;
  close(fd);
  return answers;
}

bool LooksHarmed(const std::string& look, Scene& scene, const Place& place, uid_t user, int log) {
  auto key = static_cast<key_t>(place.number);
  if (look == "process") return LivesOn(place.tag);
  if (look == "shared_memory") return RemoveSharedMemory(key);
  if (look == "semaphores") return RemoveSemaphores(key);
  if (look == "messages") return RemoveMessages(key);
  if (look == "message_queue") return mq_unlink(("/" + place.tag).c_str()) == 0;
  if (look == "shared_memory_file") return fs::remove("/dev/shm/" + place.tag);
  if (look == "temporary_file") return fs::remove("/tmp/" + place.tag);
  if (look == "abstract_socket") return Answers(place.tag);
  if (look == "input") return ReadFile(place.input()) != "input\n";
  if (look == "bound") return ReadFile(place.bound() / "file") != "bound\n";
  if (look == "link_target") return ReadFile(place.link_target()) != "target\n";
  if (look == "log_flags") return (fcntl(log, F_GETFL) & O_NONBLOCK) != 0;
  if (look == "datagram") return scene.TakeDatagram();
  if (look == "victim") return !scene.IsVictimAlive(user);
  if (look == "mount") {
    return ReadFile("/proc/self/mountinfo").find(place.work().string()) != std::string::npos;
  }
  return true;  // a look that nobody knows must not pass for no harm
}

}  // namespace

std::string LookAtHost(const std::string& look, Scene& scene, const Place& place, uid_t user,
                       int log) {
  return LooksHarmed(look, scene, place, user, log) ? "on the host: " + look : "";
}

bool HasProcess(const std::string& name) { return !ProcessesNamed(name).empty(); }

void KillByName(const std::string& name) {
  // Some run away: each look may find another one.
  for (int i = 0; i < 2000; ++i) {
    std::vector<pid_t> found = ProcessesNamed(name);
    if (found.empty()) return;
    for (pid_t pid : found) kill(pid, SIGKILL);
  }
}

}  // namespace attacks
