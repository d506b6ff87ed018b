// What the tests of the launcher's own answers run inside, one deed at a time: `hostile DEED
// [ARGUMENT...]`. What a hostile build would do stands in behaviours/. Static: it is the only file
// in the root of the tests' sandbox. Prints one line: "allowed", or the name of the error that
// stopped it, or what the deed itself says.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/attacks/send_descriptors.h"

namespace {

using Arguments = std::vector<std::string>;
using Deed = std::function<std::string(const Arguments&)>;

std::string ErrorName(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

// "allowed" if `result` is not -1, else the error's name.
std::string Verdict(long result) { return result == -1 ? ErrorName(errno) : "allowed"; }

std::string OpenVerdict(const std::string& path, int flags) {
  return Verdict(open(path.c_str(), flags, 0644));
}

std::string ReadText(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return ErrorName(errno);
  std::string text;
  char buffer[4096];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  if (count < 0) text = ErrorName(errno);
  close(fd);
  for (char& c : text) {
    if (c == '\0') c = ' ';
  }
  return text;
}

std::string List(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return ErrorName(errno);
  while (dirent* entry = readdir(directory)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  std::string line;
  for (const std::string& name : names) line += (line.empty() ? "" : " ") + name;
  return line;
}

std::string WriteFile(const std::string& path, const std::string& text) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return ErrorName(errno);
  ssize_t count = write(fd, text.data(), text.size());
  std::string verdict = Verdict(count);
  close(fd);
  return verdict;
}

std::string WriteLongAgo(const std::string& path) {
  std::string verdict = WriteFile(path, "old");
  const timespec times[2] = {{5, 0}, {5, 0}};
  return utimensat(AT_FDCWD, path.c_str(), times, 0) == 0 ? verdict : ErrorName(errno);
}

std::string TimeOf(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrorName(errno);
  return std::to_string(status.st_mtime);
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string BindTcp(const Arguments&) {
  sockaddr_in address = Loopback(8080);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return Verdict(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}

// UDP, which Landlock does not know: the network namespace alone stops it.
std::string SendUdp(const Arguments& words) {
  sockaddr_in address = Loopback(std::atoi(words.at(0).c_str()));
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  return Verdict(sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&address), sizeof address));
}

// With bits set above the 32 that the kernel looks at.
std::string TerminalInput(const Arguments&) {
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  if (master < 0) return "ptmx " + ErrorName(errno);
  char c = 'x';
  long plain = syscall(SYS_ioctl, master, static_cast<long>(TIOCSTI), &c);
  std::string line = Verdict(plain);
  line += " " + Verdict(syscall(SYS_ioctl, master, (1L << 32) | TIOCSTI, &c));
  line += " " + Verdict(syscall(SYS_ioctl, master, (1L << 40) | TIOCLINUX, &c));
  winsize size;
  return line + " " + Verdict(ioctl(master, TIOCGWINSZ, &size));
}

std::string Become(const Arguments&) {
  return Verdict(setuid(0)) + " " + Verdict(setgid(0)) + " " + Verdict(setgroups(0, nullptr)) +
         " " + Verdict(setresuid(1, 1, 1)) + " " + Verdict(chown("/build", 0, 0));
}

std::string Descriptors(const Arguments&) {
  std::string line;
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) line += (line.empty() ? "" : " ") + std::to_string(fd);
  }
  return line;
}

std::string Environment(const Arguments&) {
  std::string line;
  for (char** entry = environ; *entry != nullptr; ++entry) line += std::string(*entry) + ";";
  return "[" + line + "]";
}

// A bomb does not give up at the first refusal: so a watchdog sees it.
std::string GiveUpLate() {
  std::string error = ErrorName(errno);
  usleep(500000);
  return error;
}

std::string ForkBomb(const Arguments&) {
  int children = 0;
  while (true) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
    if (++children > 5000) break;
  }
  return GiveUpLate() + " after " + std::to_string(children);
}

