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
#include <utility>

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
constexpr std::uint64_t kCompatibilityCode = 0x23;    // the code segment of 32-bit programs
constexpr std::uint64_t kNoCall = ~std::uint64_t{0};  // nothing that the kernel would begin again

bool IsFork(const user_regs_struct& registers) {
  const auto number = static_cast<long>(registers.orig_rax);
  return number == SYS_fork || number == SYS_vfork || number == SYS_clone;
}
bool MakesThread(const user_regs_struct& registers) {
  return registers.orig_rax == SYS_clone && (registers.rdi & CLONE_THREAD) != 0;
}

// A program's own filter may say that munmap has succeeded.
bool IsMapped(pid_t process, std::uint64_t address) {
  errno = 0;
  ptrace(PTRACE_PEEKTEXT, process, address & ~std::uint64_t{7}, nullptr);
  return errno == 0;
}
#endif

// Has not been resumed from the call at which it asked. Whoever has executed a program meanwhile,
// and may have its id now, is somewhere else.
bool StandsAtCall(pid_t thread) {
  siginfo_t info = {};
  return ptrace(PTRACE_GETSIGINFO, thread, nullptr, &info) == 0 &&
         info.si_code == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
}

}  // namespace

Tracer::Tracer(Family* family, UniqueFd last_pid, int log)
    : family_(family), last_pid_(std::move(last_pid)), log_(log), waits_(family) {}

Status Tracer::Seize(pid_t command) {
  if (ptrace(PTRACE_SEIZE, command, nullptr, kOptions) != 0) {
    return SystemError("following the command (see farm-sandbox doctor)");
  }
  family_->Begin(command);
  followed_.insert(command);
  return {};
}

void Tracer::Refuse(pid_t process, const std::string& why) {
  Status said = WriteAll(log_, "farm-sandbox: --determinism full: " + why + "\n");
  static_cast<void>(said);  // a log that nobody reads changes nothing
  kill(process, SIGKILL);
}

// Whoever was killed meanwhile is not as it must be either, and nothing is to be said of it.
void Tracer::RefuseStart(pid_t process, const std::string& why) {
  siginfo_t info = {};
  if (ptrace(PTRACE_GETSIGINFO, process, nullptr, &info) != 0 && errno == ESRCH) return;
  Refuse(process, "a program's start cannot be made the same everywhere: " + why);
}

// A thread that was killed meanwhile cannot be resumed, and need not be: its end is told apart.
void Tracer::Resume(pid_t thread, int signal) {
  const bool unmaps = unmapping_.count(thread) != 0;
  ptrace(unmaps ? PTRACE_SYSCALL : PTRACE_CONT, thread, nullptr, signal);
}
void Tracer::ResumeToExit(pid_t thread) { ptrace(PTRACE_SYSCALL, thread, nullptr, 0); }

