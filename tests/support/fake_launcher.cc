#include "tests/support/fake_launcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/json/json.h"

namespace farm {
namespace {

struct FakeInput {
  std::string host_file;
  std::string path;
  std::string mode;
};

struct FakeRun {
  std::vector<FakeInput> inputs;
  std::vector<std::string> environment;
  std::vector<std::string> prepare;
  std::vector<std::string> check;
  std::vector<std::string> argv;
  std::vector<std::string> outputs;
  std::string expect;
  bool has_expect = false;
  std::string directory;
  std::string output_directory;
  std::string log_bytes;
  bool require_kernel = false;
  int result_fd = 2;
};

std::string ReadWords(int descriptor) {
  std::string text;
  char piece[4096];
  for (ssize_t count; (count = read(descriptor, piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(count));
  }
  return text;
}

// "/build" in a word -> the temporary directory.
std::string Moved(std::string word, const std::string& build) {
  for (std::size_t at = 0; (at = word.find("/build", at)) != std::string::npos;) {
    word.replace(at, 6, build);
    at += build.size();
  }
  return word;
}

FakeRun Parse(const std::string& text, const std::string& build) {
  std::vector<std::string> words = Split(text, '\0');
  words.pop_back();
  FakeRun run;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& option = words[i];
    const auto next = [&] { return Moved(words.at(++i), build); };
    if (option == "--") {
      for (++i; i < words.size(); ++i) run.argv.push_back(Moved(words[i], build));
    } else if (option == "--input") {
      FakeInput input;
      input.host_file = words.at(++i);
      input.path = next();
      input.mode = next();
      CHECK(next() != "");
      run.inputs.push_back(input);
    } else if (option == "--env") {
      run.environment.push_back(next());
    } else if (option == "--prepare-word") {
      run.prepare.push_back(next());
    } else if (option == "--check-word") {
      run.check.push_back(words.at(++i));
    } else if (option == "--check-expect") {
      run.expect = words.at(++i);
      run.has_expect = true;
    } else if (option == "--cwd") {
      run.directory = next();
    } else if (option == "--output") {
      run.outputs.push_back(words.at(++i).substr(7));
    } else if (option == "--output-dir") {
      run.output_directory = words.at(++i);
    } else if (option == "--result-fd") {
      run.result_fd = std::stoi(next());
    } else if (option == "--require-kernel-limits") {
      run.require_kernel = true;
    } else if (option != "--loopback") {
      (void)next();  // limits, places
    }
  }
  return run;
}

// Exit status of `argv`; its output goes where ours does, or into `*output`.
int RunCommand(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
               const std::string& directory, int descriptor_3, std::string* output) {
  int ends[2] = {-1, -1};
  if (output != nullptr) CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    std::vector<char*> words;
    std::vector<char*> variables;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& name : environment)
      variables.push_back(const_cast<char*>(name.c_str()));
    words.push_back(nullptr);
    variables.push_back(nullptr);
    if (chdir(directory.c_str()) != 0) _exit(126);
    if (output != nullptr) dup2(ends[1], 1);
    if (output == nullptr) dup2(1, 2);
    if (descriptor_3 >= 0) dup2(descriptor_3, 3);
    execvpe(words[0], words.data(), variables.data());
    _exit(127);
  }
  if (output != nullptr) {
    close(ends[1]);
    *output = ReadWords(ends[0]);
    close(ends[0]);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

class Fake {
 public:
  Fake(FakeRun run, std::string build) : run_(std::move(run)), build_(std::move(build)) {
    answer_ = {{"format", "farm-sandbox-result/1"},
               {"ended", "exited"},
               {"stage", "main"},
               {"exit_code", 0},
               {"signal", 0},
               {"limit", ""},
               {"message", ""},
               {"check_output", ""},
               {"usage", {{"wall_milliseconds", 12}, {"cpu_milliseconds", 3}}},
               {"limits", {{"enforcement", "observed"}, {"disk_enforcement", "kernel"}}},
               {"isolation",
                {{"root_backend", "directory"},
                 {"landlock_abi", 7},
                 {"kernel", "6.1.0"},
                 {"cgroup", "v2"},
                 {"cpu_model", "A Processor"},
                 {"cpu_flags", "aes sse2"}}},
               {"outputs", Json::array()}};
  }

  Json Answer() {
    PlaceInputs();
    if (Prepared() && Checked()) Main();
    return answer_;
  }

 private:
  void End(const char* ended, const char* stage, const std::string& message) {
    answer_["ended"] = ended;
    answer_["stage"] = stage;
    answer_["message"] = message;
  }

  // True if the command ended with 0.
  bool Judge(int status, const char* stage) {
    answer_["stage"] = stage;
    if (WIFSIGNALED(status)) {
      End("signaled", stage, "");
      answer_["signal"] = WTERMSIG(status);
      return false;
    }
    answer_["exit_code"] = WEXITSTATUS(status);
    return WEXITSTATUS(status) == 0;
  }

  void PlaceInputs() {
    for (const FakeInput& input : run_.inputs) {
      CHECK(MakeDirectories(DirectoryName(input.path), 0755).has_value());
      const auto bytes = ReadFile(input.host_file, 1 << 30);
      CHECK(bytes && WriteDurably(RealFileSystem(), input.path, *bytes).has_value());
      CHECK(chmod(input.path.c_str(), input.mode == "0755" ? 0755 : 0644) == 0);
    }
  }

  bool Prepared() {
    if (run_.prepare.empty()) return true;
    return Judge(RunCommand(run_.prepare, run_.environment, build_, -1, nullptr), "prepare");
  }

  bool Checked() {
    if (run_.check.empty()) return true;
    const int directory = open(build_.c_str(), O_RDONLY | O_DIRECTORY);
    std::string found;
    const int status = RunCommand(run_.check, {}, "/", directory, &found);
    close(directory);
    answer_["check_output"] = found.substr(0, found.find_last_not_of('\n') + 1);
    if (status == 0 && (!run_.has_expect || found == run_.expect)) return true;
    End("check_refused", "check", "the check refused");
    return false;
  }

  void Main() {
    if (run_.argv.empty()) return Collect();
    const std::string& word = run_.argv[0];
    if (word == "fake:limit") {
      answer_["limit"] = "wall";
      return End("limit", "main", "");
    }
    if (word == "fake:no-sandbox") return End("error", "setup", "no user namespaces: do this");
    if (word == "fake:garbage") {
      answer_ = "garbage";
      return;
    }
    if (word == "fake:kernel") {
      answer_["limits"]["enforcement"] = "kernel";
      run_.argv.erase(run_.argv.begin());
    }
    if (!Judge(RunCommand(run_.argv, run_.environment, run_.directory, -1, nullptr), "main"))
      return;
    Collect();
  }

  void Collect() {
    for (const std::string& path : run_.outputs) {
      struct stat status {};
      if (lstat(JoinPath(build_, path).c_str(), &status) != 0) {
        return End("output_missing", "collect", "/build/" + path);
      }
      const bool is_directory = S_ISDIR(status.st_mode);
      char mode[16];
      std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 0777));
      answer_["outputs"].push_back({{"path", path},
                                    {"type", is_directory ? "directory" : "file"},
                                    {"mode", mode},
                                    {"size", status.st_size}});
      const std::string to = JoinPath(run_.output_directory, path);
      CHECK(MakeDirectories(DirectoryName(to), 0755).has_value());
      if (is_directory) {
        std::filesystem::copy(JoinPath(build_, path), to,
                              std::filesystem::copy_options::recursive |
                                  std::filesystem::copy_options::copy_symlinks);
        continue;
      }
      const auto bytes = ReadFile(JoinPath(build_, path), 1 << 30);
      CHECK(bytes && WriteDurably(RealFileSystem(), to, *bytes).has_value());
    }
  }

  FakeRun run_;
  std::string build_;
  Json answer_;
};

}  // namespace

int FakeLauncherMain(int argc, char** argv) {
  CHECK(argc == 4 && std::strcmp(argv[2], "--args-fd") == 0);
  auto build = TemporaryDirectory::Make("");
  CHECK(build.has_value());
  const FakeRun run = Parse(ReadWords(std::atoi(argv[3])), build->path());
  const std::string line = Fake(run, build->path()).Answer().dump() + "\n";
  CHECK(write(run.result_fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  return 0;
}

}  // namespace farm
