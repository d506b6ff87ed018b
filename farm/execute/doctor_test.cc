// What a site does with what the launcher says of its machine; the launchers are scripts.
#include "farm/execute/doctor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/files.h"

namespace farm {
namespace {

// A JSON text of one finding.
std::string Finding(const std::string& name, bool needed, bool present) {
  return R"({"name":")" + name + R"(","needed":)" + (needed ? "true" : "false") + R"(,"present":)" +
         (present ? "true" : "false") + R"(,"detail":"found )" + name + R"(","remedy":")" +
         (present ? "" : "mend " + name) + R"("})";
}

std::string Answer(const std::string& findings, bool usable) {
  return R"({"format":"farm-sandbox-doctor/1","findings":[)" + findings + R"(],"usable":)" +
         (usable ? "true" : "false") + "}\n";
}

const std::string kUsable =
    Answer(Finding("landlock", true, true) + "," + Finding("fuse", false, false) + "," +
               Finding("monitor", false, true),
           true);
const std::string kNotUsable =
    Answer(Finding("kernel", true, true) + "," + Finding("landlock", true, false) + "," +
               Finding("fuse", false, false) + "," + Finding("devices", true, false),
           false);

TEST(DoctorAnswer, HasEveryFieldOfEveryFinding) {
  const auto answer = ParseDoctorAnswer(kNotUsable);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(answer->usable);
  ASSERT_EQ(answer->findings.size(), 4u);
  EXPECT_EQ(answer->findings[0].name, "kernel");
  EXPECT_TRUE(answer->findings[0].present);
  EXPECT_EQ(answer->findings[0].remedy, "");
  EXPECT_EQ(answer->findings[1].detail, "found landlock");
  EXPECT_EQ(answer->findings[1].remedy, "mend landlock");
  EXPECT_TRUE(answer->findings[1].needed);
  EXPECT_FALSE(answer->findings[2].needed);
  EXPECT_TRUE(ParseDoctorAnswer(kUsable)->usable);
}

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(DoctorAnswer, IsRefusedUnlessItIsWholeAndAgreesWithItself) {
  const std::string present = Finding("kernel", true, true);
  const struct {
    const char* name;
    std::string text;
  } kCases[] = {
      {"nothing", ""},
      {"no_json", "yes      kernel: Linux 6.1\n"},
      {"no_object", "true"},
      {"cut", kUsable.substr(0, kUsable.size() - 3)},
      {"two_answers", kUsable + kUsable},
      {"another_format", Replaced(kUsable, "doctor/1", "doctor/2")},
      {"no_format", Replaced(kUsable, R"("format":"farm-sandbox-doctor/1",)", "")},
      {"no_verdict", Replaced(kUsable, R"(,"usable":true)", "")},
      {"verdict_is_a_word", Replaced(kUsable, R"("usable":true)", R"("usable":"true")")},
      {"no_findings", Answer("", true)},
      {"findings_are_no_list", Replaced(Answer("", true), "[]", "{}")},
      {"finding_is_a_word", Answer(R"("kernel")", true)},
      {"finding_without_a_name", Answer(Finding("", true, true), true)},
      {"finding_without_present", Answer(Replaced(present, R"("present":true,)", ""), true)},
      {"unknown_field", Answer(Replaced(present, R"("name")", R"("more":1,"name")"), true)},
      {"usable_though_a_need_is_missing", Answer(Finding("kernel", true, false), true)},
      {"not_usable_though_only_a_wish_is_missing", Answer(Finding("fuse", false, false), false)},
      {"missing_without_a_remedy",
       Replaced(kNotUsable, R"("remedy":"mend landlock")", R"("remedy":"")")},
      {"present_with_a_remedy", Replaced(kUsable, R"("remedy":"")", R"("remedy":"mend it")")},
  };
  for (const auto& c : kCases) {
    const auto answer = ParseDoctorAnswer(c.text);
    ASSERT_FALSE(answer) << c.name;
    EXPECT_EQ(answer.error().code, ErrorCode::kInternal) << c.name;
  }
}

TEST(DoctorAnswer, HasLimits) {
  std::string findings = Finding("kernel", true, true);
  for (std::size_t i = 1; i < kDoctorFindingsMax; ++i) {
    findings += "," + Finding("kernel", true, true);
  }
  EXPECT_TRUE(ParseDoctorAnswer(Answer(findings, true)));
  EXPECT_FALSE(ParseDoctorAnswer(Answer(findings + "," + Finding("kernel", true, true), true)));

  const std::string padding(kDoctorBytesMax - kUsable.size(), 'x');
  const std::string longest = Replaced(kUsable, "found fuse", "found fuse" + padding);
  EXPECT_TRUE(ParseDoctorAnswer(longest));
  EXPECT_FALSE(ParseDoctorAnswer(Replaced(longest, "found fuse", "found fusex")));
}

