#include "tests/attacks/scene.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "tests/attacks/behaviours/behaviour.h"
#include "tests/attacks/catalogue.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVictimName = "attack-victim";

[[noreturn]] void Die(const std::string& message) {
  std::cerr << "the scene cannot be made: " << message << ": " << std::strerror(errno) << "\n";
  std::exit(2);
}

void Write(const fs::path& path, const std::string& text, mode_t mode, uid_t owner) {
  std::ofstream(path, std::ios::binary) << text;
  if (chmod(path.c_str(), mode) != 0) Die(path);
  // Whoever is not root has no other owner to give.
  if (HasOtherUsers() && chown(path.c_str(), owner, owner) != 0) Die(path);
}

void Folder(const fs::path& path, mode_t mode, uid_t owner) {
  fs::create_directory(path);
  if (chmod(path.c_str(), mode) != 0) Die(path);
  if (HasOtherUsers() && chown(path.c_str(), owner, owner) != 0) Die(path);
}

int Bind(int family, int type, const void* address, socklen_t size) {
  int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || bind(fd, static_cast<const sockaddr*>(address), size) != 0) Die("a server");
  if (type == SOCK_STREAM && listen(fd, 64) != 0) Die("a server");
  return fd;
}

int BindLoopback(int type, int* port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = Bind(AF_INET, type, &address, sizeof address);
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("a server");
  *port = ntohs(address.sin_port);
  return fd;
}

// The disk that the host's root lies on, else one that is usual.
struct Disk {
  std::string path = "/dev/vda";
  dev_t number = makedev(254, 0);
};

Disk FindDisk() {
  Disk disk;
  for (const char* path : {"/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/loop0"}) {
    struct stat status = {};
    if (stat(path, &status) == 0 && S_ISBLK(status.st_mode)) return {path, status.st_rdev};
  }
  return disk;
}

}  // namespace

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool HasOtherUsers() {
  return geteuid() == 0 && ReadFile("/proc/self/uid_map").find(" 4294967295") != std::string::npos;
}

Scene::Scene(const fs::path& programs) {
  char pattern[] = "/tmp/attacks_XXXXXX";
  if (mkdtemp(pattern) == nullptr) Die("/tmp");
  directory_ = pattern;
  umask(022);
  if (chmod(directory_.c_str(), 0755) != 0) Die(directory_);
  MakeRoot(programs);
  MakeSecrets();
  MakeServers();
}

