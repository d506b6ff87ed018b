// The deeds of layers_test, one at a time: `layer_deeds DEED [ARGUMENT...]`. Static: it is the only
// file in the root of the tests' sandbox. Prints one line: "allowed", or the name of the error that
// stopped it, or what the deed itself says.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

namespace {

using Arguments = std::vector<std::string>;
using Deed = std::string (*)(const Arguments&);

// "allowed" if `result` is not -1, else the error's name.
std::string Verdict(long result) { return result == -1 ? strerrorname_np(errno) : "allowed"; }

std::string Open(const std::string& path, int flags) {
  return Verdict(open(path.c_str(), flags, 0644));
}

std::string Read(const Arguments& words) {
  int fd = open(words.at(0).c_str(), O_RDONLY);
  if (fd < 0) return Verdict(-1);
  std::string text;
  char buffer[4096];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  if (count < 0) return Verdict(-1);
  for (char& c : text) {
    if (c == '\0') c = ' ';
  }
  return text;
}

std::string List(const Arguments& words) {
  DIR* directory = opendir(words.at(0).c_str());
  if (directory == nullptr) return Verdict(-1);
  std::string line;
  while (dirent* entry = readdir(directory)) line += std::string(entry->d_name) + " ";
  closedir(directory);
  return line;
}

std::string Processes(const Arguments&) {
  int count = 0;
  DIR* directory = opendir("/proc");
  while (dirent* entry = readdir(directory)) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') ++count;
  }
  closedir(directory);
  return std::to_string(count);
}

std::string Namespace(const Arguments& words) {
  char text[64] = {};
  ssize_t size = readlink(("/proc/self/ns/" + words.at(0)).c_str(), text, sizeof text - 1);
  return size < 0 ? Verdict(-1) : text;
}

std::string SendUdp(const Arguments&) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return Verdict(sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof address));
}

std::string FindMemory(const Arguments& words) {
  return Verdict(shmget(std::atoi(words.at(0).c_str()), 0, 0));
}

std::string MakeMemory(const Arguments& words) {
  return Verdict(shmget(std::atoi(words.at(0).c_str()), 4096, IPC_CREAT | 0666));
}

std::string Ids(const Arguments&) {
  return std::to_string(getuid()) + " " + std::to_string(geteuid());
}

std::string Environment(const Arguments&) {
  std::string line;
  for (char** entry = environ; *entry != nullptr; ++entry) line += std::string(*entry) + ";";
  return line;
}

std::string Descriptors(const Arguments&) {
  std::string line;
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) line += std::to_string(fd) + " ";
  }
  return line;
}

std::string CoreLimit(const Arguments&) {
  rlimit core = {};
  getrlimit(RLIMIT_CORE, &core);
  return std::to_string(core.rlim_max);
}

std::string Mask(const Arguments&) { return std::to_string(umask(0)); }

std::string Host(const Arguments&) {
  char host[65] = {};
  gethostname(host, sizeof host - 1);
  return host;
}

std::string Forks(const Arguments& words) {
  for (int i = std::atoi(words.at(0).c_str()); i > 0; --i) {
    pid_t pid = fork();
    if (pid < 0) return Verdict(-1);
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  return "allowed";
}

// Holds so many bytes for a second.
std::string Hold(const Arguments& words) {
  std::string memory(static_cast<std::size_t>(std::atol(words.at(0).c_str())), 'x');
  sleep(1);
  return memory.back() == 'x' ? "allowed" : "";
}

std::string Spin(const Arguments& words) {
  while (std::clock() < std::atol(words.at(0).c_str()) * CLOCKS_PER_SEC) {
  }
  return "allowed";
}

std::string Sleep(const Arguments& words) {
  if (words.size() > 1) prctl(PR_SET_NAME, words[1].c_str());
  sleep(static_cast<unsigned>(std::atoi(words.at(0).c_str())));
  return "allowed";
}

std::string Write(const Arguments& words) {
  int fd = open(words.at(0).c_str(), O_WRONLY | O_CREAT, 0644);
  std::string block(1000, 'x');
  for (long left = std::atol(words.at(1).c_str()); left > 0; left -= 1000) {
    if (write(fd, block.data(), block.size()) != 1000) return Verdict(-1);
  }
  return "allowed";
}

std::string Flood(const Arguments& words) {
  std::string line(static_cast<std::size_t>(std::atol(words.at(0).c_str())), 'x');
  return line;
}

// Makes /build/out with one bad thing in it.
std::string Output(const Arguments& words) {
  const std::string& kind = words.at(0);
  mkdir("/build/out", 0755);
  close(open("/build/out/file", O_WRONLY | O_CREAT, 0644));
  if (kind == "fifo") return Verdict(mkfifo("/build/out/pipe", 0644));
  if (kind == "link") return Verdict(symlink("/etc/passwd", "/build/out/link"));
  if (kind == "hard_link") return Verdict(link("/build/out/file", "/build/out/second"));
  if (kind == "name") return Open("/build/out/a\nb", O_WRONLY | O_CREAT);
  if (kind == "mode") return Verdict(chmod("/build/out/file", 06755));
  if (kind == "parent") {
    rename("/build/out", "/build/elsewhere");
    return Verdict(symlink("/etc", "/build/out"));
  }
  return kind == "plain" ? "allowed" : "no such kind";
}

const std::map<std::string, Deed>& Deeds() {
  static const std::map<std::string, Deed> deeds = {
      {"append", [](const Arguments& w) { return Open(w.at(0), O_WRONLY | O_APPEND); }},
      {"core_limit", CoreLimit},
      {"create", [](const Arguments& w) { return Open(w.at(0), O_WRONLY | O_CREAT); }},
      {"descriptors", Descriptors},
      {"environment", Environment},
      {"find_memory", FindMemory},
      {"flood", Flood},
      {"forks", Forks},
      {"hold", Hold},
      {"host", Host},
      {"ids", Ids},
      {"keyring", [](const Arguments&) { return Verdict(syscall(SYS_keyctl, 0, -3, 1)); }},
      {"list", List},
      {"make_memory", MakeMemory},
      {"mask", Mask},
      {"namespace", Namespace},
      {"open", [](const Arguments& w) { return Open(w.at(0), O_RDONLY); }},
      {"output", Output},
      {"pid", [](const Arguments&) { return std::to_string(getpid()); }},
      {"processes", Processes},
      {"read", Read},
      {"session",
       [](const Arguments&) { return std::string(getsid(0) == getpid() ? "own" : "foreign"); }},
      {"sleep", Sleep},
      {"spin", Spin},
      {"udp", SendUdp},
      {"write", Write},
  };
  return deeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  auto deed = Deeds().find(argv[1]);
  if (deed == Deeds().end()) return 3;
  std::string line = deed->second(Arguments(argv + 2, argv + argc));
  std::printf("%s\n", line.c_str());
  return 0;
}
