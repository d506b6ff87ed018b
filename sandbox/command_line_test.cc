#include "sandbox/command_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "sandbox/launcher.h"

namespace sandbox {
namespace {

class CommandLine : public testing::Test {
 protected:
  void SetUp() override { unsetenv("FARM_SANDBOX_MONITOR_FD"); }
};

TEST_F(CommandLine, TakesEveryOption) {
  Result<RunRequest> request = ParseRun({"--root-dir",
                                         "/r",
                                         "--work",
                                         "/w",
                                         "--input",
                                         "/h",
                                         "/build/a/b",
                                         "755",
                                         "12",
                                         "--bind-ro",
                                         "/x",
                                         "/build/y",
                                         "--env",
                                         "A=b=c",
                                         "--cwd",
                                         "/build/src",
                                         "--uid",
                                         "7",
                                         "--gid",
                                         "8",
                                         "--hostname",
                                         "h",
                                         "--umask",
                                         "027",
                                         "--loopback",
                                         "--prepare-word",
                                         "p",
                                         "--prepare-word",
                                         "q",
                                         "--check-word",
                                         "/c",
                                         "--check-dir",
                                         "/build/src",
                                         "--check-expect",
                                         "e",
                                         "--output",
                                         "/build/out",
                                         "--output-dir",
                                         "/o",
                                         "--wall-seconds",
                                         "1",
                                         "--cpu-seconds",
                                         "2",
                                         "--memory-bytes",
                                         "4194304",
                                         "--pids",
                                         "4",
                                         "--disk-bytes",
                                         "5",
                                         "--disk-inodes",
                                         "6",
                                         "--log-bytes",
                                         "7",
                                         "--output-bytes",
                                         "8",
                                         "--silence-seconds",
                                         "9",
                                         "--require-kernel-limits",
                                         "--log-fd",
                                         "5",
                                         "--result-fd",
                                         "6",
                                         "--subids",
                                         "1000:10",
                                         "--monitor-fd",
                                         "4",
                                         "--",
                                         "make",
                                         "--",
                                         "-j"});
  ASSERT_TRUE(request.ok()) << request.message();
  const Spec& spec = request->spec;
  EXPECT_EQ(spec.root_directory, "/r");
  EXPECT_EQ(spec.work_directory, "/w");
  ASSERT_EQ(spec.inputs.size(), 1u);
  EXPECT_EQ(spec.inputs[0].inside_path, "a/b");
  EXPECT_EQ(spec.inputs[0].mode, 0755u);
  EXPECT_EQ(spec.inputs[0].mtime_seconds, 12);
  EXPECT_EQ(spec.binds[0].inside_path, "/build/y");
  EXPECT_EQ(spec.environment, std::vector<std::string>{"A=b=c"});
  EXPECT_EQ(spec.umask, 027u);
  EXPECT_EQ(spec.prepare_argv, (std::vector<std::string>{"p", "q"}));
  EXPECT_EQ(spec.check.directory, "src");
  EXPECT_EQ(spec.outputs, std::vector<std::string>{"out"});
  EXPECT_EQ(spec.limits.silence_seconds, 9u);
  EXPECT_TRUE(spec.limits.require_kernel);
  EXPECT_EQ(spec.subids.base, 1000u);
  EXPECT_EQ(spec.monitor_fd, 4);
  EXPECT_EQ(request->result_fd, 6);
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"make", "--", "-j"}));
}

