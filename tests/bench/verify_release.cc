// The offline verdict on a release of ten sites: farm-verify against Sigstore's verifier, and its
// hashing of a large file against OpenSSL's.  See --help.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/bench/measure.h"
#include "tests/support/evidence_maker.h"

namespace bench {
namespace {

constexpr int kSites = 10;
constexpr int kWitnesses = 5;
constexpr int kAuditors = 2;
constexpr std::uint64_t kLogEntries = std::uint64_t{1} << 20;
constexpr std::uint64_t kLines = 3 + kSites + kAuditors;  // release, request, intent, and those
constexpr const char* kSmall = "hello.tar";
constexpr const char* kLarge = "hello.img";

struct Options {
  std::string verifier;
  std::string script = "tests/bench/verify_release.cjs";
  std::string node = "node";
  std::string openssl = "openssl";
  std::string write;
  std::size_t large_mebibytes = 256;
  int rounds = 100;
  int large_rounds = 10;
  bool json = false;
};

// Writes artifacts, bundles, root and policy into `directory`.
void WriteRelease(const std::string& directory, std::size_t large_mebibytes) {
  std::string large(large_mebibytes << 20, '\0');
  for (std::size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>(i >> 12);
  farm::EvidenceMaker maker({.development = false,
                             .sites = kSites,
                             .auditors = kAuditors,
                             .witnesses = kWitnesses,
                             .earlier_entries = kLogEntries - kLines,
                             .artifacts = {{kLarge, large}, {kSmall, "the program\n"}}});
  const farm::MadeRelease made = maker.Make();
  for (const auto& [name, bytes] : made.artifacts) {
    WriteFile(directory + "/" + name, bytes);
    WriteFile(directory + "/" + name + ".sigstore.jsonl", made.FileText());
  }
  WriteFile(directory + "/root.json", maker.RootBytes());
  WriteFile(directory + "/policy.json", farm::WritePolicy(maker.policy()));
  WriteFile(directory + "/trusted_root.json", farm::WriteSigstoreTrustedRoot(maker.root()));
  WriteFile(directory + "/keyring.json", farm::WriteSigstoreKeyring(maker.root()));
}

// A program that is already running and does its work once for each line that it is given, then
// says how many microseconds it took.
class Answering {
 public:
  explicit Answering(const Command& command) : name_(command.name) {
    int to_child[2];
    int from_child[2];
    if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) Fail(70, "no pipe");
    std::vector<char*> words;
    for (const std::string& word : command.argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    std::vector<char*> environment;
    for (const char* variable : kEnvironment) environment.push_back(const_cast<char*>(variable));
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
    pid_t pid = -1;
    const int error =
        posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) Fail(30, name_ + " cannot be started: " + std::strerror(error));
    close(to_child[0]);
    close(from_child[1]);
    questions_ = fdopen(to_child[1], "w");
    answers_ = fdopen(from_child[0], "r");
    if (questions_ == nullptr || answers_ == nullptr) Fail(70, "no stream");
  }

  ~Answering() {  // its input ends, and it with that
    std::fclose(questions_);
    std::fclose(answers_);
  }
  Answering(const Answering&) = delete;

  double Ask() {
    double microseconds = 0;
    if (std::fputs("again\n", questions_) < 0 || std::fflush(questions_) != 0 ||
        std::fscanf(answers_, "%lf", &microseconds) != 1) {
      Fail(40, name_ + " ended early");
    }
    return microseconds;
  }

 private:
  std::string name_;
  std::FILE* questions_ = nullptr;
  std::FILE* answers_ = nullptr;
};

std::string Place(const std::string& directory, const std::string& name) {
  return directory + "/" + name;
}

class Comparison {
 public:
  explicit Comparison(const Options& options) : options_(options) {}

  int Run() {
    // In a child: what the release takes of memory would count as that of every program after it.
    const int made = InChild([this] { WriteRelease(folder_.path(), options_.large_mebibytes); });
    if (made != 0) return made;
    Measure();
    return 0;
  }

 private:
  Command Ours(const std::string& artifact) const {
    return {"farm-verify",
            {options_.verifier, "--root", Place(folder_.path(), "root.json"),
             Place(folder_.path(), artifact)},
            "",
            -1};
  }

  std::vector<std::string> Script() const {
    return {options_.node, options_.script,
            Place(folder_.path(), std::string(kSmall) + ".sigstore.jsonl"),
            Place(folder_.path(), "trusted_root.json"), Place(folder_.path(), "keyring.json")};
  }

  Command ScriptOnce() const {
    std::vector<std::string> words = Script();
    words.push_back("once");
    return {"node", words, "", -1};
  }

  Command Openssl() const {
    return {
        "openssl", {options_.openssl, "dgst", "-sha256", Place(folder_.path(), kLarge)}, "", -1};
  }

