#include "tests/attacks/harness.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace attacks {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kOrdinaryUser = 54321;
constexpr const char* kRange = "1234560000:65536";

[[noreturn]] void Die(const std::string& message) {
  std::cerr << "the test's condition is missing: " << message << "\n";
  std::abort();
}

fs::path PathIn(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr || !fs::exists(path)) Die(std::string("no program in ") + variable);
  return fs::absolute(path);
}

bool IsOrdinary() { return TestMode() == Mode::kRootless || TestMode() == Mode::kMonitor; }

}  // namespace

Mode TestMode() {
  const char* text = std::getenv("SANDBOX_TEST_MODE");
  std::string mode = text == nullptr ? "plain" : text;
  if (mode == "plain") return Mode::kPlain;
  if (geteuid() != 0) Die("the mode " + mode + " needs root");
  if (mode == "root") return Mode::kRoot;
  if (mode == "rootless") return Mode::kRootless;
  if (mode == "monitor") return Mode::kMonitor;
  Die("SANDBOX_TEST_MODE is " + mode);
}

bool HasRange() { return TestMode() == Mode::kRoot || TestMode() == Mode::kMonitor; }
bool HasCgroup() { return HasRange(); }

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Bench::Bench() {
  char pattern[] = "/tmp/sandbox_test_XXXXXX";
  if (mkdtemp(pattern) == nullptr) Die("no folder in /tmp");
  directory_ = pattern;
  // The sandbox's user must not be able to come here; the launcher's must.
  launcher_ = directory_ / "launcher";
  fs::copy_file(PathIn("LAUNCHER"), launcher_);
  fs::permissions(launcher_, fs::perms(0755));
  Own(directory_);
  // A monitor's command runs as the ordinary user, whose folder this is.
  for (const char* path :
       {"root", "root/bin", "root/build", "root/tmp", "root/dev", "root/proc", "root/etc"}) {
    fs::create_directory(directory_ / path);
  }
  fs::copy_file(PathIn("HOSTILE"), root() / "bin/hostile");
  fs::permissions(root() / "bin/hostile", fs::perms(0755));
  std::ofstream(root() / "etc/passwd") << "inside\n";
  fs::permissions(root() / "etc/passwd", fs::perms(0666));
}

Bench::~Bench() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Bench::Own(const fs::path& path) const {
  if (IsOrdinary() && lchown(path.c_str(), kOrdinaryUser, kOrdinaryUser) != 0) Die("chown");
}

fs::path Bench::NewDirectory(const std::string& name, mode_t mode) {
  fs::path path = directory_ / name;
  fs::create_directory(path);
  chmod(path.c_str(), mode);
  Own(path);
  return path;
}

fs::path Bench::NewFile(const std::string& name, const std::string& text, mode_t mode) {
  fs::path path = directory_ / name;
  std::ofstream(path, std::ios::binary) << text;
  chmod(path.c_str(), mode);
  Own(path);
  return path;
}

Running Bench::Start(const std::vector<std::string>& words) {
  std::vector<std::string> all = {"run"};
  all.insert(all.end(), words.begin(), words.end());
  return StartProgram(all);
}

Ran Bench::Program(const std::vector<std::string>& words) { return Wait(StartProgram(words)); }

Running Bench::StartProgram(const std::vector<std::string>& words) {
  std::string number = std::to_string(++runs_);
  Running running;
  running.log = NewFile("log" + number, "");
  running.result = NewFile("result" + number, "");
  std::vector<std::string> all;
  if (TestMode() == Mode::kMonitor) {
    std::string user = std::to_string(kOrdinaryUser);
    all = {launcher_};
    all.insert(all.end(), leading_words_.begin(), leading_words_.end());
    all.insert(all.end(), {"monitor", "--uid", user, "--gid", user, "--subids", kRange, "--"});
  }
  all.push_back(launcher_);
  all.insert(all.end(), leading_words_.begin(), leading_words_.end());
  all.push_back(words.at(0));
  if (TestMode() == Mode::kRoot) all.insert(all.end(), {"--subids", kRange});
  all.insert(all.end(), words.begin() + 1, words.end());
  running.pid = fork();
  if (running.pid < 0) Die("fork");
  if (running.pid == 0) {
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open(running.log.c_str(), O_WRONLY | O_APPEND), 1);
    dup2(open(running.result.c_str(), O_WRONLY | O_APPEND), 2);
    if (TestMode() == Mode::kRootless &&
        (setgroups(0, nullptr) != 0 ||
         setresgid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0 ||
         setresuid(kOrdinaryUser, kOrdinaryUser, kOrdinaryUser) != 0)) {
      _exit(99);
    }
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(98);
  }
  return running;
}

Ran Bench::Wait(const Running& running) {
  int status = 0;
  waitpid(running.pid, &status, 0);
  Ran ran;
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ran.log = ReadFile(running.log);
  if (!ran.log.empty() && ran.log.back() == '\n') ran.log.pop_back();
  ran.diagnostics = ReadFile(running.result);
  ran.result = nlohmann::json::parse(ran.diagnostics, nullptr, false);
  if (ran.result.is_discarded()) ran.result = nlohmann::json::object();
  return ran;
}

Ran Bench::Run(const std::vector<std::string>& words) { return Wait(Start(words)); }

Ran Bench::Do(const std::vector<std::string>& deed, const std::vector<std::string>& options) {
  std::vector<std::string> words = {"--root-dir", root()};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--", "/bin/hostile"});
  words.insert(words.end(), deed.begin(), deed.end());
  return Run(words);
}

}  // namespace attacks