TEST_F(CommandLine, RefusesWhatContradictsItself) {
  struct Row {
    const char* name;
    std::vector<std::string> words;
    const char* says;
  };
  const Row rows[] = {
      {"no_command", {"--root-dir", "/r"}, "nothing to run"},
      {"no_root", {"--", "x"}, "--root-dir"},
      {"two_roots", {"--root-dir", "/r", "--root-image", "/i", "--", "x"}, "exactly one"},
      {"unknown_option", {"--root-dir", "/r", "--net", "--", "x"}, "--net"},
      {"missing_word", {"--root-dir"}, "--root-dir"},
      {"output_outside", {"--output", "/etc/x"}, "below /build"},
      {"output_of_everything",
       {"--root-dir", "/r", "--output", "/build", "--output-dir", "/o", "--", "x"},
       "--output /build"},
      {"output_with_dots", {"--output", "/build/../etc"}, "/build/../etc"},
      {"output_without_folder",
       {"--root-dir", "/r", "--output", "/build/x", "--", "x"},
       "--output-dir"},
      {"input_outside", {"--input", "/h", "/etc/x", "644", "0"}, "--input"},
      {"input_setuid", {"--input", "/h", "/build/x", "4755", "0"}, "mode"},
      {"input_decimal_mode", {"--input", "/h", "/build/x", "9", "0"}, "mode"},
      {"input_bad_time", {"--input", "/h", "/build/x", "644", "-1"}, "time"},
      {"relative_cwd", {"--root-dir", "/r", "--cwd", "src", "--", "x"}, "--cwd"},
      {"cwd_with_dots", {"--root-dir", "/r", "--cwd", "/proc/self/fd/../7", "--", "x"}, "--cwd"},
      {"host_root_range", {"--subids", "0:65536"}, "--subids"},
      {"number_too_large", {"--pids", "99999999999999999999999"}, "--pids"},
      {"memory_for_nothing",
       {"--root-dir", "/r", "--memory-bytes", "4194303", "--", "x"},
       "at least 4194304"},
      {"name_that_is_a_command",
       {"--root-dir", "/r", "--hostname", "a\x1b[2J", "--", "x"},
       "--hostname"},
      {"negative_number", {"--pids", "-1"}, "--pids"},
      {"check_without_directory",
       {"--root-dir", "/r", "--check-word", "/c", "--", "x"},
       "--check-dir"},
      {"expectation_without_check",
       {"--root-dir", "/r", "--check-expect", "e", "--", "x"},
       "--check-word"},
      {"environment_without_value", {"--root-dir", "/r", "--env", "A", "--", "x"}, "--env A"},
      {"assembly_with_root", {"--profile", "assembly", "--root-dir", "/r", "--", "x"}, "assembly"},
  };
  for (const Row& row : rows) {
    Result<RunRequest> request = ParseRun(row.words);
    ASSERT_FALSE(request.ok()) << row.name;
    EXPECT_NE(request.message().find(row.says), std::string::npos)
        << row.name << ": " << request.message();
  }
}

TEST_F(CommandLine, ReadsWordsFromADescriptor) {
  int fd = memfd_create("words", 0);
  const char words[] = "--root-dir\0/r\0--env\0A=two\nlines";
  ASSERT_EQ(write(fd, words, sizeof words), static_cast<ssize_t>(sizeof words));
  lseek(fd, 0, SEEK_SET);
  Result<RunRequest> request =
      ParseRun({"--args-fd", std::to_string(fd), "--", "x", "--args-fd", "7"});
  ASSERT_TRUE(request.ok()) << request.message();
  EXPECT_EQ(request->spec.environment[0], "A=two\nlines");
  EXPECT_EQ(request->spec.argv.size(), 3u);  // what stands after -- is the command's
  lseek(fd, 0, SEEK_SET);
  ASSERT_EQ(ftruncate(fd, sizeof words - 1), 0);
  EXPECT_FALSE(ParseRun({"--args-fd", std::to_string(fd), "--", "x"}).ok());
  close(fd);
}

TEST_F(CommandLine, TakesTheMonitorFromTheEnvironment) {
  setenv("FARM_SANDBOX_MONITOR_FD", "33", 1);
  Result<RunRequest> request = ParseRun({"--root-dir", "/r", "--", "x"});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->spec.monitor_fd, 33);
  setenv("FARM_SANDBOX_MONITOR_FD", "x", 1);
  EXPECT_FALSE(ParseRun({"--root-dir", "/r", "--", "x"}).ok());
}

TEST(Launcher, HelpIsHelp) {
  for (const char* command : {"run", "monitor", "remove", "doctor"}) {
    std::string words[3] = {"farm-sandbox", command, "--help"};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    testing::internal::CaptureStdout();
    const int code = LauncherMain(3, argv, HostRoot::kNeverMapped);
    EXPECT_EQ(code, 0) << command;
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_NE(help.find("farm-sandbox run"), std::string::npos);
    EXPECT_NE(help.find("to remove a --work folder"), std::string::npos);
    for (const char* place : {"\n  /build ", "\n  /tmp ", "\n  /dev ", "\n  /proc "}) {
      EXPECT_NE(help.find(place), std::string::npos) << place;
    }
  }
}

}  // namespace
}  // namespace sandbox