  void Measure() {
    Times processor;
    long peak = 0;
    Answering sigstore({"node", Script(), "", -1});
    const auto ours = [&] {
      const Usage usage = UsageOf(Ours(kSmall));
      processor.push_back(usage.processor_microseconds);
      peak = std::max(peak, usage.peak_kibibytes);
      return usage.microseconds;
    };
    const std::vector<Times> verdicts =
        Interleave(options_.rounds,
                   {ours, [&] { return sigstore.Ask(); }, [this] { return TimeOf(ScriptOnce()); }});
    const std::vector<Times> hashes =
        Interleave(options_.large_rounds,
                   {[this] { return TimeOf(Ours(kLarge)); }, [this] { return TimeOf(Openssl()); }});
    struct stat status = {};
    if (stat(options_.verifier.c_str(), &status) != 0) Fail(22, options_.verifier);
    Print(verdicts, hashes,
          {{"processorMicroseconds", {{"min", Minimum(processor)}, {"median", Median(processor)}}},
           {"peakKibibytes", peak},
           {"programBytes", status.st_size}});
  }

  static nlohmann::json Json(const Times& times) {
    return {{"min", Minimum(times)}, {"median", Median(times)}};
  }

  void Print(const std::vector<Times>& verdicts, const std::vector<Times>& hashes,
             const nlohmann::json& ours) const {
    const nlohmann::json machine = Machine();
    if (options_.json) {
      const nlohmann::json answer = {{"benchmark", "verify_release"},
                                     {"machine", machine},
                                     {"rounds", options_.rounds},
                                     {"lines", kLines},
                                     {"farmVerify", Json(verdicts[0])},
                                     {"farmVerifyUses", ours},
                                     {"sigstoreRunning", Json(verdicts[1])},
                                     {"sigstoreProgram", Json(verdicts[2])},
                                     {"largeMebibytes", options_.large_mebibytes},
                                     {"largeFarmVerify", Json(hashes[0])},
                                     {"largeOpenssl", Json(hashes[1])}};
      std::printf("%s\n", answer.dump().c_str());
      return;
    }
    std::printf("%s\n%llu lines, %d sites, %d witnesses, %llu entries; %d rounds, microseconds\n",
                MachineText(machine).c_str(), static_cast<unsigned long long>(kLines), kSites,
                kWitnesses, static_cast<unsigned long long>(kLogEntries), options_.rounds);
    std::printf("%-34s %10s %10s %8s %8s\n", "", "min", "median", "ratio", "of min");
    const auto row = [](const char* name, const Times& times, const Times& than) {
      std::printf("%-34s %10.0f %10.0f %8s %8s\n", name, Minimum(times), Median(times),
                  RatioText(Median(times), Median(than)).c_str(),
                  RatioText(Minimum(times), Minimum(than)).c_str());
    };
    row("farm-verify, the whole program", verdicts[0], verdicts[0]);
    std::printf("%-34s %10.0f %10.0f\n", "  time of processors",
                ours.at("processorMicroseconds").at("min").get<double>(),
                ours.at("processorMicroseconds").at("median").get<double>());
    std::printf("  %ld KiB of memory at most, %ld bytes of program\n",
                ours.at("peakKibibytes").get<long>(), ours.at("programBytes").get<long>());
    row("@sigstore/verify, already running", verdicts[1], verdicts[0]);
    row("@sigstore/verify, the whole program", verdicts[2], verdicts[0]);
    std::printf("%zu MiB, %d rounds\n", options_.large_mebibytes, options_.large_rounds);
    row("farm-verify", hashes[0], hashes[1]);
    row("openssl dgst -sha256", hashes[1], hashes[1]);
  }

  Options options_;
  Folder folder_{TemporaryPlace()};
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  bench::Options options;
  CLI::App app(
      "Verifies a release of 10 sites, 5 witnesses and 2 auditors in a log of 2^20 entries, taking "
      "turns: farm-verify as a program, and @sigstore/verify over the same lines, in a node that "
      "is "
      "already running and in one that is started for it.  Sigstore's verifier looks at signature, "
      "certificate, time stamp and log entry of each line, and knows neither witnesses nor what "
      "the lines say of each other.  Then farm-verify on a large artifact against openssl dgst.  "
      "Prints minima, medians and ratios.  Needs `npm ci --prefix tests/interop`.\n"
      "exit codes: 0 measured, 2 usage, 22 a program is not there, 30 one cannot be started, 40 "
      "one refused\n"
      "example: bazel build //tests/bench/... //farm/verify:farm-verify && "
      ".bazel/bin/tests/bench/verify_release .bazel/bin/farm/verify/farm-verify");
  app.add_option("verifier", options.verifier, "farm-verify, stripped")->required();
  app.add_option("--script", options.script,
                 "verify_release.cjs, where it stands in the source (default: from its top)");
  app.add_option("--node", options.node, "node (default node)");
  app.add_option("--openssl", options.openssl, "openssl (default openssl)");
  app.add_option("--large", options.large_mebibytes, "MiB of the large artifact (default 256)")
      ->check(CLI::Range(1, 4096));
  app.add_option("--rounds", options.rounds, "how often each (default 100)")
      ->check(CLI::PositiveNumber);
  app.add_option("--large-rounds", options.large_rounds, "how often the large one (default 10)")
      ->check(CLI::PositiveNumber);
  app.add_option("--write", options.write,
                 "only write the release into this folder, for other tools to look at");
  app.add_flag("--json", options.json, "one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!options.write.empty()) {
    bench::WriteRelease(options.write, options.large_mebibytes);
    return 0;
  }
  return bench::Comparison(options).Run();
}
