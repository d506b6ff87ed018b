// A toolchain of many files made ready for a build: ours against a tree of hard links.  See --help.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/bench/measure.h"

namespace bench {
namespace {

struct Options {
  std::string launcher;
  std::string program;
  std::string subids = "1200000000:65536";
  uid_t user = 1000;
  int files = 12000;
  int rounds = 20;
  bool json = false;
};

constexpr int kFilesOfAFolder = 12;
constexpr std::size_t kFileBytes = 4096;

class Comparison {
 public:
  explicit Comparison(const Options& options) : options_(options) {
    launcher_ = Place("farm-sandbox");
    CopyProgram(options_.launcher, launcher_);
    program_ = options_.program.substr(options_.program.rfind('/') + 1);
    MakeTinyRoot(Place("tiny"), options_.program);
    MakeTinyRoot(Place("toolchain"), options_.program);
    for (int i = 0; i < options_.files; ++i) {
      const std::string folder = Place("toolchain/bin/") + std::to_string(i / kFilesOfAFolder);
      if (i % kFilesOfAFolder == 0) MakeDirectory(folder, 0755);
      WriteFile(folder + "/" + std::to_string(i), std::string(kFileBytes, 'x'));
    }
    Run({"mkfs.erofs", "-T1700000000", Place("tiny.erofs"), Place("tiny")});
    Run({"mkfs.erofs", "-T1700000000", Place("toolchain.erofs"), Place("toolchain")});
    // A builder that links trees has them on the disk of the builds, and the user's.
    Run({"chown", "-R", std::to_string(options_.user), Place("toolchain"), Place("tiny")});
    MakeDirectory(Place("builds"), 0777);
  }

  void Measure() {
    const std::vector<Times> times =
        Interleave(options_.rounds,
                   {[&] { return TimeOf(AsRoot("--root-image", "tiny.erofs")); },
                    [&] { return TimeOf(AsRoot("--root-image", "toolchain.erofs")); },
                    [&] { return AsUser([&] { return TimeOf(Ours("--root-dir", "tiny")); }); },
                    [&] { return AsUser([&] { return TimeOf(Ours("--root-dir", "toolchain")); }); },
                    [&] { return TimeOf(Link()) + TimeOf(Unlink()); }});
    Print(times);
  }

 private:
  std::string Place(const std::string& name) const { return folder_.path() + "/" + name; }
  static void Run(const std::vector<std::string>& argv) { TimeOf({argv[0], argv, "", -1}); }

  Command Ours(const char* option, const std::string& root) const {
    return {"farm-sandbox",
            {launcher_, "run", option, Place(root), "--result-fd", "2", "--", "/bin/" + program_},
            "",
            -1};
  }
  Command AsRoot(const char* option, const std::string& root) const {
    Command command = Ours(option, root);
    command.argv.insert(command.argv.begin() + 2, {"--subids", options_.subids});
    return command;
  }
  // The time that `work` returns, taken by a process that is the ordinary user.
  double AsUser(const std::function<double()>& work) const {
    int ends[2];
    if (pipe(ends) != 0) Fail(70, "pipe failed");
    const int code = InChild([&] {
      BecomeUser(options_.user);
      const double time = work();
      if (write(ends[1], &time, sizeof time) != sizeof time) Fail(70, "write failed");
    });
    if (code != 0) Fail(code, "the ordinary user's start failed");
    double time = 0;
    if (read(ends[0], &time, sizeof time) != sizeof time) Fail(70, "read failed");
    close(ends[0]);
    close(ends[1]);
    return time;
  }
  Command Link() const {
    return {"cp -al", {"cp", "-al", Place("toolchain"), Place("builds/one")}, "", -1};
  }
  Command Unlink() const { return {"rm -rf", {"rm", "-rf", Place("builds/one")}, "", -1}; }

  void Print(const std::vector<Times>& times) const {
    const nlohmann::json machine = Machine();
    const double links = Median(times[4]);
    struct Row {
      const char* name;
      std::size_t tiny;
      std::size_t whole;
    };
    nlohmann::json rows = nlohmann::json::array();
    if (!options_.json) {
      std::printf("%s\n%d files, %d rounds, microseconds\n", MachineText(machine).c_str(),
                  options_.files, options_.rounds);
      std::printf("%-28s %10s %10s %10s %10s %8s\n", "", "min", "median", "readiness", "of minima",
                  "ratio");
    }
    for (const Row& row : {Row{"root, image", 0, 1}, Row{"ordinary user, folder", 2, 3}}) {
      // What the files cost: more than a start in a root that has none.
      const double readiness = Median(times[row.whole]) - Median(times[row.tiny]);
      const double of_minima = Minimum(times[row.whole]) - Minimum(times[row.tiny]);
      rows.push_back(
          {{"how", row.name},
           {"start", {{"min", Minimum(times[row.whole])}, {"median", Median(times[row.whole])}}},
           {"startInTinyRoot",
            {{"min", Minimum(times[row.tiny])}, {"median", Median(times[row.tiny])}}},
           {"readiness", {{"min", of_minima}, {"median", readiness}}},
           {"ratio", readiness / links}});
      if (options_.json) continue;
      std::printf("%-28s %10.0f %10.0f %10.0f %10.0f %8s\n", row.name, Minimum(times[row.whole]),
                  Median(times[row.whole]), readiness, of_minima,
                  RatioText(readiness, links).c_str());
    }
    if (options_.json) {
      std::printf("%s\n", nlohmann::json(
                              {{"benchmark", "ready_toolchain"},
                               {"machine", machine},
                               {"rounds", options_.rounds},
                               {"files", options_.files},
                               {"rows", rows},
                               {"linkAndUnlink", {{"min", Minimum(times[4])}, {"median", links}}}})
                              .dump()
                              .c_str());
      return;
    }
    std::printf("%-28s %10.0f %10.0f\n", "cp -al, rm -rf", Minimum(times[4]), links);
  }

  Options options_;
  Folder folder_{TemporaryPlace()};
  std::string launcher_;
  std::string program_;
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app(
      "A root of many files made ready for a build.  As root: its image is mounted for the build; "
      "as "
      "an ordinary user: the folder is used as it is.  Against: cp -al and rm -rf of the same "
      "tree.  "
      "Readiness is the start of a program in it less the start in a root that has no files; the "
      "ratio is to linking and removing, all by medians.  Needs root and mkfs.erofs.\n"
      "exit codes: 0 measured, 2 usage, 22 a program is not there, 30 this machine cannot, 40 a "
      "start failed\n"
      "example: bazel build //tests/bench/... //sandbox:farm-sandbox && "
      ".bazel/bin/tests/bench/ready_toolchain .bazel/bin/sandbox/farm-sandbox "
      ".bazel/bin/tests/bench/nothing");
  app.add_option("launcher", options.launcher, "farm-sandbox")->required();
  app.add_option("program", options.program,
                 "a static program that ends with 0: //tests/bench:nothing")
      ->required();
  app.add_option("--subids", options.subids, "ids for the sandbox, as root");
  app.add_option("--user", options.user, "the ordinary user's id (default 1000)");
  app.add_option("--files", options.files, "default 12000")->check(CLI::Range(1, 1000000));
  app.add_option("--rounds", options.rounds, "how often each (default 20)")
      ->check(CLI::PositiveNumber);
  app.add_flag("--json", options.json, "one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (geteuid() != 0) bench::Fail(30, "needs root: it mounts images");
  bench::Comparison(options).Measure();
}
