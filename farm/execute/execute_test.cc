#include "farm/execute/execute.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/crypto/hash.h"
#include "farm/execute/isolation.h"
#include "farm/execute/launcher.h"
#include "farm/store/archive.h"
#include "farm/store/tree.h"
#include "tests/support/fake_launcher.h"

namespace farm {
namespace {

class Recorder final : public EventSink {
 public:
  void ActionStarted(const Action& action, std::size_t number, std::size_t total) override {
    events += action.step + " " + std::to_string(number) + "/" + std::to_string(total) + "\n";
  }
  void Log(const Action&, std::string_view bytes) override { log += bytes; }
  void ActionEnded(const Action& action, const ActionResult& result) override {
    events += action.step + (result.end == ActionEnd::kSucceeded ? " ok\n" : " failed\n");
  }
  std::string events;
  std::string log;
};

class ExecuteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    blobs_ = std::move(*BlobStore::Open(RealFileSystem(), temporary_.path() + "/store"));
    setup_.launcher = OwnProgram();
    setup_.check_program = OwnProgram();
    setup_.root_directory = "/root";
    setup_.scratch_directory = temporary_.path();
  }

  // A source of one file, as `farm source import` makes it.
  ManifestSource Source() {
    const std::string directory = temporary_.path() + "/tree";
    mkdir(directory.c_str(), 0755);
    std::ofstream(directory + "/a.txt") << "hello\n";
    auto writer = *blobs_->NewWriter();
    EXPECT_TRUE(WriteTarOfDirectory(directory, 1700000000,
                                    [&](std::string_view bytes) { return writer->Append(bytes); }));
    const StoredBlob blob = *writer->Commit();
    ManifestSource source;
    source.name = "src";
    source.tree = IdentifyTreeAt(directory)->sha256;
    source.files = {{"src.tar", blob.digest, blob.size}};
    source.origin = DirectoryOrigin{"tree"};
    return source;
  }

  Manifest TwoSteps(const std::string& first, const std::string& second) {
    Manifest manifest;
    manifest.product = "p";
    manifest.version = "1";
    manifest.source_date_epoch = 1700000000;
    manifest.sources = {Source()};
    manifest.toolchain = "t";
    manifest.lock = Sha256("lock");
    Step one;
    one.name = "one";
    one.inputs = {{"in", "src", "", ""}};
    one.argv = {"/bin/sh", "-c", first};
    one.directory = "in";
    one.outputs = {"out/one"};
    Step two;
    two.name = "two";
    two.inputs = {{"given", "", "one", "out/one"}};
    two.argv = {"/bin/sh", "-c", second};
    two.outputs = {"two"};
    manifest.steps = {one, two};
    manifest.artifacts = {{"two", "two", "two"}};
    const Status good = LintManifest(manifest);
    EXPECT_TRUE(good) << good.error().message;
    return manifest;
  }

  Result<BuildOutcome> Run(const Manifest& manifest) {
    const auto plan = MakePlan(manifest, ManifestDigest(manifest), manifest.lock);
    const auto executor = NewLocalExecutor(setup_);
    return RunPlan(*plan, *executor, {*blobs_, cancelled_}, events_);
  }

