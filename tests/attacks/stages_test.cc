// Prepare, check, main, and what is handed out in the end.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/attacks/harness.h"

namespace attacks {
namespace {

std::vector<std::string> Join(std::vector<std::string> first,
                              const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::vector<std::string> Prepare(const std::vector<std::string>& deed) {
  std::vector<std::string> words = {"--prepare-word", "/bin/hostile"};
  for (const std::string& word : deed) words = Join(words, {"--prepare-word", word});
  return words;
}

// The words of a check by the host's shell.
std::vector<std::string> Check(const std::string& script, const std::string& directory) {
  return {"--check-word", "/bin/sh", "--check-word", "-c",
          "--check-word", script,    "--check-dir",  directory};
}

// Runs `hostile outputs KIND` and collects /build/out.
Ran Collect(Bench* bench, const std::string& kind, const std::vector<std::string>& options = {}) {
  std::filesystem::path out = bench->NewDirectory("out");
  return bench->Do({"outputs", kind},
                   Join({"--output", "/build/out", "--output-dir", out}, options));
}

TEST(Outputs, RefusalLeavesNothingOfWhatWasTaken) {
  Bench bench;
  Ran ran = Collect(&bench, "fifo");
  EXPECT_EQ(ran.log, "allowed") << ran.diagnostics;
  EXPECT_EQ(ran.exit_code, 40) << ran.diagnostics;
  EXPECT_EQ(ran.Ended(), "output_refused") << ran.diagnostics;
  EXPECT_TRUE(std::filesystem::is_empty(bench.directory() / "out"));
}

TEST(Outputs, AreCollectedWithModeAndTime) {
  Bench bench;
  Ran ran = Collect(&bench, "plain");
  ASSERT_EQ(ran.exit_code, 0) << ran.diagnostics;
  std::filesystem::path out = bench.directory() / "out/out";
  EXPECT_EQ(ReadFile(out / "file"), "content");
  EXPECT_EQ(ReadFile(out / "link"), "a");
  struct stat status = {};
  ASSERT_EQ(stat((out / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);  // without setuid and setgid
  EXPECT_EQ(ran.result["outputs"].size(), 5u);
  EXPECT_EQ(ran.result["outputs"][1]["path"], "out/file");
  EXPECT_EQ(ran.result["outputs"][1]["mode"], "0755");
}

TEST(Outputs, TheCallersMaskChangesNoMode) {
  Bench bench;
  std::filesystem::path input = bench.NewFile("input", "text");
  for (mode_t mask : {022, 077, 0777}) {
    std::filesystem::path out = bench.NewDirectory("out" + std::to_string(mask));
    std::vector<std::string> words = {"--root-dir",          bench.root(),   "--input", input,
                                      "/build/between/file", "644",          "5",       "--output",
                                      "/build/between/file", "--output-dir", out,       "--",
                                      "/bin/hostile",        "cwd"};
    mode_t before = umask(mask);
    Running running = bench.Start(words);
    umask(before);
    Ran ran = bench.Wait(running);
    EXPECT_EQ(ran.exit_code, 0) << mask << ran.diagnostics;
    EXPECT_EQ(ran.log, "/build") << mask;
    struct stat status = {};
    ASSERT_EQ(stat((out / "between").c_str(), &status), 0) << mask;
    EXPECT_EQ(status.st_mode & 07777, 0755u) << mask;
    EXPECT_EQ(ReadFile(out / "between/file"), "text") << mask;
  }
}

TEST(Outputs, ParentThatIsALinkIsRefused) {
  Bench bench;
  std::filesystem::path out = bench.NewDirectory("out");
  Ran ran = bench.Do({"outputs", "parent"}, {"--output", "/build/out/passwd", "--output-dir", out});
  EXPECT_EQ(ran.Ended(), "output_refused") << ran.diagnostics;
}

TEST(Outputs, MissingIsNamed) {
  Bench bench;
  std::filesystem::path out = bench.NewDirectory("out");
  Ran ran = bench.Do({"cwd"}, {"--output", "/build/nothing", "--output-dir", out});
  EXPECT_EQ(ran.exit_code, 40);
  EXPECT_EQ(ran.Ended(), "output_missing");
  EXPECT_EQ(ran.result["message"], "/build/nothing");
}

TEST(Outputs, UnreadableFileIsCollected) {
  Bench bench;
  std::filesystem::path out = bench.NewDirectory("out");
  Ran ran = bench.Do({"mode0", "/build/input"},
                     {"--input", bench.NewFile("input", "text"), "/build/input", "644", "5",
                      "--output", "/build/input", "--output-dir", out});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ReadFile(out / "input"), "text");
  struct stat status = {};
  ASSERT_EQ(stat((out / "input").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 5);
}

TEST(Stages, PrepareAndMainShareTheWorkDirectoryOnly) {
  Bench bench;
  std::vector<std::string> write = Prepare({"write", "/build/file", "prepared"});
  EXPECT_EQ(bench.Do({"cat", "/build/file"}, write).log, "allowed\nprepared");
  std::vector<std::string> temporary = Prepare({"write", "/tmp/file", "x"});
  EXPECT_EQ(bench.Do({"list", "/tmp"}, temporary).log, "allowed\n");
  EXPECT_EQ(bench.Do({"shm", "find"}, Prepare({"shm", "make"})).log, "allowed\nENOENT");
}

TEST(Stages, MainSeesTheTimesThatPrepareLeft) {
  Bench bench;
  const std::vector<std::string> prepare =
      Join(Prepare({"write_long_ago", "/build/file"}), Check("true", "/build"));
  EXPECT_EQ(bench.Do({"time", "/build/file"}, prepare).log, "allowed\n5");
}

TEST(Stages, FailedPrepareIsTheEnd) {
  Bench bench;
  Ran ran = bench.Do({"cwd"}, Prepare({"exit", "3"}));
  EXPECT_EQ(ran.exit_code, 40);
  EXPECT_EQ(ran.result["stage"], "prepare");
  EXPECT_EQ(ran.log, "");
}

TEST(Stages, DaemonOfPrepareCannotChangeWhatWasChecked) {
  Bench bench;
  Ran ran = bench.Do({"cat", "/build/file"},
                     Join(Prepare({"daemon", "x"}),
                          {"--check-word", "/bin/sh", "--check-word", "-c", "--check-word",
                           "rm -f /dev/fd/3/nothing; cat /dev/fd/3/file", "--check-dir", "/build",
                           "--check-expect", "changed by the daemon"}));
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ran.log, "left\nchanged by the daemon");
}

TEST(Check, SeesTheDirectoryAndDecides) {
  Bench bench;
  std::vector<std::string> words =
      Join(Prepare({"write", "/build/file", "prepared"}), Check("cat /dev/fd/3/file", "/build"));
  Ran accepted = bench.Do({"cwd"}, Join(words, {"--check-expect", "prepared"}));
  EXPECT_EQ(accepted.exit_code, 0) << accepted.diagnostics;
  EXPECT_EQ(accepted.result["check_output"], "prepared");
  Ran refused = bench.Do({"cwd"}, Join(words, {"--check-expect", "other"}));
  EXPECT_EQ(refused.exit_code, 40);
  EXPECT_EQ(refused.Ended(), "check_refused");
  EXPECT_EQ(refused.log, "allowed");  // of prepare; main was not started
  EXPECT_NE(refused.result.value("message", "").find("prepared"), std::string::npos);
  EXPECT_NE(refused.result.value("message", "").find("other"), std::string::npos);
}

TEST(Check, FailureIsARefusal) {
  Bench bench;
  Ran failed = bench.Do({"cwd"}, Check("exit 5", "/build"));
  EXPECT_EQ(failed.Ended(), "check_refused") << failed.diagnostics;
  Ran loud = bench.Do({"cwd"}, Check("while echo xxxxxxxxxxxxxxxxxxxxxxxxx; do :; done", "/build"));
  EXPECT_EQ(loud.Ended(), "check_refused") << loud.diagnostics;
  Ran slow = bench.Do({"cwd"}, Join(Check("exec sleep 60", "/build"), {"--wall-seconds", "1"}));
  EXPECT_EQ(slow.Ended(), "limit") << slow.diagnostics;
}

TEST(Check, ReadsWhatItsOwnerClosed) {
  Bench bench;
  Ran ran = bench.Do(
      {"cwd"}, Join(Join(Prepare({"mode0", "/build/input"}),
                         {"--input", bench.NewFile("input", "text"), "/build/input", "644", "0"}),
                    Check("cat /dev/fd/3/input", "/build")));
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ran.result["check_output"], "text");
}

TEST(Check, DirectoryThatIsALinkIsRefused) {
  Bench bench;
  Ran ran = bench.Do({"cwd"}, Join(Prepare({"swap_dir", "/build/tree", "/etc"}),
                                   Check("cat /dev/fd/3/passwd", "/build/tree")));
  EXPECT_EQ(ran.Ended(), "check_refused") << ran.diagnostics;
}

TEST(Check, CannotWriteWhatItJudges) {
  Bench bench;
  Ran ran = bench.Do({"cat", "/build/file"},
                     Join(Prepare({"write", "/build/file", "prepared"}),
                          Check("cat /proc/self/status | grep CapEff; echo x 2>/dev/null "
                                ">/dev/fd/3/file; true",
                                "/build")));
  if (HasRange()) {
    // Its user is not the file's; it may read everything, and nothing more.
    EXPECT_EQ(ran.log, "allowed\nprepared") << ran.diagnostics;
  }
  EXPECT_EQ(ran.result["check_output"], "CapEff:\t0000000000000004") << ran.diagnostics;
}

// The mode that every way of starting it is refused by, and the recipe that it is then given.
TEST(Stages, AWorkFolderThatTheUserInsideMayNotWriteIsSaidBeforeAnythingStarts) {
  Bench bench;
  std::filesystem::path work = bench.NewDirectory("work", 0555);
  std::vector<std::string> words = Join({"--work", work}, Prepare({"cwd"}));
  Ran refused = bench.Do({"cwd"}, words);
  EXPECT_EQ(refused.exit_code, 30) << refused.diagnostics;
  EXPECT_EQ(refused.log, "");
  EXPECT_EQ(refused.result["stage"], "prepare") << refused.diagnostics;
  const std::string message = refused.result.value("message", "");
  EXPECT_EQ(message.find("--work " + work.string() + ": the user inside, uid 1000, may not write"),
            0u)
      << message;
  EXPECT_NE(message.find("chmod 0777"), std::string::npos) << message;
  std::filesystem::permissions(work, std::filesystem::perms(0777));
  EXPECT_EQ(bench.Do({"cwd"}, words).log, "/build\n/build");
}

TEST(Removing, WantsRootsRangeOfIds) {
  if (TestMode() != Mode::kRoot) return;  // no other mode gives one
  Bench bench;
  std::filesystem::path work = bench.NewDirectory("work", 0777);
  ASSERT_EQ(bench.Do({"write", "/build/file", "x"}, {"--work", work}).log, "allowed");
  const std::string command = bench.launcher().string() + " remove ";
  EXPECT_NE(std::system((command + work.string() + " 2>/dev/null").c_str()), 0);
  EXPECT_TRUE(std::filesystem::exists(work / "file"));
  EXPECT_EQ(bench.Program({"remove", work}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(work));
}

TEST(Removing, ATreeDeeperThanAnyPath) {
  Bench bench;
  std::filesystem::path work = bench.NewDirectory("work", 0777);
  Ran ran = bench.Do({"deep", "5000"}, {"--work", work, "--disk-bytes", "0", "--disk-inodes", "0"});
  ASSERT_EQ(ran.log, "allowed") << ran.diagnostics;
  Ran removed = bench.Program({"remove", work});
  EXPECT_EQ(removed.exit_code, 0) << removed.diagnostics;
  EXPECT_FALSE(std::filesystem::exists(work));
}

TEST(Stages, PrepareCheckAndCollectAloneAreARun) {
  Bench bench;
  std::filesystem::path out = bench.NewDirectory("out");
  Ran ran = bench.Run(Join(Join({"--root-dir", bench.root()}, Prepare({"outputs", "plain"})),
                           {"--output", "/build/out/file", "--output-dir", out}));
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ReadFile(out / "out/file"), "content");
}

}  // namespace
}  // namespace attacks
