// Many small actions, some at a time: our overhead over bare against that of Bazel's sandbox.  See
// --help.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "tests/bench/measure.h"

namespace bench {
namespace {

struct Options {
  std::string launcher;
  std::string linux_sandbox;
  std::string compiler = "gcc";  // not cc: the root has no /etc/alternatives
  std::string subids = "1200000000:65536";
  int actions = 1000;
  int batch = 50;
  int at_a_time = 2;
  bool compile = true;
  bool json = false;
};

constexpr const char* kSource =
    "int add(int a, int b) { return a + b; }\n"
    "int main(void) { return add(1, 2) == 3 ? 0 : 1; }\n";

// One way to run an action in the folder `place`, which is new and whose output is `place`/a.o.
using Way = std::function<Command(const std::string& place)>;

class Comparison {
 public:
  explicit Comparison(const Options& options) : options_(options) {
    WriteFile(Place("a.c"), kSource);
    // Ours sees the host's /usr and nothing else; the others see all of the host.
    MakeDirectory(Place("root"), 0755);
    for (const char* name : {"build", "tmp", "dev", "proc", "usr"}) {
      MakeDirectory(Place("root/") + name, 0755);
    }
    for (const char* name : {"bin", "lib", "lib64", "sbin"}) {
      std::filesystem::create_symlink(std::string("usr/") + name, Place("root/") + name);
    }
    MakeDirectory(Place("actions"), 0777);
  }

  void Measure() {
    const std::vector<Way> ways = {[this](const std::string& place) { return Bare(place); },
                                   [this](const std::string& place) { return Ours(place); },
                                   [this](const std::string& place) { return Bazels(place); }};
    std::vector<std::function<double()>> rows;
    for (const Way& way : ways) rows.push_back([this, way] { return Batch(way); });
    Print(Interleave(std::max(1, options_.actions / options_.batch), rows));
  }

 private:
  std::string Place(const std::string& name) const { return folder_.path() + "/" + name; }

  std::vector<std::string> Words(const std::string& compiler) const {
    if (!options_.compile) return {"/usr/bin/true"};
    return {compiler, "-O1", "-pipe", "-c", "a.c", "-o", "a.o"};
  }

  Command Bare(const std::string& place) const {
    if (options_.compile) std::filesystem::copy_file(Place("a.c"), place + "/a.c");
    return {"bare", Words(options_.compiler), place, -1};
  }

  Command Ours(const std::string& place) const {
    std::vector<std::string> words = {options_.launcher, "run",  "--root-dir", Place("root"),
                                      "--bind-ro",       "/usr", "/usr"};
    if (geteuid() == 0) words.insert(words.end(), {"--subids", options_.subids});
    if (options_.compile) {
      words.insert(words.end(), {"--input", Place("a.c"), "/build/a.c", "644", "1700000000",
                                 "--output", "/build/a.o", "--output-dir", place});
    }
    for (const char* variable : kEnvironment) words.insert(words.end(), {"--env", variable});
    words.insert(words.end(), {"--result-fd", "2", "--"});
    for (const std::string& word : Words(options_.compiler)) words.push_back(word);
    return {"farm-sandbox", words, "", -1};
  }

  // As Bazel starts it for an action: the action's folder and /dev/shm are writable, no network.
  Command Bazels(const std::string& place) const {
    if (options_.compile) std::filesystem::copy_file(Place("a.c"), place + "/a.c");
    std::vector<std::string> words = {
        options_.linux_sandbox, "-W", place, "-w", place, "-w", "/dev/shm", "-t", "15", "-N", "--"};
    for (const std::string& word : Words(options_.compiler)) words.push_back(word);
    return {"linux-sandbox", words, place, -1};
  }

  // Microseconds for each action of a batch.
  double Batch(const Way& way) {
    const double time = MicrosecondsOf([&] {
      std::map<pid_t, Command> running;
      for (int i = 0; i < options_.batch; ++i) {
        if (static_cast<int>(running.size()) == options_.at_a_time) WaitForOne(&running);
        const std::string place = Place("actions/") + std::to_string(next_++);
        MakeDirectory(place, 0777);
        Command command = way(place);
        const pid_t pid = Start(command);
        running.emplace(pid, std::move(command));
      }
      while (!running.empty()) WaitForOne(&running);
    });
    for (const auto& place : std::filesystem::directory_iterator(Place("actions"))) {
      if (options_.compile && !std::filesystem::exists(place.path() / "a.o")) {
        Fail(40, place.path().string() + "/a.o was not made");
      }
      std::filesystem::remove_all(place.path());
    }
    return time / options_.batch;
  }