  // One action without a source that runs `argv` and gives `out`.
  Result<ActionResult> RunOne(const std::vector<std::string>& argv) {
    Action action;
    action.step = "one";
    action.argv = argv;
    action.environment = {{"PATH", "/usr/bin:/bin"}};
    action.outputs = {"out"};
    return NewLocalExecutor(setup_)->Execute(action, {*blobs_, cancelled_}, events_);
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> blobs_;
  SandboxSetup setup_;
  Recorder events_;
  std::function<bool()> cancelled_;
};

TEST_F(ExecuteTest, RunsAPlanFromSourcesToArtifacts) {
  const auto outcome = Run(
      TwoSteps("echo building; mkdir ../out; tr a-z A-Z <a.txt >../out/one; chmod 755 ../out/one",
               "test -x given; cat given given >two; echo $SOURCE_DATE_EPOCH >>two"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_EQ(outcome->result, BuildResult::kSucceeded) << outcome->reason;
  ASSERT_EQ(outcome->artifacts.size(), 1u);
  const Artifact& artifact = outcome->artifacts[0];
  EXPECT_EQ(artifact.name, "two");
  EXPECT_EQ(artifact.mode, "0644");
  EXPECT_EQ(*blobs_->GetBytes(artifact.digest, 100), "HELLO\nHELLO\n1700000000\n");
  EXPECT_EQ(artifact.size, 23u);
  ASSERT_EQ(outcome->trace.size(), 2u);
  EXPECT_EQ(outcome->trace[0].outputs[0].name, "out/one");
  EXPECT_EQ(outcome->trace[0].outputs[0].mode, "0755");
  EXPECT_EQ(outcome->trace[0].milliseconds, 12);
  EXPECT_EQ(outcome->trees, std::set<std::string>{Source().tree});
  EXPECT_TRUE(outcome->limits_observed);
  EXPECT_EQ(WordOf(outcome->sandbox, "root_backend"), "directory");
  EXPECT_EQ(outcome->sandbox.at("landlock_abi"), Fact(std::int64_t{7}));
  EXPECT_EQ(WordOf(outcome->sandbox, "limits"), "observed");
  EXPECT_EQ(WordOf(outcome->sandbox, "kernel"), "6.1.0");
  EXPECT_EQ(WordOf(outcome->sandbox, "cgroup"), "v2");
  EXPECT_EQ(WordOf(outcome->sandbox, "cpu_model"), "A Processor");
  EXPECT_EQ(WordOf(outcome->sandbox, "cpu_flags"), "aes sse2");
  EXPECT_EQ(events_.events, "one 1/2\none ok\ntwo 2/2\ntwo ok\n");
  EXPECT_NE(events_.log.find("building\n"), std::string::npos);
}

// Says of each action what the test says.
class FactsExecutor final : public Executor {
 public:
  explicit FactsExecutor(std::vector<Facts> facts) : facts_(std::move(facts)) {}
  Result<ActionResult> Execute(const Action& action, const ExecuteContext& context,
                               EventSink&) override {
    ActionResult result;
    result.end = ActionEnd::kSucceeded;
    result.sandbox = facts_.at(ran_++);
    for (const std::string& path : action.outputs) {
      ASSIGN_OR_RETURN(const StoredBlob blob, context.blobs.PutBytes(path));
      result.outputs.push_back({path, blob.digest, blob.size, "0644"});
    }
    return result;
  }

 private:
  std::vector<Facts> facts_;
  std::size_t ran_ = 0;
};

void Update(Facts& facts, const Facts& changes) {
  for (const auto& [name, fact] : changes) facts[name] = fact;
}

TEST_F(ExecuteTest, TheFactsOfAPlanHoldForEveryAction) {
  const Manifest manifest = TwoSteps("true", "true");
  const auto plan = MakePlan(manifest, ManifestDigest(manifest), manifest.lock);
  const Facts strong = {
      {"root_backend", "image"}, {"kernel", "6.1"},        {"seccomp", "allow-list"},
      {"landlock_abi", 7},       {"limits", "kernel"},     {"disk_limits", "kernel"},
      {"cgroup", "v2"},          {"uid_map", "range"},     {"memory_bytes_max", 5},
      {"cpu_milliseconds", 10},  {"wall_milliseconds", 20}};
  Facts weak = strong;
  Update(weak, {{"seccomp", "deny-list"},
                {"landlock_abi", 2},
                {"limits", "observed"},
                {"disk_limits", "observed"},
                {"cgroup", "none"},
                {"uid_map", "single"},
                {"memory_bytes_max", 3},
                {"cpu_milliseconds", 1},
                {"wall_milliseconds", 2}});
  Facts both = weak;
  Update(both, {{"memory_bytes_max", 5}, {"cpu_milliseconds", 11}, {"wall_milliseconds", 22}});
  for (const std::vector<Facts>& facts : {std::vector<Facts>{strong, weak}, {weak, strong}}) {
    FactsExecutor executor(facts);
    const auto outcome = RunPlan(*plan, executor, {*blobs_, cancelled_}, NoEvents());
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->sandbox, both);
  }
  const struct {
    const char* name;
    Facts second;
  } rows[] = {
      {"root_backend",
       [&] {
         Facts other = strong;
         other["root_backend"] = "directory";
         return other;
       }()},
      {"kernel",
       [&] {
         Facts other = strong;
         other["kernel"] = "6.2";
         return other;
       }()},
      {"seccomp",
       [&] {
         Facts other = strong;
         other["seccomp"] = "a new word";
         return other;
       }()},
      {"uid_map",
       [&] {
         Facts other = strong;
         other.erase("uid_map");
         return other;
       }()},
      {"door",
       [&] {
         Facts other = strong;
         other["door"] = "open";
         return other;
       }()},
  };
  for (const auto& row : rows) {
    FactsExecutor executor({strong, row.second});
    const auto outcome = RunPlan(*plan, executor, {*blobs_, cancelled_}, NoEvents());
    ASSERT_FALSE(outcome) << row.name;
    EXPECT_EQ(outcome.error().code, ErrorCode::kInternal) << row.name;
    EXPECT_NE(outcome.error().message.find(row.name), std::string::npos) << outcome.error().message;
  }
}

TEST_F(ExecuteTest, TheFactsOfAPlanSayItsHighestLevelOfDeterminism) {
  Manifest manifest = TwoSteps("true", "true");
  const auto level = [&](const Facts& said) -> std::string {
    const auto plan = MakePlan(manifest, ManifestDigest(manifest), manifest.lock);
    FactsExecutor executor({said, said});
    const auto outcome = RunPlan(*plan, executor, {*blobs_, cancelled_}, NoEvents());
    EXPECT_TRUE(outcome) << outcome.error().message;
    return WordOf(outcome->sandbox, "determinism");
  };
  const Facts facts = {{"kernel", "6.1"}};
  EXPECT_EQ(level(facts), "");
  manifest.steps[1].determinism = "fixed";
  EXPECT_EQ(level(facts), "fixed");
  manifest.steps[0].determinism = "full";
  EXPECT_EQ(level(facts), "full");
}

TEST_F(ExecuteTest, RefusesASourceThatIsNotTheApprovedOne) {
  Manifest manifest = TwoSteps("cp a.txt ../out", "true");
  manifest.sources[0].tree = std::string(64, 'a');
  const auto outcome = Run(manifest);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kMismatch);
  EXPECT_EQ(outcome.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(outcome.error().message.find("in " + std::string(64, 'a')), std::string::npos)
      << outcome.error().message;
}

TEST_F(ExecuteTest, AFailedCommandIsAResultAndEndsThePlan) {
  const auto outcome = Run(TwoSteps("echo compiler says no; exit 3", "true"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->result, BuildResult::kFailed);
  EXPECT_EQ(outcome->failed_step, "one");
  EXPECT_NE(outcome->reason.find("exit code 3"), std::string::npos) << outcome->reason;
  EXPECT_NE(outcome->reason.find("compiler says no"), std::string::npos) << outcome->reason;
  EXPECT_TRUE(outcome->artifacts.empty());
  ASSERT_EQ(outcome->trace.size(), 1u);
  EXPECT_EQ(outcome->trace[0].exit_code, 3);
}

TEST_F(ExecuteTest, SaysHowAnActionEnded) {
  const struct {
    const char* name;
    std::vector<std::string> argv;
    ActionEnd end;
    const char* reason;
  } kCases[] = {
      {"succeeded", {"/bin/sh", "-c", "echo x >/build/out"}, ActionEnd::kSucceeded, ""},
      {"exit_code", {"/bin/sh", "-c", "exit 7"}, ActionEnd::kFailed, "exit code 7"},
      {"signal", {"/bin/sh", "-c", "kill -SEGV $$"}, ActionEnd::kFailed, "ended by SIGSEGV"},
      {"no_output", {"/bin/true"}, ActionEnd::kFailed, "output missing: /build/out"},
      {"output_is_a_directory",
       {"/bin/mkdir", "/build/out"},
       ActionEnd::kFailed,
       "output out is a directory, want a file"},
      {"limit", {"fake:limit"}, ActionEnd::kLimit, "the limit on wall was reached"},
  };
  for (const auto& c : kCases) {
    const auto result = RunOne(c.argv);
    ASSERT_TRUE(result) << c.name << ": " << result.error().message;
    EXPECT_EQ(result->end, c.end) << c.name;
    EXPECT_EQ(result->reason, c.reason) << c.name;
    EXPECT_EQ(result->outputs.size(), c.end == ActionEnd::kSucceeded ? 1u : 0u) << c.name;
  }
}

TEST_F(ExecuteTest, KernelLimitsAreToldFromObservedOnes) {
  EXPECT_TRUE(RunOne({"/bin/sh", "-c", "echo x >/build/out"})->limits_observed);
  EXPECT_FALSE(RunOne({"fake:kernel", "/bin/sh", "-c", "echo x >/build/out"})->limits_observed);
}

TEST_F(ExecuteTest, TellsWhatKeptABuildFromRunning) {
  const auto no_sandbox = RunOne({"fake:no-sandbox"});
  ASSERT_FALSE(no_sandbox);
  EXPECT_EQ(no_sandbox.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(no_sandbox.error().message.find("do this"), std::string::npos);

  const auto garbage = RunOne({"fake:garbage"});
  ASSERT_FALSE(garbage);
  EXPECT_EQ(garbage.error().Exit(), ExitCode::kInternal);

  setup_.launcher = "/bin/false";
  EXPECT_EQ(RunOne({"/bin/true"}).error().Exit(), ExitCode::kInternal);
  setup_.launcher = temporary_.path() + "/none";
  EXPECT_EQ(RunOne({"/bin/true"}).error().Exit(), ExitCode::kUnavailable);
}

TEST_F(ExecuteTest, AMissingOrChangedInputIsNotBuilt) {
  const Manifest manifest = TwoSteps("mkdir ../out; cp a.txt ../out/one", "cp given two");
  const Digest tar = manifest.sources[0].files[0].digest;
  std::ofstream(blobs_->PathOf(tar), std::ios::app) << "x";
  EXPECT_EQ(Run(manifest).error().code, ErrorCode::kMismatch);
  ASSERT_TRUE(blobs_->Remove(tar));
  const auto missing = Run(manifest);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().Exit(), ExitCode::kInputMissing);
  EXPECT_NE(missing.error().message.find("inputs/src/src.tar"), std::string::npos);
}

TEST_F(ExecuteTest, ASourceThatCannotBeUnpackedFailsInPrepare) {
  Manifest manifest = TwoSteps("true", "true");
  const StoredBlob blob = *blobs_->PutBytes("no tar at all");
  manifest.sources[0].files[0].digest = blob.digest;
  const auto outcome = Run(manifest);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->result, BuildResult::kFailed);
  EXPECT_NE(outcome->reason.find("unpacking the sources: exit code 2"), std::string::npos)
      << outcome->reason;
}

TEST_F(ExecuteTest, CancellingEndsThePlan) {
  cancelled_ = [] { return true; };
  const auto before = Run(TwoSteps("true", "true"));
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().Exit(), ExitCode::kCancelled);
  EXPECT_EQ(events_.events, "");

  std::atomic<int> asked = 0;
  cancelled_ = [&] { return ++asked > 2; };
  const auto during = RunOne({"/bin/sleep", "100"});
  ASSERT_FALSE(during);
  EXPECT_EQ(during.error().Exit(), ExitCode::kCancelled);
}

TEST_F(ExecuteTest, UnpacksASourceToFindItsTree) {
  const ManifestSource source = Source();
  const auto identity = SandboxUnpacker(setup_, *blobs_)(source);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(*identity, *IdentifyTreeAt(temporary_.path() + "/tree"));

  // An archive lies below a folder of its own, which is dropped; a commit's tar does not.
  ManifestSource git = source;
  git.origin = GitOrigin{"https://example.org/p.git", std::string(40, 'c'), identity->sha1};
  ManifestSource archive = source;
  archive.origin = ArchiveOrigin{"https://example.org/p-1.tar.gz"};
  std::filesystem::copy(temporary_.path() + "/tree", temporary_.path() + "/p-1");
  ProcessSpec tar;
  tar.argv = {"tar", "-czf", temporary_.path() + "/p-1.tar.gz", "-C", temporary_.path(), "p-1"};
  tar.environment = {"PATH=/usr/bin:/bin"};
  ASSERT_TRUE(RunProcess(tar)->ok());
  const StoredBlob blob = *blobs_->PutFile(tar.argv[2]);
  archive.files = {{"p-1.tar.gz", blob.digest, blob.size}};
  for (const ManifestSource& other : {git, archive}) {
    const auto found = SandboxUnpacker(setup_, *blobs_)(other);
    ASSERT_TRUE(found) << KindName(other.origin) << ": " << found.error().message;
    EXPECT_EQ(*found, *identity) << KindName(other.origin);
  }

  ManifestSource broken = source;
  broken.files[0].digest = blobs_->PutBytes("no tar")->digest;
  const auto refused = SandboxUnpacker(setup_, *blobs_)(broken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidInput);
}

TEST_F(ExecuteTest, NeitherIdentifiesNorBuildsATreeThatIsNotAdmissible) {
  Manifest manifest = TwoSteps("cp a.txt ../out/one", "true");
  const std::string directory = temporary_.path() + "/tree";
  ASSERT_EQ(symlink("/etc/passwd", (directory + "/stolen").c_str()), 0);
  ManifestSource& source = manifest.sources[0];
  auto writer = *blobs_->NewWriter();
  ASSERT_TRUE(WriteTarOfDirectory(directory, 1700000000,
                                  [&](std::string_view bytes) { return writer->Append(bytes); }));
  const StoredBlob blob = *writer->Commit();
  source.files = {{"src.tar", blob.digest, blob.size}};
  source.tree = IdentifyTreeAt(directory)->sha256;  // even where somebody approved it

  const auto identity = SandboxUnpacker(setup_, *blobs_)(source);
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().message.find("stolen: a link to /etc/passwd"), std::string::npos)
      << identity.error().message;
  const auto outcome = Run(manifest);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("stolen: a link to /etc/passwd"), std::string::npos)
      << outcome.error().message;
}