class CheckMachineTest : public ::testing::Test {
 protected:
  // The launcher is a script that goes on with `commands` if it is asked for the doctor.
  void SetLauncher(const std::string& commands) {
    setup_.launcher = temporary_.path() + "/launcher";
    std::ofstream(setup_.launcher) << "#!/bin/sh\n[ \"$*\" = 'doctor --json' ] || exit 2\n"
                                   << commands;
    ASSERT_EQ(chmod(setup_.launcher.c_str(), 0755), 0);
  }
  void SetAnswer(const std::string& answer, int exit_code) {
    std::ofstream(temporary_.path() + "/answer") << answer;
    SetLauncher("cat '" + temporary_.path() + "/answer'\nexit " + std::to_string(exit_code) + "\n");
  }
  Status Check() {
    return CheckMachine(setup_, [&](const std::string& line) { warnings_.push_back(line); });
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  SandboxSetup setup_;
  std::vector<std::string> warnings_;
};

TEST_F(CheckMachineTest, GoesOnWithoutWhatIsOptionalAndSaysSo) {
  SetAnswer(kUsable, 0);
  const Status status = Check();
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(warnings_, std::vector<std::string>{
                           "this machine lacks fuse (optional): found fuse; remedy: mend fuse"});
}

TEST_F(CheckMachineTest, RefusesAMachineThatLacksWhatIsNeededAndNamesTheRemedies) {
  SetAnswer(kNotUsable, 30);
  const Status status = Check();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
  const std::string& message = status.error().message;
  for (const char* part : {"/launcher doctor --json", "found landlock; remedy: mend landlock",
                           "found devices; remedy: mend devices"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  EXPECT_EQ(message.find("fuse"), std::string::npos) << message;
  EXPECT_EQ(warnings_.size(), 3u);
}

TEST_F(CheckMachineTest, KernelLimitsThatAreRequiredNeedACgroup) {
  SetAnswer(Replaced(kUsable, "\"fuse\"", "\"cgroup\""), 0);
  EXPECT_TRUE(Check());
  setup_.require_kernel_limits = true;
  const Status status = Check();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(status.error().message.find("cgroup (needed)"), std::string::npos)
      << status.error().message;
}

TEST_F(CheckMachineTest, PrintsNoBytesOfAForeignTerminal) {
  SetAnswer(Replaced(kUsable, "found fuse", R"(found \u001b[2J\nfuse)"), 0);
  ASSERT_TRUE(Check());
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_EQ(warnings_[0].find_first_of("\x1b\n"), std::string::npos) << warnings_[0];
}

TEST_F(CheckMachineTest, ALauncherThatGivesNoAnswerIsAnErrorThatNamesIt) {
  const struct {
    const char* name;
    std::string commands;
    const char* says;
  } kCases[] = {
      {"knows_no_doctor", "echo 'want run or --help' >&2; exit 2", "want run or --help"},
      {"silent", "exit 70", "exit code 70"},
      {"ended_by_a_signal", "kill -SEGV $$", "signal 11"},
      {"says_nothing_and_succeeds", "exit 0", ""},
      {"says_nothing_and_is_not_usable", "exit 30", ""},
      {"garbage", "echo usable", ""},
  };
  for (const auto& c : kCases) {
    SetLauncher(c.commands + "\n");
    const Status status = Check();
    ASSERT_FALSE(status) << c.name;
    EXPECT_EQ(status.error().Exit(), ExitCode::kInternal) << c.name;
    EXPECT_NE(status.error().message.find(setup_.launcher), std::string::npos) << c.name;
    EXPECT_NE(status.error().message.find(c.says), std::string::npos) << status.error().message;
  }
  setup_.launcher = temporary_.path() + "/none";
  const Status status = Check();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(status.error().message.find(setup_.launcher), std::string::npos);
}

TEST_F(CheckMachineTest, ALauncherThatDoesNotAnswerInTimeIsEnded) {
  SetLauncher("exec sleep 600\n");
  const Status status = CheckMachine(
      setup_, [](const std::string&) {}, std::chrono::seconds(1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().Exit(), ExitCode::kUnavailable);
  EXPECT_NE(status.error().message.find("/launcher doctor --json: no answer in 1 s"),
            std::string::npos)
      << status.error().message;
}

TEST_F(CheckMachineTest, TheExitCodeMustAgreeWithTheAnswer) {
  for (const auto& [answer, exit_code] : {std::pair{kUsable, 30}, std::pair{kNotUsable, 0}}) {
    SetAnswer(answer, exit_code);
    const Status status = Check();
    ASSERT_FALSE(status) << exit_code;
    EXPECT_EQ(status.error().Exit(), ExitCode::kInternal) << exit_code;
    EXPECT_TRUE(warnings_.empty()) << exit_code;
  }
}

TEST_F(CheckMachineTest, TheLauncherHasTheMonitorsSocketAsABuildsHas) {
  SetAnswer(kUsable, 0);
  const std::string answer = "cat '" + temporary_.path() + "/answer'\n";
  SetLauncher("[ -z \"${FARM_SANDBOX_MONITOR_FD+set}\" ] || exit 3\n" + answer);
  EXPECT_TRUE(Check());

  setup_.monitor_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(setup_.monitor_fd, 3);
  SetLauncher("[ \"$FARM_SANDBOX_MONITOR_FD\" = " + std::to_string(setup_.monitor_fd) +
              " ] && [ -e /proc/$$/fd/$FARM_SANDBOX_MONITOR_FD ] || exit 3\n" + answer);
  const Status status = Check();
  EXPECT_TRUE(status) << status.error().message;
  close(setup_.monitor_fd);
}

}  // namespace
}  // namespace farm