  static void WaitForOne(std::map<pid_t, Command>* running) {
    siginfo_t ended = {};
    while (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0) {
      if (errno != EINTR) Fail(70, "waitid failed");
    }
    const auto found = running->find(ended.si_pid);
    if (found == running->end()) Fail(70, "an unknown child ended");
    WaitFor(found->second, found->first);
    running->erase(found);
  }

  void Print(const std::vector<Times>& times) const {
    const char* const names[] = {"bare", "farm-sandbox", "linux-sandbox"};
    const nlohmann::json machine = Machine();
    const double ours = Median(times[1]) - Median(times[0]);
    const double theirs = Median(times[2]) - Median(times[0]);
    const double of_minima =
        (Minimum(times[1]) - Minimum(times[0])) / (Minimum(times[2]) - Minimum(times[0]));
    if (options_.json) {
      nlohmann::json rows = nlohmann::json::object();
      for (std::size_t i = 0; i < times.size(); ++i) {
        rows[names[i]] = {{"min", Minimum(times[i])}, {"median", Median(times[i])}};
      }
      std::printf(
          "%s\n",
          nlohmann::json({{"benchmark", "small_actions"},
                          {"machine", machine},
                          {"actions", times[0].size() * static_cast<std::size_t>(options_.batch)},
                          {"atATime", options_.at_a_time},
                          {"action", options_.compile ? "compile" : "true"},
                          {"rows", rows},
                          {"overheadRatio", ours / theirs},
                          {"overheadRatioOfMinima", of_minima}})
              .dump()
              .c_str());
      return;
    }
    std::printf(
        "%s\n%zu actions (%s) each way, %d at a time, in turns of %d; microseconds an action\n",
        MachineText(machine).c_str(), times[0].size() * static_cast<std::size_t>(options_.batch),
        options_.compile ? "compile" : "true", options_.at_a_time, options_.batch);
    std::printf("%-16s %10s %10s %10s\n", "", "min", "median", "overhead");
    for (std::size_t i = 0; i < times.size(); ++i) {
      std::printf("%-16s %10.0f %10.0f %10.0f\n", names[i], Minimum(times[i]), Median(times[i]),
                  Median(times[i]) - Median(times[0]));
    }
    std::printf("overhead, ours to linux-sandbox's: %.3f; of minima %.3f\n", ours / theirs,
                of_minima);
  }

  Options options_;
  Folder folder_{"/dev/shm"};  // ours works in memory, and so do the others
  int next_ = 0;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  bool only_true = false;
  CLI::App app(
      "Small actions, some at a time, bare, by farm-sandbox and by Bazel's linux-sandbox in turns: "
      "each compiles a file of two lines.  Prints microseconds an action, the overheads over bare "
      "and "
      "their ratio.  As root or as an ordinary user.\n"
      "exit codes: 0 measured, 2 usage, 30 this machine cannot, 40 an action failed\n"
      "linux-sandbox: $(bazel info install_base)/linux-sandbox, or "
      "/usr/libexec/*/bazel/linux-sandbox "
      "of Debian's bazel");
  app.add_option("launcher", options.launcher, "farm-sandbox")->required();
  app.add_option("linux-sandbox", options.linux_sandbox, "Bazel's")->required();
  app.add_option("--subids", options.subids, "ids for the sandbox, as root");
  app.add_option("--actions", options.actions, "how many each way (default 1000)")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "how many before the next has its turn (default 50)")
      ->check(CLI::PositiveNumber);
  app.add_option("--at-a-time", options.at_a_time, "default 2")->check(CLI::Range(1, 64));
  app.add_flag("--true", only_true, "the action is `true`");
  app.add_flag("--json", options.json, "one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  options.compile = !only_true;
  bench::Comparison(options).Measure();
}