TEST_F(ExecuteTest, NeitherIdentifiesNorBuildsASourceWithAHardLink) {
  Manifest manifest = TwoSteps("cp a.txt ../out/one", "true");
  const std::string directory = temporary_.path() + "/tree";
  ASSERT_EQ(link((directory + "/a.txt").c_str(), (directory + "/b.txt").c_str()), 0);
  ProcessSpec tar;
  tar.argv = {"tar", "-cf", temporary_.path() + "/src.tar", "-C", directory, "a.txt", "b.txt"};
  tar.environment = {"PATH=/usr/bin:/bin"};
  ASSERT_TRUE(RunProcess(tar)->ok());
  const StoredBlob blob = *blobs_->PutFile(tar.argv[2]);
  ManifestSource& source = manifest.sources[0];
  source.files = {{"src.tar", blob.digest, blob.size}};
  source.tree = IdentifyTreeAt(directory)->sha256;  // that of two separate files

  const char* why = "b.txt: is a hard link to another file; sources must hold separate files";
  const auto identity = SandboxUnpacker(setup_, *blobs_)(source);
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().message.find(why), std::string::npos) << identity.error().message;
  const auto outcome = Run(manifest);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find(why), std::string::npos) << outcome.error().message;
}

TEST_F(ExecuteTest, UnpacksASourceIntoADirectory) {
  ManifestSource source = Source();
  const std::string directory = temporary_.path() + "/unpacked";
  const auto tree = UnpackSource(setup_, source, *blobs_, directory);
  ASSERT_TRUE(tree) << tree.error().message;
  const auto identity = IdentifyTreeAt(*tree);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->sha256, source.tree);

  source.files[0].digest = Sha256("not there");
  const auto refused = UnpackSource(setup_, source, *blobs_, directory);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kInputMissing);
}

