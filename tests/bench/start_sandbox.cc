// Starting a static program with every wall: ours against bubblewrap.  See --help.
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "sandbox/filter.h"
#include "tests/bench/measure.h"

namespace bench {
namespace {

struct Options {
  std::string launcher;
  std::string program;
  std::string bubblewrap = "bwrap";
  std::string least;
  std::string subids = "1200000000:65536";
  uid_t user = 0;
  int rounds = 100;
  std::vector<int> binds = {0, 20, 200};
  bool json = false;
};

// The filter that our launcher loads, for bubblewrap to load as well.
int FilterFile() {
  auto filter = sandbox::MakeFilter(sandbox::Spec{});
  if (!filter.ok()) Fail(70, filter.message());
  const int file = memfd_create("filter", 0);
  const std::size_t bytes = filter->size() * sizeof(sock_filter);
  if (write(file, filter->data(), bytes) != static_cast<ssize_t>(bytes)) {
    Fail(70, "the filter cannot be written");
  }
  return file;
}

class Comparison {
 public:
  explicit Comparison(const Options& options) : options_(options), filter_(FilterFile()) {
    launcher_ = folder_.path() + "/farm-sandbox";
    root_ = folder_.path() + "/root";
    CopyProgram(options_.launcher, launcher_);
    MakeTinyRoot(root_, options_.program);
    program_ = options_.program.substr(options_.program.rfind('/') + 1);
    MakeDirectory(root_ + "/bound", 0755);
    MakeDirectory(folder_.path() + "/host", 0755);
    const int most = *std::max_element(options_.binds.begin(), options_.binds.end());
    for (int i = 0; i < most; ++i) {
      MakeDirectory(root_ + Inside(i), 0755);
      MakeDirectory(Host(i), 0755);
    }
  }

  // Returns the exit code.
  int Run() {
    return InChild([this] {
      if (options_.user != 0) BecomeUser(options_.user);
      Measure();
    });
  }

 private:
  static std::string Inside(int number) { return "/bound/" + std::to_string(number); }
  std::string Host(int number) const { return folder_.path() + "/host/" + std::to_string(number); }

  Command Bare() const { return {"bare", {root_ + "/bin/" + program_}, "", -1}; }

  Command Ours(int binds) const {
    std::vector<std::string> words = {launcher_, "run", "--root-dir", root_};
    if (options_.user == 0) words.insert(words.end(), {"--subids", options_.subids});
    for (int i = 0; i < binds; ++i) words.insert(words.end(), {"--bind-ro", Host(i), Inside(i)});
    words.insert(words.end(), {"--log-fd", "1", "--result-fd", "2", "--", "/bin/" + program_});
    return {"farm-sandbox", words, "", -1};
  }

  // What bubblewrap has of the same walls.  It has no Landlock, no limits, no mask over /proc, no
  // cgroup, no time namespace, no supervisor.
  Command Bubblewrap(int binds) const {
    std::vector<std::string> words = {options_.bubblewrap,
                                      "--unshare-all",
                                      "--unshare-user",
                                      "--disable-userns",
                                      "--die-with-parent",
                                      "--new-session",
                                      "--cap-drop",
                                      "ALL",
                                      "--clearenv",
                                      "--uid",
                                      "1000",
                                      "--gid",
                                      "1000",
                                      "--hostname",
                                      "sandbox",
                                      "--ro-bind",
                                      root_,
                                      "/",
                                      "--proc",
                                      "/proc",
                                      "--dev",
                                      "/dev",
                                      "--tmpfs",
                                      "/tmp",
                                      "--tmpfs",
                                      "/build"};
    for (int i = 0; i < binds; ++i) words.insert(words.end(), {"--ro-bind", Host(i), Inside(i)});
    words.insert(words.end(), {"--remount-ro", "/", "--chdir", "/build", "--seccomp",
                               std::to_string(filter_), "/bin/" + program_});
    return {"bubblewrap", words, "", filter_};
  }

  // What no sandbox with all namespaces can do without.
  Command Least() const { return {"least", {options_.least, root_, "/bin/" + program_}, "", -1}; }

  void TellLeast(const Times& least, const Times& bubblewrap, nlohmann::json& answer) const {
    answer["least"] = {{"min", Minimum(least)},
                       {"median", Median(least)},
                       {"ratio", Median(least) / Median(bubblewrap)},
                       {"ratioOfMinima", Minimum(least) / Minimum(bubblewrap)}};
    if (options_.json) return;
    std::printf("all namespaces and nothing else %.0f, median %.0f, of bubblewrap %s, of min %s\n",
                Minimum(least), Median(least), RatioText(Median(least), Median(bubblewrap)).c_str(),
                RatioText(Minimum(least), Minimum(bubblewrap)).c_str());
  }