Scene::~Scene() {
  for (auto& [user, pid] : victims_) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  for (int fd : {tcp_server_, udp_server_, abstract_server_, file_server_}) close(fd);
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Scene::MakeRoot(const fs::path& programs) {
  for (const char* path : {"", "bin", "build", "tmp", "dev", "proc", "etc", "usr"}) {
    Folder(root() / path, 0755, 0);
  }
  // A folder where Bazel builds has more in it than programs.
  std::set<std::string> names = {"resources/steady_work"};
  for (const Row& row : Catalogue()) names.insert(row.Program());
  for (const std::string& name : names) {
    const fs::path copy = root() / "bin" / name;
    if (!fs::exists(programs / name)) Die("no program " + (programs / name).string());
    fs::create_directories(copy.parent_path());
    fs::copy_file(programs / name, copy);
    fs::permissions(copy, fs::perms(0755));
  }
  const fs::path program = root() / "bin/identity/set_user_id_program";
  fs::copy_file(program, root() / "bin/identity/set_user_id");
  fs::permissions(root() / "bin/identity/set_user_id", fs::perms(04755));
  Write(root() / "etc/everybody", "inside\n", 0666, 0);
}

void Scene::MakeSecrets() {
  const std::string secret = std::string(behaviour::kSecret) + "\n";
  Write(directory_ / "secret", secret, 0644, 0);
  Write(directory_ / "check", "#!/bin/sh\n", 0755, 0);
  for (uid_t user : {uid_t{0}, kOrdinaryUser, kUserWithRange, geteuid()}) {
    const std::string name = std::to_string(user);
    Write(directory_ / ("key." + name), secret, 0600, user);
    Folder(directory_ / ("build." + name), 0755, user);
    Write(directory_ / ("build." + name) / "file", secret, 0644, user);
  }
}

void Scene::MakeServers() {
  tcp_server_ = BindLoopback(SOCK_STREAM, &port_);
  udp_server_ = BindLoopback(SOCK_DGRAM, &udp_port_);
  close(BindLoopback(SOCK_STREAM, &listen_port_));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = directory_.filename();
  name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
  abstract_server_ =
      Bind(AF_UNIX, SOCK_STREAM, &address,
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
  address = {};
  address.sun_family = AF_UNIX;
  const std::string path = directory_ / "socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  file_server_ = Bind(AF_UNIX, SOCK_STREAM, &address, sizeof address);
  if (chmod(path.c_str(), 0777) != 0) Die(path);
}

fs::path Scene::Image() {
  if (!image_.empty()) return image_;
  fs::path image = directory_ / "root.erofs";
  const std::string command =
      "mkfs.erofs -d0 -T0 " + image.string() + " " + root().string() + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) return {};
  return image_ = image;
}

fs::path Scene::Reachable(const fs::path& program) {
  fs::path copy = directory_ / ("program" + std::to_string(reachable_.size()));
  fs::copy_file(program, copy);
  fs::permissions(copy, fs::perms(0755));
  return reachable_.emplace_back(copy);
}

Place Scene::NewPlace(uid_t user) {
  Place place;
  const std::string number = std::to_string(++runs_);
  place.directory = directory_ / ("run" + number);
  // A process's name has 15 characters at most.
  place.tag = "a" + std::to_string(getpid()) + "-" + number;
  place.number = 0x41000000 + (getpid() % 4096) * 4096 + runs_;
  Folder(place.directory, 0755, user);
  Folder(place.work(), 0777, user);
  Folder(place.out(), 0755, user);
  Folder(place.bound(), 0777, user);
  Write(place.bound() / "file", "bound\n", 0666, user);
  // A program of the host may have these there.
  fs::create_hard_link(directory_ / "socket", place.bound() / "socket");
  const fs::path pipe = place.bound() / "pipe";
  if (mkfifo(pipe.c_str(), 0666) != 0 || chmod(pipe.c_str(), 0666) != 0) Die(pipe);
  Write(place.input(), "input\n", 0644, user);
  Write(place.link_target(), "target\n", 0666, user);
  Write(place.log(), "", 0666, user);
  Write(place.diagnostics(), "", 0666, user);
  return place;
}

void Scene::Remove(const Place& place) {
  umount2((place.work() / "shared_mount").c_str(), MNT_DETACH);
  std::error_code ignored;
  fs::remove_all(place.directory, ignored);
}

pid_t Scene::Victim(uid_t user) {
  if (IsVictimAlive(user)) return victims_[user];
  pid_t pid = fork();
  if (pid < 0) Die("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, kVictimName);
    if (geteuid() != user &&
        (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)) {
      _exit(1);
    }
    prctl(PR_SET_DUMPABLE, 1);
    while (true) pause();
  }
  usleep(20000);
  return victims_[user] = pid;
}

bool Scene::IsVictimAlive(uid_t user) const {
  auto found = victims_.find(user);
  return found != victims_.end() && waitpid(found->second, nullptr, WNOHANG) == 0;
}

bool Scene::TakeDatagram() {
  char byte;
  bool came = false;
  while (recv(udp_server_, &byte, 1, 0) >= 0) came = true;
  return came;
}

pid_t Scene::StartGuest() const {
  pid_t pid = fork();
  if (pid != 0) return pid;
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(listen_port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 40; ++i) {
    int device = open("/dev/full", O_RDONLY);
    flock(device, LOCK_EX);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) break;
    close(fd);
    usleep(100000);
    close(device);
    close(open("/usr", O_RDONLY | O_DIRECTORY));
  }
  sleep(1);
  _exit(0);
}

std::map<std::string, std::string> Scene::Values(const Place& place, uid_t user) {
  const Disk disk = FindDisk();
  char hostname[256] = {};
  gethostname(hostname, sizeof hostname - 1);
  timespec uptime = {};
  clock_gettime(CLOCK_BOOTTIME, &uptime);
  const std::string id = std::to_string(user);
  return {{"secret", directory_ / "secret"},
          {"key", directory_ / ("key." + id)},
          {"other_build", directory_ / ("build." + id) / "file"},
          {"disk", disk.path},
          {"disk_numbers",
           std::to_string(major(disk.number)) + " " + std::to_string(minor(disk.number))},
          {"port", std::to_string(port_)},
          {"udp_port", std::to_string(udp_port_)},
          {"listen_port", std::to_string(listen_port_)},
          {"abstract", directory_.filename()},
          {"socket", directory_ / "socket"},
          {"check", directory_ / "check"},
          {"victim", std::to_string(Victim(user))},
          {"victim_name", kVictimName},
          {"uid", id},
          {"gid", id},
          {"hostname", hostname},
          {"uptime", std::to_string(uptime.tv_sec)},
          {"cpus", std::to_string(sysconf(_SC_NPROCESSORS_ONLN))},
          {"scene", directory_.filename()},
          {"work_folder", place.work()},
          {"out", place.out()},
          {"tag", place.tag},
          {"number", std::to_string(place.number)}};
}

bool GiveRange(const fs::path& directory) {
  if (!HasOtherUsers() || unshare(CLONE_NEWNS) != 0 ||
      mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return false;
  }
  const std::string id = std::to_string(kUserWithRange);
  Write(directory / "passwd",
        ReadFile("/etc/passwd") + "attacker:x:" + id + ":" + id + "::/:/bin/sh\n", 0644, 0);
  Write(directory / "subid", "attacker:1300000000:65536\n", 0644, 0);
  for (auto [file, target] :
       {std::pair{"passwd", "/etc/passwd"}, {"subid", "/etc/subuid"}, {"subid", "/etc/subgid"}}) {
    if (mount((directory / file).c_str(), target, nullptr, MS_BIND, nullptr) != 0) return false;
  }
  return true;
}

}  // namespace attacks