std::string MemoryBomb(const Arguments&) {
  constexpr std::size_t kStep = 4 << 20;
  for (std::size_t total = 0; total < (std::size_t{2} << 30); total += kStep) {
    void* memory = mmap(nullptr, kStep, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return GiveUpLate();
    std::memset(memory, 1, kStep);
  }
  return "allowed";
}

std::string Flood(const Arguments&) {
  std::string line(4096, 'x');
  line.back() = '\n';
  while (write(1, line.data(), line.size()) > 0) {
  }
  return "";
}

// Children who have all the memory of this process, of which they change nothing, one after another
// (vfork) or at once (fork).
std::string CommonMemory(const Arguments& words) {
  constexpr int kChildren = 10;
  std::vector<char> memory(std::strtoul(words.at(1).c_str(), nullptr, 10), 'x');
  int failed = 0;
  for (int i = 0; i < kChildren; ++i) {
    bool at_once = words.at(0) == "fork";
    pid_t child = at_once ? fork() : vfork();
    if (child == 0) {
      usleep(at_once ? 1000000 : 100000);
      _exit(0);
    }
    failed += child < 0 || (!at_once && waitpid(child, nullptr, 0) != child) ? 1 : 0;
  }
  while (wait(nullptr) > 0) {
  }
  return failed == 0 ? "allowed" : "some failed";
}

std::string Sleep(const Arguments& words) {
  sleep(static_cast<unsigned>(std::atoi(words.at(0).c_str())));
  return "slept";
}

// Leaves a daemon that ignores what can be ignored and keeps changing a file: whole each time,
// whenever it is killed.
std::string Daemon(const Arguments& words) {
  if (fork() == 0) {
    setsid();
    for (int signal = 1; signal < 32; ++signal) std::signal(signal, SIG_IGN);
    if (fork() == 0) {
      prctl(PR_SET_NAME, words.at(0).c_str());
      while (true) {
        WriteFile("/build/next", "changed by the daemon");
        rename("/build/next", "/build/file");
        usleep(1000);
      }
    }
    _exit(0);
  }
  usleep(100000);
  return "left";
}

// The same, and stays itself.
std::string DaemonAndSleep(const Arguments& words) {
  Daemon(words);
  sleep(60);
  return "slept";
}

// So many bytes of addresses, none of which is touched.
std::string Reserve(const Arguments& words) {
  void* memory = mmap(nullptr, std::stoul(words.at(0)), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return Verdict(memory == MAP_FAILED ? -1 : 0);
}

std::string ShareMemory(const Arguments& words) {
  int id = shmget(4711, 4096, (words.at(0) == "make" ? IPC_CREAT : 0) | 0666);
  return Verdict(id);
}

// So many segments of 1 MiB that nobody has mapped when the look comes.
std::string TakeSegments(const Arguments& words) {
  constexpr std::size_t kBytes = 1 << 20;
  for (int i = std::atoi(words.at(0).c_str()); i > 0; --i) {
    int id = shmget(IPC_PRIVATE, kBytes, 0600);
    void* memory = id < 0 ? nullptr : shmat(id, nullptr, 0);
    if (memory == nullptr || memory == reinterpret_cast<void*>(-1)) return ErrorName(errno);
    std::memset(memory, 1, kBytes);
    shmdt(memory);
  }
  sleep(3);
  return "allowed";
}

// Would take process 1 its turns.
std::string MakeInitWait(const Arguments&) {
  sched_param idle = {};
  std::string priority = Verdict(setpriority(PRIO_PROCESS, 1, 19));
  std::string policy = Verdict(sched_setscheduler(1, SCHED_IDLE, &idle));
  constexpr int kOfProcess = 1;  // IOPRIO_WHO_PROCESS
  constexpr int kIdle = 3 << 13;
  return priority + " " + policy + " " + Verdict(syscall(SYS_ioprio_set, kOfProcess, 1, kIdle));
}

std::string MakeOutputs(const Arguments& words) {
  mkdir("/build/out", 0755);
  const std::string& kind = words.at(0);
  WriteFile("/build/out/file", "content");
  if (kind == "plain") {
    mkdir("/build/out/sub", 0755);
    WriteFile("/build/out/sub/a", "a");
    chmod("/build/out/file", 06755);
    return Verdict(symlink("sub/a", "/build/out/link"));
  }
  if (kind == "fifo") return Verdict(mkfifo("/build/out/pipe", 0644));
  if (kind == "parent") {
    // The output's folder becomes a link to a place of the root.
    rename("/build/out", "/build/elsewhere");
    return Verdict(symlink("/etc", "/build/out"));
  }
  return "no such kind";
}

// Folders in folders, one step at a time: deeper than any path reaches.
std::string Deep(const Arguments& words) {
  for (int i = std::atoi(words.at(0).c_str()); i > 0; --i) {
    if (mkdir("a_folder", 0755) != 0 || chdir("a_folder") != 0) return ErrorName(errno);
  }
  return WriteFile("file", "content");
}

std::string Status(const Arguments&) {
  std::string line;
  std::string text = ReadText("/proc/self/status");
  for (const char* key : {"Uid:", "Gid:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:",
                          "NoNewPrivs:", "Seccomp:"}) {
    std::size_t begin = text.find(std::string("\n") + key);
    std::size_t end = text.find('\n', begin + 1);
    line += text.substr(begin + 1, end - begin - 1) + ";";
  }
  for (char& c : line) {
    if (c == '\t') c = ' ';
  }
  return line;
}

std::string Processes(const Arguments&) {
  std::string line;
  std::string all = List("/proc");
  std::size_t begin = 0;
  int count = 0;
  while (begin < all.size()) {
    if (all[begin] >= '1' && all[begin] <= '9') ++count;
    begin = all.find(' ', begin);
    if (begin == std::string::npos) break;
    ++begin;
  }
  return std::to_string(count) + " processes";
}

std::string Uptime(const Arguments&) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec >= 1000 && now.tv_sec < 1600 ? "since the run" : std::to_string(now.tv_sec);
}

std::string Standard(const Arguments&) {
  // Pipes of another owner cannot be opened anew; a shell's "> /dev/stderr" must work.
  rlimit core = {9, 9};
  getrlimit(RLIMIT_CORE, &core);
  char host[65] = {};
  gethostname(host, sizeof host);
  mode_t mask = umask(0);
  char mode[8];
  std::snprintf(mode, sizeof mode, "%03o", mask);
  return "stdout=" + OpenVerdict("/dev/stdout", O_WRONLY) +
         " core=" + std::to_string(core.rlim_cur * core.rlim_max) + " host=" + host +
         " umask=" + mode;
}

// Until its user may send no more descriptors; then waits.
std::string FillTheWayOfDescriptors(const Arguments& words) {
  const int sent[250] = {};  // of descriptor 0
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  errno = EAGAIN;
  for (int ends[2]; errno == EAGAIN && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0;) {
    while (attacks::SendDescriptors(ends[0], sent, MSG_DONTWAIT)) continue;
  }
  std::printf("%s\n", ErrorName(errno).c_str());
  std::fflush(stdout);
  return Sleep(words);
}

const std::map<std::string, Deed>& Deeds() {
  static const std::map<std::string, Deed> deeds = {
      {"append", [](const Arguments& w) { return OpenVerdict(w.at(0), O_WRONLY | O_APPEND); }},
      {"become", Become},
      {"bind_tcp", BindTcp},
      {"cat", [](const Arguments& w) { return ReadText(w.at(0)); }},
      {"common_memory", CommonMemory},
      {"create", [](const Arguments& w) { return OpenVerdict(w.at(0), O_WRONLY | O_CREAT); }},
      {"cwd", [](const Arguments&) { return std::string(get_current_dir_name()); }},
      {"daemon", Daemon},
      {"daemon_and_sleep", DaemonAndSleep},
      {"deep", Deep},
      {"descriptors", Descriptors},
      {"environment", Environment},
      {"exit", [](const Arguments& w) -> std::string { std::exit(std::atoi(w.at(0).c_str())); }},
      {"fill_the_way_of_descriptors", FillTheWayOfDescriptors},
      {"flood", Flood},
      {"fork_bomb", ForkBomb},
      {"init_waits", MakeInitWait},
      {"list", [](const Arguments& w) { return List(w.at(0)); }},
      {"memory_bomb", MemoryBomb},
      {"mode0", [](const Arguments& w) { return Verdict(chmod(w.at(0).c_str(), 0)); }},
      {"outputs", MakeOutputs},
      {"processes", Processes},
      {"raise", [](const Arguments& w) { return Verdict(raise(std::atoi(w.at(0).c_str()))); }},
      {"reserve", Reserve},
      {"segments", TakeSegments},
      {"shm", ShareMemory},
      {"sleep", Sleep},
      {"standard", Standard},
      {"status", Status},
      {"swap_dir",
       [](const Arguments& w) {
         rmdir(w.at(0).c_str());
         return Verdict(symlink(w.at(1).c_str(), w.at(0).c_str()));
       }},
      {"terminal", TerminalInput},
      {"udp", SendUdp},
      {"uptime", Uptime},
      {"write_long_ago", [](const Arguments& w) { return WriteLongAgo(w.at(0)); }},
      {"time", [](const Arguments& w) { return TimeOf(w.at(0)); }},
      {"write", [](const Arguments& w) { return WriteFile(w.at(0), w.at(1)); }},
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
