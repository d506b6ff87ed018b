// A program that is started in unusual ways: `start_probe HOW [ARGUMENT...]`. Most ways lead to the
// same program again, with the arguments behind them: `again again pages`. Static: it is the only
// file in the root of the tests' sandbox, /bin/hostile. Prints what it sees.
#include <elf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Arguments = std::vector<std::string>;

constexpr const char* kSelf = "/bin/hostile";

[[noreturn]] void Become(const Arguments& words) {
  std::vector<char*> argv = {const_cast<char*>(kSelf)};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execv(kSelf, argv.data());
  std::perror(kSelf);
  _exit(9);
}

Arguments WithoutFirst(const Arguments& words) {
  return words.empty() ? words : Arguments(words.begin() + 1, words.end());
}

// The pages of the kernel's own in this program's memory, and what is said to who wants them back.
void Pages(const Arguments&) {
#ifdef __x86_64__
  constexpr int kMapVdso = 0x2003;  // ARCH_MAP_VDSO_64
  std::ifstream maps("/proc/self/maps");
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    const bool is_vdso = line.find("[vdso]") != std::string::npos;
    found += is_vdso || line.find("[vvar") != std::string::npos ? 1 : 0;
  }
  const long mapped = syscall(SYS_arch_prctl, kMapVdso, 0x10000000);
  std::printf("pages %d again %s\n", found, mapped < 0 ? strerrorname_np(errno) : "mapped");
#endif
}

// Which signals are blocked and ignored.
void Signals(const Arguments&) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("SigBlk", 0) == 0 || line.rfind("SigIgn", 0) == 0) std::puts(line.c_str());
  }
}

void Again(const Arguments& words) { Become(words); }

// With all signals blocked, and those ignored by which a tracer stops programs.
void Masked(const Arguments& words) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  for (int number : {SIGTRAP, SIGSEGV, SIGSYS}) std::signal(number, SIG_IGN);
  Become(words);
}

void ByVfork(const Arguments& words) {
  const pid_t child = vfork();
  if (child == 0) Become(words);
  waitpid(child, nullptr, 0);
}

// From another thread than the first, while that makes children.
void ByThread(const Arguments& words) {
  std::thread([&words] {
    std::this_thread::yield();
    Become(words);
  }).detach();
  while (true) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
  }
}

// With an environment of so many bytes.
void Long(const Arguments& words) {
  constexpr std::size_t kWordMax = 100000;
  clearenv();
  for (std::size_t left = std::stoul(words.at(0)); left > 0; left -= std::min(left, kWordMax)) {
    setenv(("V" + std::to_string(left)).c_str(), std::string(std::min(left, kWordMax), 'x').c_str(),
           1);
  }
  Become(WithoutFirst(words));
}

// Under a filter of its own, which says `answer` to munmap.
void UnderFilter(std::uint32_t answer, const Arguments& words) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(filter), filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) std::perror("seccomp");
  Become(words);
}
void UnmapsNothing(const Arguments& words) { UnderFilter(SECCOMP_RET_ERRNO | 0, words); }
void MayNotUnmap(const Arguments& words) { UnderFilter(SECCOMP_RET_ERRNO | EPERM, words); }
void UnmapsTraced(const Arguments& words) { UnderFilter(SECCOMP_RET_TRACE, words); }

// Where a program that is told five letters finds what the kernel tells it of the vDSO.
void Where(const Arguments&) {
  char** end = environ;
  while (*end != nullptr) ++end;
  std::printf("%p\n", static_cast<void*>(end + 1));
}

// Starts `pages` again and again, and writes all the while over what it is told of the vDSO.
void Overwritten(const Arguments&) {
  std::array<int, 2> ends = {};
  if (pipe(ends.data()) != 0) std::exit(9);
  if (fork() == 0) {
    dup2(ends[1], 1);
    Become({"where"});
  }
  close(ends[1]);
  char text[64] = {};
  if (read(ends[0], text, sizeof text - 1) <= 0) std::exit(9);
  void* place = nullptr;
  if (std::sscanf(text, "%p", &place) != 1) std::exit(9);
  wait(nullptr);
  std::uint64_t none = AT_IGNORE;
  const iovec here = {&none, sizeof none};
  const iovec there = {place, sizeof none};
  bool has_written = false;
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) Become({"pages"});
    while (waitpid(child, nullptr, WNOHANG) == 0) {
      has_written = process_vm_writev(child, &here, 1, &there, 1, 0) > 0 || has_written;
    }
  }
  if (!has_written) std::exit(9);
}

// Starts `thread pages` again and again; in between everybody can make children.
void Storm(const Arguments&) {
  for (int i = 0; i < 30; ++i) {
    const pid_t child = fork();
    if (child == 0) Become({"thread", "pages"});
    waitpid(child, nullptr, 0);
  }
}

// Stops programs, and lets them go on, at any time of their start.
void Stopped(const Arguments&) {
  for (int i = 0; i < 60; ++i) {
    const pid_t child = fork();
    if (child == 0) Become({"pages"});
    for (std::atomic<int> j = 0; j < 3000 * i; ++j) continue;
    kill(child, SIGSTOP);
    for (std::atomic<int> j = 0; j < 20000; ++j) continue;
    kill(child, SIGCONT);
    waitpid(child, nullptr, 0);
  }
}

// Kills processes that make children: how many of the children never came to their end.
void Orphans(const Arguments&) {
  int kept = 0;
  for (int i = 0; i < 40; ++i) {
    std::array<int, 2> ends = {};
    if (pipe(ends.data()) != 0) std::exit(9);
    const pid_t parent = fork();
    while (parent == 0) {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      if (child > 0) waitpid(child, nullptr, 0);
    }
    close(ends[1]);
    for (std::atomic<int> j = 0; j < 20000 * (i % 7 + 1); ++j) continue;
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    pollfd end = {ends[0], 0, 0};
    kept += poll(&end, 1, 10000) == 1 && (end.revents & POLLHUP) != 0 ? 0 : 1;
    close(ends[0]);
  }
  std::printf("kept %d\n", kept);
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, void (*)(const Arguments&)> ways = {
      {"again", Again},
      {"long", Long},
      {"masked", Masked},
      {"may-not-unmap", MayNotUnmap},
      {"orphans", Orphans},
      {"overwritten", Overwritten},
      {"pages", Pages},
      {"signals", Signals},
      {"stopped", Stopped},
      {"storm", Storm},
      {"thread", ByThread},
      {"unmaps-nothing", UnmapsNothing},
      {"unmaps-traced", UnmapsTraced},
      {"vfork", ByVfork},
      {"where", Where},
  };
  auto way = argc < 2 ? ways.end() : ways.find(argv[1]);
  if (way == ways.end()) return 2;
  way->second(Arguments(argv + 2, argv + argc));
  return 0;
}