TEST(Launcher, GetsEveryWordOfTheAction) {
  const auto temporary = *TemporaryDirectory::Make("");
  const auto blobs = *BlobStore::Open(RealFileSystem(), temporary.path() + "/s");
  SandboxSetup setup;
  setup.check_program = "/check";
  setup.root_image = "/root.erofs";
  setup.monitor_fd = 9;
  setup.subid_base = 1000000;
  setup.subid_count = 65536;
  setup.require_kernel_limits = true;
  Action action;
  action.argv = {"make", "all"};
  action.environment = {{"A", "1"}};
  action.directory = "src";
  action.inputs = {{"inputs/s/f", Sha256("f"), 1, "0755", "", ""}};
  action.prepare = {"sh", "-c", "x"};
  action.trees = {{"src", std::string(64, 'c')}};
  action.outputs = {"o"};
  action.loopback = true;
  action.input_time = 5;
  const std::vector<std::string> words = LauncherWords({setup, action, *blobs, "/out", true, 7});
  const std::vector<std::string> want = {"--root-image",
                                         "/root.erofs",
                                         "--monitor-fd",
                                         "9",
                                         "--subids",
                                         "1000000:65536",
                                         "--require-kernel-limits",
                                         "--input",
                                         blobs->PathOf(Sha256("f")),
                                         "/build/inputs/s/f",
                                         "0755",
                                         "5",
                                         "--env",
                                         "A=1",
                                         "--cwd",
                                         "/build/src",
                                         "--loopback",
                                         "--prepare-word",
                                         "sh",
                                         "--prepare-word",
                                         "-c",
                                         "--prepare-word",
                                         "x",
                                         "--check-word",
                                         "/check",
                                         "--check-word",
                                         "identify-tree",
                                         "--check-word",
                                         "src",
                                         "--check-dir",
                                         "/build",
                                         "--check-expect",
                                         "src " + std::string(64, 'c') + "\n",
                                         "--output",
                                         "/build/o",
                                         "--output-dir",
                                         "/out",
                                         "--wall-seconds",
                                         "7200",
                                         "--cpu-seconds",
                                         "28800",
                                         "--memory-bytes",
                                         "4294967296",
                                         "--pids",
                                         "4096",
                                         "--disk-bytes",
                                         "8589934592",
                                         "--disk-inodes",
                                         "1000000",
                                         "--log-bytes",
                                         "67108864",
                                         "--output-bytes",
                                         "4294967296",
                                         "--silence-seconds",
                                         "1800",
                                         "--log-fd",
                                         "1",
                                         "--result-fd",
                                         "7",
                                         "--",
                                         "make",
                                         "all"};
  EXPECT_EQ(words, want);
}

TEST(Launcher, GetsTheLevelAndWithFullTheSourcesDate) {
  const auto temporary = *TemporaryDirectory::Make("");
  const auto blobs = *BlobStore::Open(RealFileSystem(), temporary.path() + "/s");
  const SandboxSetup setup;
  Action action;
  action.argv = {"make"};
  action.input_time = 1700000000;
  const auto words = [&] { return Join(LauncherWords({setup, action, *blobs, "", true, 7}), " "); };
  EXPECT_EQ(words().find("--determinism"), std::string::npos);
  action.determinism = "fixed";
  EXPECT_NE(words().find(" --determinism fixed "), std::string::npos) << words();
  EXPECT_EQ(words().find("--clock"), std::string::npos);
  action.determinism = "full";
  EXPECT_NE(words().find(" --determinism full --clock 1700000000 "), std::string::npos) << words();
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "run") return farm::FakeLauncherMain(argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == "identify-tree") {
    return farm::IdentifyTreeMain(argc, argv);
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
