#pragma once

#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace attacks {

// Who starts the launcher; environment variable SANDBOX_TEST_MODE.
enum class Mode {
  kPlain,     // whoever runs the test, in Bazel's sandbox; one id mapped
  kRoot,      // root with --subids: a range of ids, a cgroup
  kRootless,  // an ordinary user without subordinate ids; the test itself is root
  kMonitor,   // an ordinary user under `farm-sandbox monitor`: a range, a cgroup, images
};
Mode TestMode();
bool HasRange();   // a range of ids is mapped
bool HasCgroup();  // the kernel keeps memory and pids

// How one run of the launcher ended.
struct Ran {
  int exit_code = -1;  // 128 + signal if killed
  std::string log;     // what came from inside, one newline at the end removed
  std::string diagnostics;
  nlohmann::json result;  // null if there was none
  std::string Ended() const { return result.value("ended", "nothing"); }
};

// A launcher that is running.
struct Running {
  pid_t pid = -1;
  std::filesystem::path log;
  std::filesystem::path result;
};

// A folder of its own with a tiny root, whose only program is /bin/hostile, and what it needs to
// start the launcher. Everything is removed at the end.
class Bench {
 public:
  Bench();
  ~Bench();
  Bench(const Bench&) = delete;

  // Runs /bin/hostile with `deed` in the tiny root.
  Ran Do(const std::vector<std::string>& deed, const std::vector<std::string>& options = {});
  // Runs the launcher with exactly these words after those that say who runs it.
  Ran Run(const std::vector<std::string>& words);
  // Another command of the launcher's program, e.g. remove.
  Ran Program(const std::vector<std::string>& words);
  Running Start(const std::vector<std::string>& words);
  // Words between the launcher (and the monitor above it) and the command: a test launcher's own.
  void SetLeadingWords(const std::vector<std::string>& words) { leading_words_ = words; }
  Ran Wait(const Running& running);

  const std::filesystem::path& directory() const { return directory_; }
  const std::filesystem::path& launcher() const { return launcher_; }
  std::filesystem::path root() const { return directory_ / "root"; }
  // A new folder of the launcher's user.
  std::filesystem::path NewDirectory(const std::string& name, mode_t mode = 0755);
  std::filesystem::path NewFile(const std::string& name, const std::string& text,
                                mode_t mode = 0644);

 private:
  Running StartProgram(const std::vector<std::string>& words);
  void Own(const std::filesystem::path& path) const;

  std::filesystem::path directory_;
  std::filesystem::path launcher_;
  std::vector<std::string> leading_words_;
  int runs_ = 0;
};

std::string ReadFile(const std::filesystem::path& path);

}  // namespace attacks