void Tracer::Birth(pid_t parent) {
  unsigned long child = 0;
  if (ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &child) == 0 && child != 0) {
    auto id = static_cast<pid_t>(child);
    const bool is_thread = forking_.caller == parent && forking_.is_of_thread;
    family_->Born(parent, id, is_thread ? parent : id);
    if (Take(&early_, id)) {
      Follow(id);
    } else if (kill(id, 0) == 0) {
      unborn_.push_back(id);
    } else {
      family_->Ended(id);  // it was killed, and its end is told already
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
  // Nobody will tell of their births: their parents were killed in the middle.
  for (pid_t child : std::exchange(early_, {})) Follow(child);
  while (forking_.caller == 0 && !waiting_.empty()) {
    const Fork next = waiting_.front();
    waiting_.erase(waiting_.begin());
    if (StandsAtCall(next.caller)) LetFork(next);
  }
}

// From its first stop on.
void Tracer::Follow(pid_t thread) {
  followed_.insert(thread);
  Resume(thread, 0);
}

// Nothing that `thread` has begun goes on.
void Tracer::Forget(pid_t thread) {
  waits_.Ended(thread);
  unmapping_.erase(thread);
  Take(&early_, thread);
  Take(&unborn_, thread);
  std::erase_if(waiting_, [thread](const Fork& fork) { return fork.caller == thread; });
  if (forking_.caller == thread) ForkIsOver();
}

void Tracer::Execution(pid_t process) {
  unsigned long former = 0;
  if (ptrace(PTRACE_GETEVENTMSG, process, nullptr, &former) != 0) return;
  const pid_t caller = former == 0 ? process : static_cast<pid_t>(former);
  // Of the end of a first thread whose place another one takes nobody tells.
  Forget(process);
  // Nor of what becomes of the caller's own id, which a new child may have already.
  if (caller != process) {
    waits_.Ended(caller);
    followed_.erase(caller);
  }
  family_->Executed(process, caller, HashProgram(process));
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
  const std::optional<KernelsPages> pages = finder_.Find(process);
  if (!pages.has_value() || !HideKernelsGifts(process, registers.rsp, family_)) {
    return RefuseStart(process, "its memory is not as the kernel makes it");
  }
  if (pages->begin != 0) unmapping_[process].pages = *pages;
  Resume(process, 0);
#else
  RefuseStart(process, "this processor is another one than x86-64");
#endif
}

// Stops at the exit of execve, then at the entry and the exit of our call. A signal in between ends
// the process, stops it or does nothing: the program has no handlers yet.
void Tracer::Unmap(pid_t process, Unmapping* unmapping) {
#ifdef __x86_64__
  switch (unmapping->next) {
    case Unmapping::Step::kExecuted: {
      if (ptrace(PTRACE_GETREGS, process, nullptr, &unmapping->registers) != 0) return;
      user_regs_struct registers = unmapping->registers;
      registers.orig_rax = kNoCall;
      registers.rax = SYS_munmap;
      registers.rdi = unmapping->pages.begin;
      registers.rsi = unmapping->pages.end - unmapping->pages.begin;
      registers.rip = unmapping->pages.system_call;
      if (ptrace(PTRACE_SETREGS, process, nullptr, &registers) != 0) return;
      unmapping->next = Unmapping::Step::kEntered;
      return Resume(process, 0);
    }
    case Unmapping::Step::kEntered:
      unmapping->next = Unmapping::Step::kLeft;
      return Resume(process, 0);
    case Unmapping::Step::kLeft: {
      user_regs_struct registers = {};
      if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) return;
      const Unmapping done = *unmapping;
      unmapping_.erase(process);
      if (registers.rax != 0 || IsMapped(process, done.pages.system_call)) {
        return RefuseStart(process, "the kernel, or a filter of its own, keeps the kernel's pages");
      }
      if (ptrace(PTRACE_SETREGS, process, nullptr, &done.registers) != 0) return;
      return Resume(process, 0);
    }
  }
#else
  static_cast<void>(unmapping);
  Resume(process, 0);
#endif
}

void Tracer::SystemCall(pid_t thread) {
#ifdef __x86_64__
  user_regs_struct registers = {};
  if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return;
  if (IsFork(registers)) {
    waits_.Forget(thread);
    return AskToFork({thread, MakesThread(registers)});
  }
  if (AsksForIpcTimes(registers) || waits_.Enter(thread, &registers)) return ResumeToExit(thread);
#endif
  Resume(thread, 0);
}

void Tracer::Exit(pid_t thread) {
  if (auto found = unmapping_.find(thread); found != unmapping_.end()) {
    return Unmap(thread, &found->second);
  }
  if (forking_.caller == thread) ForkIsOver();  // it had no child
#ifdef __x86_64__
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
        if (Take(&unborn_, stop.thread)) followed_.insert(stop.thread);
        return;
      }
      // A stranger while nobody makes a child is one whose parent was killed in the middle of it.
      if (Take(&unborn_, stop.thread) || followed_.contains(stop.thread) || forking_.caller == 0) {
        return Follow(stop.thread);
      }
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
    followed_.erase(thread);
    Forget(thread);
    if (thread == command) return status;
  }
}

}  // namespace sandbox