  void Measure() {
    std::vector<std::function<double()>> rows;
    const auto add = [&rows](const Command& command) {
      rows.push_back([command] { return TimeOf(command); });
    };
    add(Bare());
    for (const int binds : options_.binds) {
      add(Ours(binds));
      add(Bubblewrap(binds));
    }
    if (!options_.least.empty()) add(Least());
    const std::vector<Times> times = Interleave(options_.rounds, rows);
    const nlohmann::json machine = Machine();
    nlohmann::json answer = {
        {"benchmark", "start_sandbox"},
        {"machine", machine},
        {"rounds", options_.rounds},
        {"user", options_.user},
        {"bareMicroseconds", {{"min", Minimum(times[0])}, {"median", Median(times[0])}}},
        {"rows", nlohmann::json::array()}};
    if (!options_.json) {
      std::printf("%s\n%s, %d rounds, microseconds; bare %.0f, median %.0f\n",
                  MachineText(machine).c_str(), options_.user == 0 ? "root" : "an ordinary user",
                  options_.rounds, Minimum(times[0]), Median(times[0]));
      std::printf("%6s %10s %10s %10s %10s %8s %8s\n", "binds", "ours", "median", "bwrap", "median",
                  "ratio", "of min");
    }
    for (std::size_t i = 0; i < options_.binds.size(); ++i) {
      const Times& ours = times[1 + 2 * i];
      const Times& theirs = times[2 + 2 * i];
      answer["rows"].push_back(
          {{"binds", options_.binds[i]},
           {"ours", {{"min", Minimum(ours)}, {"median", Median(ours)}}},
           {"bubblewrap", {{"min", Minimum(theirs)}, {"median", Median(theirs)}}},
           {"ratio", Median(ours) / Median(theirs)},
           {"ratioOfMinima", Minimum(ours) / Minimum(theirs)}});
      if (options_.json) continue;
      std::printf("%6d %10.0f %10.0f %10.0f %10.0f %8s %8s\n", options_.binds[i], Minimum(ours),
                  Median(ours), Minimum(theirs), Median(theirs),
                  RatioText(Median(ours), Median(theirs)).c_str(),
                  RatioText(Minimum(ours), Minimum(theirs)).c_str());
    }
    if (!options_.least.empty()) TellLeast(times.back(), times[2], answer);
    if (options_.json) std::printf("%s\n", answer.dump().c_str());
  }

  Options options_;
  int filter_;
  Folder folder_{TemporaryPlace()};
  std::string launcher_;
  std::string root_;
  std::string program_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app(
      "Starts a static program in a tiny root with every wall, by farm-sandbox and by bubblewrap "
      "with what it has of the same walls and the same seccomp filter, taking turns.  Prints "
      "minima, medians and their ratio.  Needs root; --user measures as an ordinary user.\n"
      "exit codes: 0 measured, 2 usage, 22 a program is not there, 30 this machine cannot, 40 a "
      "start failed\n"
      "example: bazel build //tests/bench/... //sandbox:farm-sandbox && "
      ".bazel/bin/tests/bench/start_sandbox .bazel/bin/sandbox/farm-sandbox "
      ".bazel/bin/tests/bench/nothing");
  app.add_option("launcher", options.launcher, "farm-sandbox")->required();
  app.add_option("program", options.program,
                 "a static program that ends with 0: //tests/bench:nothing")
      ->required();
  app.add_option("--bwrap", options.bubblewrap, "bubblewrap (default bwrap)");
  app.add_option("--least", options.least,
                 "measure //tests/bench:least_sandbox, too, against bubblewrap with the first of "
                 "--binds");
  app.add_option("--subids", options.subids, "ids for the sandbox, as root");
  app.add_option("--user", options.user, "measure as this user id, rootless (default 0: as root)");
  app.add_option("--rounds", options.rounds, "how often each (default 100)")
      ->check(CLI::PositiveNumber);
  app.add_option("--binds", options.binds, "numbers of read-only binds (default 0 20 200)")
      ->check(CLI::Range(0, 1000));
  app.add_flag("--json", options.json, "one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return bench::Comparison(options).Run();
}
