#include "sandbox/tracer.h"

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>

#include "sandbox/ipc_view.h"
#include "sandbox/memory.h"

namespace sandbox {
namespace {

constexpr long kOptions = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
                          PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                          PTRACE_O_TRACESECCOMP;
constexpr std::size_t kCommandLineMax = 8 << 20;  // the kernel's own limit is 6 MB
constexpr int kSystemCallStop = SIGTRAP | 0x80;
constexpr int kKernelsSignal = 0x80;  // SI_KERNEL: no address of memory is to blame

bool Take(std::vector<pid_t>* list, pid_t thread) {
  auto found = std::find(list->begin(), list->end(), thread);
  if (found == list->end()) return false;
  list->erase(found);
  return true;
}

// What a process that has just executed a program is, but for its environment, where make writes
// how many jobs there are. What cannot be read is empty: it was killed meanwhile.
std::uint64_t HashProgram(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  Result<std::string> command_line = ReadFile((folder + "/cmdline").c_str(), kCommandLineMax);
  std::string text = WithoutJobs(command_line.ok() ? *command_line : "");
  for (const char* name : {"/exe", "/cwd"}) {
    char target[PATH_MAX];
    const ssize_t size = readlink((folder + name).c_str(), target, sizeof target);
    text.append(1, '\0').append(target, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }
  return HashText(text.data(), text.size());
}

#ifdef __x86_64__
constexpr std::uint64_t kCompatibilityCode = 0x23;  // the code segment of 32-bit programs
constexpr std::uint64_t kTracedCall = SYS_restart_syscall;
// mov $kTracedCall, %eax; syscall; int3
constexpr std::uint64_t kMakeTracedCall = 0xcc'050f'00000000'b8 | kTracedCall << 8;

bool IsFork(const user_regs_struct& registers) {
  const auto number = static_cast<long>(registers.orig_rax);
  return number == SYS_fork || number == SYS_vfork || number == SYS_clone;
}
bool MakesThread(const user_regs_struct& registers) {
  return registers.orig_rax == SYS_clone && (registers.rdi & CLONE_THREAD) != 0;
}
#endif

}  // namespace

Tracer::Tracer(Family* family, UniqueFd last_pid, int log)
    : family_(family), last_pid_(std::move(last_pid)), log_(log), waits_(family) {}

Status Tracer::Seize(pid_t command) {
  if (ptrace(PTRACE_SEIZE, command, nullptr, kOptions) != 0) {
    return SystemError("following the command (see farm-sandbox doctor)");
  }
  family_->Begin(command);
  return {};
}

void Tracer::Refuse(pid_t process, const std::string& why) {
  Status said = WriteAll(log_, "farm-sandbox: --determinism full: " + why + "\n");
  static_cast<void>(said);  // a log that nobody reads changes nothing
  kill(process, SIGKILL);
}

// Whoever was killed meanwhile is not as it must be either, and nothing is to be said of it.
void Tracer::RefuseStart(pid_t process) {
  siginfo_t info = {};
  if (ptrace(PTRACE_GETSIGINFO, process, nullptr, &info) != 0 && errno == ESRCH) return;
  Refuse(process, "a program's start cannot be made the same everywhere");
}

// A thread that was killed meanwhile cannot be resumed, and need not be: its end is told apart.
void Tracer::Resume(pid_t thread, int signal) { ptrace(PTRACE_CONT, thread, nullptr, signal); }
void Tracer::ResumeToExit(pid_t thread) { ptrace(PTRACE_SYSCALL, thread, nullptr, 0); }

void Tracer::Birth(pid_t parent) {
  unsigned long child = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child) == 0 && child != 0) {
    auto id = static_cast<pid_t>(child);
    family_->Born(parent, id, forking_.is_of_thread ? parent : id);
    if (Take(&early_, id)) {
      Resume(id, 0);
    } else {
      unborn_.push_back(id);
    }
  }
  if (forking_.caller == parent) ForkIsOver();
  Resume(parent, 0);
}

// The kernel gives the next free id after the last one. Only one thread at a time may make a child,
// so that the last one is still ours.
void Tracer::LetFork(const Fork& fork) {
  forking_ = fork;
  std::string last = std::to_string(WantedPid(family_->NextChild(fork.caller)) - 1);
  if (pwrite(last_pid_.get(), last.data(), last.size(), 0) < 0) {
    Refuse(family_->ProcessOf(fork.caller), SystemError("choosing a process id").message());
  }
  // To the exit: a fork that fails has no birth.
  ResumeToExit(fork.caller);
}

void Tracer::AskToFork(const Fork& fork) {
  if (forking_.caller == 0) return LetFork(fork);
  waiting_.push_back(fork);
}

void Tracer::ForkIsOver() {
  forking_ = {};
  if (waiting_.empty()) return;
  const Fork next = waiting_.front();
  waiting_.erase(waiting_.begin());
  LetFork(next);
}

