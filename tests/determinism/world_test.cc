// What a command with a level of determinism sees, on the real launcher: the same in every run,
// under load too, and in the right order.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/attacks/harness.h"

namespace determinism {
namespace {

using attacks::Bench;
using attacks::Ran;

constexpr const char* kClock = "1600000000";  // 2020-09-13

// As udev does on every Debian; a machine without it keeps the device to root.
void OpenFuse() {
  if (geteuid() == 0) chmod("/dev/fuse", 0666);
}

class World : public testing::Test {
 protected:
  World() { OpenFuse(); }

  Ran Look(const std::vector<std::string>& look, const std::string& level = "full") {
    std::vector<std::string> options = {"--determinism", level};
    if (level == "full") options.insert(options.end(), {"--clock", kClock});
    return bench_.Do(look, options);
  }

  Bench bench_;
};

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

INSTANTIATE_TEST_SUITE_P(Looks, SameEveryTime,
                         testing::Values(Row{"clock", {"clock"}}, Row{"chance", {"chance"}},
                                         Row{"family", {"family", "12"}},
                                         Row{"threads", {"threads", "8"}}, Row{"files", {"files"}},
                                         Row{"machine", {"machine"}}),
                         [](const testing::TestParamInfo<Row>& info) {
                           return std::string(info.param.name);
                         });

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

TEST_F(World, WaitsEndInTimeAndDoNotSpin) {
  for (const char* level : {"off", "full"}) {
    EXPECT_EQ(Look({"waits"}, level).log, "waited") << level;
  }
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

TEST_F(World, A32BitProgramIsRefusedByName) {
  std::filesystem::path program = bench_.root() / "bin/old";
  std::ofstream(program, std::ios::binary) << OldProgram();
  std::filesystem::permissions(program, std::filesystem::perms(0755));
  Ran ran = Look({"execute", "/bin/old"});
  // Many kernels refuse it themselves.
  if (ran.log == "ENOEXEC") return;
  EXPECT_EQ(ran.exit_code, 40) << ran.diagnostics;
  EXPECT_EQ(ran.log, "farm-sandbox: --determinism full: cannot run a 32-bit program: /bin/old");
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
