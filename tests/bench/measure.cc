#include "tests/bench/measure.h"

#include <fcntl.h>
#include <grp.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace bench {
namespace {

// Where commands write their errors; read only when one fails.
int ErrorFile() {
  static const int file = memfd_create("errors", 0);
  return file;
}

std::string ErrorText() {
  constexpr std::size_t kErrorTextMax = 4096;
  std::string text(kErrorTextMax, '\0');
  const ssize_t size = pread(ErrorFile(), text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

// Those that there are; Fail ends the program before they go out of scope.
std::vector<std::string>& Folders() {
  static std::vector<std::string> folders;
  return folders;
}

void RemoveFolders() {
  std::error_code ignored;
  for (const std::string& path : Folders()) std::filesystem::remove_all(path, ignored);
}

double Microseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

rusage CountedWait(const Command& command, pid_t pid) {
  int status = 0;
  rusage counted = {};
  while (wait4(pid, &status, 0, &counted) < 0) {
    if (errno != EINTR) Fail(70, "wait4 failed");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return counted;
  Fail(40, command.name + " ended with " +
               (WIFEXITED(status) ? std::to_string(WEXITSTATUS(status))
                                  : "signal " + std::to_string(WTERMSIG(status))) +
               ": " + ErrorText());
}

std::string FirstLineWith(const std::string& path, const std::string& word) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(word, 0) == 0) return line;
  }
  return "";
}

}  // namespace

void Fail(int code, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, message.c_str());
  std::exit(code);
}

pid_t Start(const Command& command) {
  std::vector<char*> environment;
  for (const char* variable : kEnvironment) environment.push_back(const_cast<char*>(variable));
  environment.push_back(nullptr);
  std::vector<char*> words;
  for (const std::string& word : command.argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ErrorFile(), 2);
  if (!command.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
  }
  if (command.rewound >= 0) lseek(command.rewound, 0, SEEK_SET);
  if (ftruncate(ErrorFile(), 0) != 0) Fail(70, "no room for errors");
  lseek(ErrorFile(), 0, SEEK_SET);
  pid_t pid = -1;
  const int error =
      posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) Fail(30, command.argv[0] + " cannot be started: " + std::strerror(error));
  return pid;
}

void WaitFor(const Command& command, pid_t pid) { CountedWait(command, pid); }

double MicrosecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

double TimeOf(const Command& command) {
  return MicrosecondsOf([&] { WaitFor(command, Start(command)); });
}

Usage UsageOf(const Command& command) {
  Usage usage;
  rusage counted = {};
  usage.microseconds = MicrosecondsOf([&] { counted = CountedWait(command, Start(command)); });
  usage.processor_microseconds = Microseconds(counted.ru_utime) + Microseconds(counted.ru_stime);
  usage.peak_kibibytes = counted.ru_maxrss;
  return usage;
}

double Minimum(const Times& times) { return *std::min_element(times.begin(), times.end()); }

double Median(const Times& times) {
  Times sorted = times;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

std::vector<Times> Interleave(int rounds, const std::vector<std::function<double()>>& rows) {
  std::vector<Times> times(rows.size());
  for (int round = -1; round < rounds; ++round) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::size_t row = (i + static_cast<std::size_t>(round + 1)) % rows.size();
      const double time = rows[row]();
      if (round >= 0) times[row].push_back(time);
    }
  }
  return times;
}

nlohmann::json Machine() {
  utsname kernel = {};
  uname(&kernel);
  const std::string model = FirstLineWith("/proc/cpuinfo", "model name");
  const std::size_t colon = model.find(": ");
  const std::time_t now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  double load[1] = {0};
  getloadavg(load, 1);
  return {{"processor", colon == std::string::npos ? "unknown" : model.substr(colon + 2)},
          {"processors", std::thread::hardware_concurrency()},
          {"kernel", kernel.release},
          {"load", load[0]},
          {"date", date}};
}

std::string MachineText(const nlohmann::json& machine) {
  char load[32];
  std::snprintf(load, sizeof load, "%.1f", machine.at("load").get<double>());
  return std::to_string(machine.at("processors").get<unsigned>()) + " x " +
         machine.at("processor").get<std::string>() + ", Linux " +
         machine.at("kernel").get<std::string>() + ", load " + load + ", " +
         machine.at("date").get<std::string>();
}

std::string RatioText(double ours, double theirs) {
  if (theirs <= 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", ours / theirs);
  return text;
}

std::string TemporaryPlace() {
  const char* place = std::getenv("TMPDIR");
  return place != nullptr ? place : "/var/tmp";
}

Folder::Folder(const std::string& parent) : path_(parent + "/farm-bench.XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr || chmod(path_.c_str(), 0755) != 0) {
    Fail(70, path_ + " cannot be made");
  }
  if (Folders().empty() && std::atexit(RemoveFolders) != 0) Fail(70, "atexit failed");
  Folders().push_back(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void MakeDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 || chmod(path.c_str(), mode) != 0) {
    Fail(70, path + " cannot be made: " + std::strerror(errno));
  }
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) Fail(70, path + " cannot be written");
}

void CopyProgram(const std::string& from, const std::string& to) {
  std::ifstream file(from, std::ios::binary);
  if (!file) Fail(22, from + " cannot be read");
  WriteFile(to, std::string(std::istreambuf_iterator<char>(file), {}));
  if (chmod(to.c_str(), 0755) != 0) Fail(70, to + ": chmod failed");
}

int InChild(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  while (child < 0 || waitpid(child, &status, 0) < 0) {
    if (child < 0 || errno != EINTR) Fail(70, "no child");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}

void BecomeUser(uid_t uid) {
  if (setgroups(0, nullptr) != 0 || setresgid(uid, uid, uid) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    Fail(30, "another user is for root to become");
  }
}

void MakeTinyRoot(const std::string& path, const std::string& program) {
  MakeDirectory(path, 0755);
  for (const char* name : {"build", "tmp", "dev", "proc", "bin"}) {
    MakeDirectory(path + "/" + name, 0755);
  }
  CopyProgram(program, path + "/bin/" + std::filesystem::path(program).filename().string());
}

}  // namespace bench