void Tracer::Execution(pid_t process) {
  unsigned long former = 0;
  if (ptrace(PTRACE_GETEVENTMSG, process, nullptr, &former) != 0) return;
  family_->Executed(process, former == 0 ? process : static_cast<pid_t>(former),
                    HashProgram(process));
#ifdef __x86_64__
  user_regs_struct registers = {};
  // It was killed meanwhile.
  if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) return;
  if ((registers.cs & 0xffff) == kCompatibilityCode) {
    char name[PATH_MAX];
    std::string link = "/proc/" + std::to_string(process) + "/exe";
    ssize_t size = readlink(link.c_str(), name, sizeof name);
    return Refuse(process,
                  "cannot run a 32-bit program: " +
                      std::string(name, static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
  }
  const std::optional<std::uint64_t> vdso = HideKernelsGifts(process, registers.rsp, family_);
  if (!vdso.has_value()) return RefuseStart(process);
  if (*vdso != 0 && !BeginUnmapping(process, *vdso, registers)) return RefuseStart(process);
#endif
  Resume(process, 0);
}

#ifdef __x86_64__

// The process is still in execve. It comes back to instructions that we put into the kernel's
// pages, for this process alone: they make a call at which the filter stops it, which becomes
// another one. A signal in between ends the process, stops it or does nothing: it has no handlers
// yet.
bool Tracer::BeginUnmapping(pid_t process, std::uint64_t vdso, const user_regs_struct& registers) {
  const std::optional<KernelsPages> pages = finder_.Find(process, vdso);
  if (!pages.has_value()) return false;
  if (ptrace(PTRACE_POKETEXT, process, vdso, kMakeTracedCall) != 0) return false;
  unmapping_[process] = {*pages, registers};
  unmapping_[process].registers.rax = 0;  // as execve is about to say
  user_regs_struct changed = registers;
  changed.rip = vdso;
  return ptrace(PTRACE_SETREGS, process, nullptr, &changed) == 0;
}

void Tracer::Unmap(pid_t process, const KernelsPages& pages, user_regs_struct registers) {
  registers.orig_rax = SYS_munmap;
  registers.rdi = pages.begin;
  registers.rsi = pages.end - pages.begin;
  if (ptrace(PTRACE_SETREGS, process, nullptr, &registers) != 0) return RefuseStart(process);
  ResumeToExit(process);
}

void Tracer::EndUnmapping(pid_t process, const Unmapping& unmapping) {
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0 || registers.rax != 0 ||
      ptrace(PTRACE_SETREGS, process, nullptr, &unmapping.registers) != 0) {
    return RefuseStart(process);
  }
  Resume(process, 0);
}

#endif

void Tracer::SystemCall(pid_t thread) {
#ifdef __x86_64__
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return;
  if (auto found = unmapping_.find(thread); found != unmapping_.end()) {
    return Unmap(thread, found->second.pages, registers);
  }
  if (IsFork(registers)) {
    waits_.Forget(thread);
    return AskToFork({thread, MakesThread(registers)});
  }
  if (AsksForIpcTimes(registers) || waits_.Enter(thread, &registers)) return ResumeToExit(thread);
#endif
  Resume(thread, 0);
}

void Tracer::Exit(pid_t thread) {
  if (forking_.caller == thread) ForkIsOver();  // it had no child
#ifdef __x86_64__
  if (auto found = unmapping_.extract(thread); !found.empty()) {
    return EndUnmapping(thread, found.mapped());
  }
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) == 0) {
    if (AsksForIpcTimes(registers)) {
      ShowIpcTimes(thread, registers, *family_);
    } else {
      waits_.Leave(thread, &registers);
    }
  }
#endif
  Resume(thread, 0);
}

// RDTSC and RDTSCP, which PR_SET_TSC makes fault.
bool Tracer::AnswerCounter(pid_t thread) {
#ifdef __x86_64__
  siginfo_t info = {};
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETSIGINFO, thread, nullptr, &info) != 0 || info.si_code != kKernelsSignal ||
      ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) {
    return false;
  }
  unsigned char code[3] = {};
  bool is_long = ReadMemory(thread, registers.rip, code, 3);
  if (!is_long && !ReadMemory(thread, registers.rip, code, 2)) return false;
  bool is_rdtsc = code[0] == 0x0f && code[1] == 0x31;
  bool is_rdtscp = is_long && code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9;
  if (!is_rdtsc && !is_rdtscp) return false;
  auto count = static_cast<std::uint64_t>(family_->LookAtElapsed(thread));
  registers.rax = count & 0xffffffff;
  registers.rdx = count >> 32;
  if (is_rdtscp) registers.rcx = 0;
  registers.rip += is_rdtscp ? 3 : 2;
  return ptrace(PTRACE_SETREGS, thread, nullptr, &registers) == 0;
#else
  static_cast<void>(thread);
  return false;
#endif
}

void Tracer::Signal(const Stop& stop) {
  bool is_answered = stop.signal == SIGSEGV && AnswerCounter(stop.thread);
  Resume(stop.thread, is_answered ? 0 : stop.signal);
}

void Tracer::Handle(const Stop& stop) {
  switch (stop.event) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      return Birth(stop.thread);
    case PTRACE_EVENT_EXEC:
      return Execution(stop.thread);
    case PTRACE_EVENT_SECCOMP:
      return SystemCall(stop.thread);
    case PTRACE_EVENT_STOP:
      if (stop.signal == SIGSTOP || stop.signal == SIGTSTP || stop.signal == SIGTTIN ||
          stop.signal == SIGTTOU) {
        ptrace(PTRACE_LISTEN, stop.thread, nullptr, nullptr);  // stopped, until it is continued
        return;
      }
      if (Take(&unborn_, stop.thread) || family_->Knows(stop.thread)) return Resume(stop.thread, 0);
      early_.push_back(stop.thread);
      return;
    default:
      if (stop.signal == kSystemCallStop) return Exit(stop.thread);
      return Signal(stop);
  }
}

int Tracer::ServeUntilEnd(pid_t command) {
  while (true) {
    int status = 0;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      if (errno == EINTR) continue;
      return 0;  // ECHILD: the command was not ours; cannot be
    }
    if (WIFSTOPPED(status)) {
      Handle({thread, WSTOPSIG(status), status >> 16});
      continue;
    }
    family_->Ended(thread);
    waits_.Ended(thread);
    unmapping_.erase(thread);
    std::erase_if(waiting_, [&](const Fork& fork) { return fork.caller == thread; });
    if (forking_.caller == thread) ForkIsOver();
    if (thread == command) return status;
  }
}

}  // namespace sandbox
