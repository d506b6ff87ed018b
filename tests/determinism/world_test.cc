// What a command with a level of determinism sees, on the real launcher: the same in every run,
// under load too, and in the right order.
#include "tests/determinism/world.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace determinism {
namespace {

// Keeps a processor busy as long as it lives.
class Load {
 public:
  Load() : pid_(fork()) {
    while (pid_ == 0) {
    }
  }
  ~Load() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

struct Row {
  const char* name;
  std::vector<std::string> look;
};

class SameEveryTime : public World, public testing::WithParamInterface<Row> {};

TEST_P(SameEveryTime, UnderLoadToo) {
  Ran first = Look(GetParam().look);
  ASSERT_EQ(first.exit_code, 0) << first.diagnostics;
  ASSERT_FALSE(first.log.empty());
  for (int run = 0; run < 4; ++run) {
    std::vector<Load> load(run % 2 == 0 ? 0 : 3);
    Ran again = Look(GetParam().look);
    EXPECT_EQ(again.log, first.log) << again.diagnostics;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Looks, SameEveryTime,
    testing::Values(Row{"clock", {"clock"}}, Row{"chance", {"chance"}},
                    Row{"family", {"family", "12"}}, Row{"threads", {"threads", "8"}},
                    Row{"files", {"files"}}, Row{"machine", {"machine"}}, Row{"spawn", {"spawn"}},
                    Row{"socket_waits", {"socket-waits"}}, Row{"time_left", {"time-left"}},
                    Row{"addresses", {"addresses"}}),
    [](const testing::TestParamInfo<Row>& info) { return std::string(info.param.name); });

// Without a level the same looks differ: the rows above can fail.
TEST_F(World, WithoutALevelItIsTheMachines) {
  for (const char* look : {"clock", "chance"}) {
    EXPECT_NE(Look({look}, "off").log, Look({look}, "off").log) << look;
  }
  EXPECT_NE(Look({"machine"}, "off").log, Look({"machine"}, "full").log);
}

TEST_F(World, TheClockIsTheOneThatWasGiven) {
  EXPECT_EQ(Look({"clock"}).log.rfind("realtime 1600000000.500 day 1600000000 time 1600000000", 0),
            0u);
}

TEST_F(World, OneProcessorUnderEachLevel) {
  for (const char* level : {"off", "fixed", "full"}) {
    Ran ran = Look({"machine"}, level);
    EXPECT_NE(ran.log.find("online 1\n"), std::string::npos) << level << ran.log;
    std::size_t first = ran.log.find("processor\t: 0");
    EXPECT_NE(first, std::string::npos) << level;
    EXPECT_EQ(ran.log.find("processor\t:", first + 1), std::string::npos) << level;
  }
}

// Word `index` of each line that begins with `first`.
std::vector<std::string> WordsOf(const std::string& log, const std::string& first, int index) {
  std::vector<std::string> found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> all(std::istream_iterator<std::string>(words), {});
    if (!all.empty() && all[0] == first) found.push_back(all.at(static_cast<std::size_t>(index)));
  }
  return found;
}

TEST_F(World, DirectoriesHaveOneOrderUnderEachLevel) {
  for (const char* level : {"fixed", "full"}) {
    EXPECT_EQ(WordsOf(Look({"files"}, level).log, "entry", 1),
              (std::vector<std::string>{".", "..", "z", "m", "a", "k"}))
        << level;
  }
}

// A directory and a look at the file itself say the same; so do both levels, and not the machine.
TEST_F(World, FilesHaveTheSameNumbersUnderEachLevel) {
  const std::string file = "/build/folder/a";
  std::string fixed = Look({"files"}, "fixed").log;
  std::string full = Look({"files"}, "full").log;
  for (int word : {2, 4}) EXPECT_EQ(WordsOf(fixed, file, word), WordsOf(full, file, word)) << word;
  EXPECT_EQ(WordsOf(fixed, "entry", 2), WordsOf(full, "entry", 2));
  EXPECT_EQ(WordsOf(fixed, "entry", 2).at(4), WordsOf(fixed, file, 4).at(0));
  EXPECT_NE(WordsOf(Look({"files"}, "off").log, "entry", 2), WordsOf(fixed, "entry", 2));
}

TEST_F(World, AFolderCanBeEmptiedWhileItIsRead) {
  for (const char* level : {"fixed", "full"}) {
    EXPECT_EQ(Look({"empty", "3000"}, level).log, "removed 3000 left 2 folder 0") << level;
  }
}

TEST_F(World, FilesAreWhoTheyAre) {
  for (const char* level : {"off", "fixed", "full"}) {
    EXPECT_EQ(Look({"identity"}, level).log, "looked") << level;
  }
}

TEST_F(World, NewerIsNewer) {
  for (const char* level : {"off", "full"}) {
    EXPECT_EQ(Look({"order"}, level).log, "looked") << level;
  }
}

// A look, the seconds that it waits, and what it may use of the processor.
struct Waiting {
  const char* look;
  double seconds;
  double cpu_seconds_max;  // 0: it computes
};

class WaitsEndInTime : public World, public testing::WithParamInterface<Waiting> {};

// By the clock that the program sees, by what the machine's clock leaves on files, and by the
// launcher's own; and without spinning.
TEST_P(WaitsEndInTime, AndDoNotSpin) {
  constexpr double kLate = 100;  // a machine with other work
  constexpr const char* kLongest = "120";
  for (const char* level : {"off", "full"}) {
    bool is_full = std::string(level) == "full";
    std::vector<std::string> options = {"--determinism", level, "--wall-seconds", kLongest};
    if (is_full) options.insert(options.end(), {"--clock", kClock});
    Ran ran = bench_.Do({GetParam().look, is_full ? kLongest : "0"}, options);
    EXPECT_EQ(ran.log, "waited") << level << ran.diagnostics;
    const nlohmann::json usage = ran.result.value("usage", nlohmann::json::object());
    double wall = usage.value("wall_milliseconds", -1.0) / 1000;
    double cpu = usage.value("cpu_milliseconds", -1.0) / 1000;
    EXPECT_GE(wall, GetParam().seconds) << level;
    EXPECT_LT(wall, GetParam().seconds + kLate) << level;
    EXPECT_GE(cpu, 0) << level;
    if (GetParam().cpu_seconds_max > 0) {
      EXPECT_LT(cpu, GetParam().cpu_seconds_max) << level;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Looks, WaitsEndInTime,
                         testing::Values(Waiting{"waits", 2.6, 1.3}, Waiting{"ringing", 2.0, 1.25},
                                         Waiting{"other-clocks", 0.8, 0}),
                         [](const testing::TestParamInfo<Waiting>& info) {
                           std::string name = info.param.look;
                           std::erase(name, '-');
                           return name;
                         });

// They end when they say, under `full` as without, and move no clock there.
TEST_F(World, WaitsThatASocketHasTheEndOfEndAndMoveNoClock) {
  constexpr int kTogether = 900;  // milliseconds
  for (const char* level : {"off", "full"}) {
    Ran ran = Look({"socket-waits"}, level);
    EXPECT_EQ(ran.exit_code, 0) << level << ran.diagnostics;
    const std::string ends =
        "SO_RCVTIMEO -1 EAGAIN\nrecvmmsg, SO_RCVTIMEO 2\nrecvmmsg 1\nSO_SNDTIMEO EAGAIN\n";
    EXPECT_EQ(ran.log.rfind(ends, 0), 0u) << level << ran.log;
    const nlohmann::json usage = ran.result.value("usage", nlohmann::json::object());
    EXPECT_GE(usage.value("wall_milliseconds", -1), kTogether) << level;
    const bool moves = WordsOf(ran.log, "passed", 1) != std::vector<std::string>{"0.000"};
    EXPECT_EQ(moves, std::string(level) == "off") << ran.log;
    // A hundred looks lack to the next step of the clock.
    const std::vector<std::string> waits = WordsOf(ran.log, "waits", 1);
    ASSERT_EQ(waits.size(), 1u) << ran.log;
    EXPECT_EQ(std::stoi(waits[0]) > 50, std::string(level) == "full") << ran.log;
  }
}

// What README.md says not to be guaranteed, on a file system that gives a number again.
TEST_F(World, AFileThatGetsARemovedOnesNumberIsShownWithItUnderEachLevel) {
  const std::filesystem::path work = bench_.NewDirectory("work", 0777);
  auto look = [&](const std::string& level, const std::vector<std::string>& more) {
    std::vector<std::string> options = {"--determinism", level};
    if (level == "full") options.insert(options.end(), {"--clock", kClock});
    options.insert(options.end(), more.begin(), more.end());
    Ran ran = bench_.Do({"reuse"}, options);
    EXPECT_EQ(ran.exit_code, 0) << level << ran.diagnostics;
    return ran.log;
  };
  const std::string of_this_machine = look("off", {"--work", work});
  for (const char* level : {"fixed", "full"}) {
    EXPECT_EQ(look(level, {"--work", work}), of_this_machine) << level;
    // A tmpfs never does.
    EXPECT_EQ(look(level, {}), "never") << level;
  }
}

// By a clock that the launcher has nothing to do with.
TEST_F(World, ASecondTakesASecond) {
  for (const char* level : {"off", "full"}) {
    auto begin = std::chrono::steady_clock::now();
    Ran ran = Look({"second"}, level);
    std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (std::string(level) == "full") {
      EXPECT_EQ(ran.log, "1.0") << ran.diagnostics;
    }
    EXPECT_GE(passed.count(), 1) << level;
    EXPECT_LT(passed.count(), 60) << level;
  }
}

TEST_F(World, ATimerThatIsTakenOffMovesNoClock) {
  Ran ran = Look({"taken-off"});
  EXPECT_EQ(ran.log, "0.0") << ran.diagnostics;
}

TEST_F(World, NobodyDebugsUnderFull) {
  EXPECT_EQ(Look({"debug"}, "off").log, "traced");
  EXPECT_EQ(Look({"debug"}, "fixed").log, "traced");
  EXPECT_EQ(Look({"debug"}).log, "EPERM");
}

// A timer, or a wait that was disturbed, has its whole time left by a clock that stood still.
TEST_F(World, TimeLeftIsByTheClockThatIsShown) {
  Ran ran = Look({"time-left"});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  for (const char* look : {"timerfd_gettime", "timerfd_settime", "ppoll", "pselect6", "recvmmsg"}) {
    EXPECT_EQ(WordsOf(ran.log, look, 1), std::vector<std::string>{"4.300000000"}) << look;
  }
  const std::vector<std::string> timers = {"4.300000000", "1000000.000000000"};
  EXPECT_EQ(
      WordsOf(ran.log, "timer_gettime", 1),
      (std::vector<std::string>{timers[0], timers[1], timers[0], timers[1], timers[0], timers[1]}));
  EXPECT_EQ(WordsOf(ran.log, "timer_settime", 1), std::vector<std::string>(3, timers[0]));
  const std::vector<std::string> alarms = {"4.300000", "0.000000"};
  EXPECT_EQ(
      WordsOf(ran.log, "getitimer", 1),
      (std::vector<std::string>{alarms[0], alarms[1], alarms[0], alarms[1], alarms[0], alarms[1]}));
  EXPECT_EQ(WordsOf(ran.log, "setitimer", 1), std::vector<std::string>(3, alarms[0]));
  EXPECT_NE(ran.log.find("\nalarm 4 7 0\n"), std::string::npos) << ran.log;
  EXPECT_EQ(WordsOf(ran.log, "select", 1), std::vector<std::string>{"4.300000"});
  EXPECT_NE(ran.log.find("\nEINTR nanosleep 4.300000000\n"), std::string::npos) << ran.log;
  EXPECT_NE(ran.log.find("\ncame to its end 1"), std::string::npos) << ran.log;
  EXPECT_EQ(Look({"time-left"}, "off").log.find("4.300000000"), std::string::npos);
}

TEST_F(World, AWaitThatAHandlerHasEndedIsOver) {
  EXPECT_EQ(Look({"old-wait"}).log, "nanosleep -1 poll 1 left 77 88");
}

TEST_F(World, MemoryAndQueuesOfSystemVHaveTheTimeOfTheClock) {
  const std::string clock = kClock;
  const std::string log = Look({"ipc"}).log;
  EXPECT_EQ(log.rfind("segment " + clock + " 0 " + clock + " " + clock + " 3\nsemaphores " + clock +
                          " " + clock + "\nqueue " + clock + " " + clock + " 0\n",
                      0),
            0u)
      << log;
  // The files that list them are not there.
  EXPECT_NE(log.find("\nshm 0\nsem 0\nmsg 0"), std::string::npos) << log;
}

// Ports and names that nobody asked for; where TCP is refused it stays so.
TEST_F(World, WhatASocketGetsWithoutAskingIsNotTheKernelsChoice) {
  const std::string log = Look({"addresses"}).log;
  for (const char* port : {"bound", "listening", "connected", "sending"}) {
    const std::vector<std::string> given = WordsOf(log, port, 1);
    ASSERT_EQ(given.size(), 1u) << log;
    EXPECT_GE(std::stoi(given[0]), 32768) << port;
  }
  EXPECT_EQ(WordsOf(log, "TCP", 1), std::vector<std::string>{"EACCES"}) << log;
  EXPECT_NE(log, Look({"addresses"}, "off").log);
}

TEST_F(World, NumbersThatTheKernelCountsForTheWholeMachineAreNotTold) {
  const std::string of_files =
      "PIDFD_GET_INFO ENOTTY\nNS_GET_ID ENOTTY\nFS_IOC_GETFSUUID ENOTTY\n"
      "FS_IOC_GETVERSION ENOTTY\nFS_IOC_FIEMAP ENOTTY\nmask 7ff mount 0000000000000000";
  for (const char* level : {"fixed", "full"}) {
    const std::string log = Look({"numbers"}, level).log;
    EXPECT_NE(log.find(of_files), std::string::npos) << level << log;
  }
  const std::string full = Look({"numbers"}).log;
  EXPECT_EQ(WordsOf(full, "stamp", 1), std::vector<std::string>(6, "ENOPROTOOPT"));
  EXPECT_EQ(WordsOf(full, "option", 1), std::vector<std::string>(3, "ENOPROTOOPT"));
}

TEST_F(World, NobodyIsBornUnseen) {
  EXPECT_EQ(Look({"untraced"}).log, "EPERM");
  EXPECT_EQ(Look({"untraced"}, "fixed").log, "born");
}

// The next two say what even `full` cannot hide, as README.md does: if one fails, it can.
TEST_F(World, WhatAnInstructionSaysOfTheProcessorIsTheMachines) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  std::vector<std::string> logs;
  for (int cpu = 0; cpu < CPU_SETSIZE && logs.size() < 2; ++cpu) {
    if (!CPU_ISSET(cpu, &all)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    logs.push_back(Look({"processor"}).log);
  }
  sched_setaffinity(0, sizeof all, &all);
  if (logs.size() < 2) return;  // one processor, of which there is no other to tell it from
  for (const char* what : {"cpuid", "segment"}) {
    EXPECT_NE(WordsOf(logs[0], what, 1), WordsOf(logs[1], what, 1)) << what << logs[0];
  }
  const std::vector<std::string> none = {"0"};
  for (const char* what : {"rdrand", "rdpid"}) {
    bool is_missing = WordsOf(logs[0], what, 1) == none && WordsOf(logs[1], what, 1) == none;
    EXPECT_TRUE(is_missing || WordsOf(logs[0], what, 1) != WordsOf(logs[1], what, 1)) << what;
  }
}

TEST_F(World, Wait4AndProcTellWhatIsTheMachines) {
  std::string one = Look({"used"}).log;
  std::string other = Look({"used"}).log;
  EXPECT_EQ(one.rfind("wait4 1 getrusage 0\n", 0), 0u) << one;
  EXPECT_NE(WordsOf(one, "link", 1), WordsOf(other, "link", 1)) << one;
  EXPECT_EQ(WordsOf(one, "fstat", 1), WordsOf(other, "fstat", 1)) << one;
}

// A 32-bit program that ends at once: mov $1, %eax; xor %ebx, %ebx; int $0x80.
std::string OldProgram() {
  const unsigned char code[] = {0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80};
  constexpr Elf32_Addr kBase = 0x8048000;
  Elf32_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_386;
  header.e_version = EV_CURRENT;
  header.e_entry = kBase + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr);
  header.e_phoff = header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf32_Phdr);
  header.e_phnum = 1;
  Elf32_Phdr segment = {};
  segment.p_type = PT_LOAD;
  segment.p_vaddr = segment.p_paddr = kBase;
  segment.p_filesz = segment.p_memsz = sizeof header + sizeof segment + sizeof code;
  segment.p_flags = PF_R | PF_X;
  segment.p_align = 0x1000;
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) +
         std::string(reinterpret_cast<const char*>(&segment), sizeof segment) +
         std::string(reinterpret_cast<const char*>(code), sizeof code);
}

// Whether this machine's kernel executes `program`, which ends at once with 0.
bool Executes(const std::filesystem::path& program) {
  pid_t child = fork();
  if (child == 0) {
    execl(program.c_str(), program.c_str(), nullptr);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(World, A32BitProgramIsRefusedByName) {
  std::filesystem::path program = bench_.root() / "bin/old";
  std::ofstream(program, std::ios::binary) << OldProgram();
  std::filesystem::permissions(program, std::filesystem::perms(0755));
  Ran ran = Look({"execute", "/bin/old"});
  // Where the kernel has none to run it says so itself, to the command.
  const bool runs_here = Executes(program);
  EXPECT_EQ(ran.exit_code == 40, runs_here) << ran.diagnostics;
  EXPECT_EQ(ran.log, runs_here
                         ? "farm-sandbox: --determinism full: cannot run a 32-bit program: /bin/old"
                         : "ENOEXEC");
}

// Not even that of the kernel's pages in the list of its mappings.
TEST_F(World, AProgramMayHaveAnyName) {
  const std::string name = "/bin/a [vdso] of [v2]";
  std::filesystem::copy_file(bench_.root() / "bin/hostile", bench_.root().string() + name);
  Ran ran = bench_.Run({"--root-dir", bench_.root(), "--determinism", "full", "--clock", kClock,
                        "--", name, "untraced"});
  EXPECT_EQ(ran.exit_code, 0) << ran.diagnostics;
  EXPECT_EQ(ran.log, "EPERM");
}

TEST_F(World, FullWantsAClockAndOnlyFull) {
  EXPECT_EQ(bench_.Run({"--root-dir", bench_.root(), "--determinism", "full", "--", "/bin/hostile"})
                .exit_code,
            2);
  EXPECT_EQ(
      bench_.Run({"--root-dir", bench_.root(), "--clock", kClock, "--", "/bin/hostile"}).exit_code,
      2);
}

}  // namespace
}  // namespace determinism
