#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <map>
#include <set>
#include <vector>

#include "sandbox/exec_view.h"
#include "sandbox/family.h"
#include "sandbox/status.h"
#include "sandbox/system.h"
#include "sandbox/waits.h"

namespace sandbox {

// Follows every process and thread of a stage under Determinism::kFull, by ptrace(2): gives each
// its place in the family and a process id that is a function of it, hides what the kernel hands to
// a program, answers the instruction that reads the processor's counter, sees waits end. It stops
// them at birth, at execution and three times more before a program's first instruction, at a
// signal, and at the calls that the filter names: forks, waits with an end in time, timers, looks
// at System V's times.
//
// The caller is process 1 of the stage, and has CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE and CAP_KILL
// in the stage's user namespace. All of it is used by one thread, which does nothing else.
class Tracer {
 public:
  // `last_pid`: /proc/sys/kernel/ns_last_pid of this pid namespace, open for writing.
  // `log`: what is refused is said there, borrowed.
  Tracer(Family* family, UniqueFd last_pid, int log);
  Tracer(const Tracer&) = delete;

  // Takes hold of `command`, a child that runs and will execute the program.
  Status Seize(pid_t command);
  // Serves until `command` has ended, reaping whatever becomes an orphan. Its wait status. A
  // process that cannot be followed is killed, and the log says which and why.
  int ServeUntilEnd(pid_t command);

 private:
  // What a stop is, beside the signal.
  struct Stop {
    pid_t thread;
    int signal;
    int event;
  };
  void Handle(const Stop& stop);
  struct Fork {
    pid_t caller = 0;  // 0: nobody's
    bool is_of_thread = false;
  };
  // A call that a program makes for us before its first instruction: it gives back the kernel's
  // pages.
  struct Unmapping {
    enum class Step { kExecuted, kEntered, kLeft };
    Step next = Step::kExecuted;
    KernelsPages pages;
    user_regs_struct registers = {};  // of the program
  };
  void Birth(pid_t parent);
  void Execution(pid_t process);
  void Unmap(pid_t process, Unmapping* unmapping);
  void SystemCall(pid_t thread);
  void AskToFork(const Fork& fork);
  void LetFork(const Fork& fork);
  void ForkIsOver();
  void Follow(pid_t thread);
  void Forget(pid_t thread);
  void Exit(pid_t thread);
  void Signal(const Stop& stop);
  bool AnswerCounter(pid_t thread);
  void RefuseStart(pid_t process, const std::string& why);
  void Refuse(pid_t process, const std::string& why);
  void Resume(pid_t thread, int signal);
  void ResumeToExit(pid_t thread);

  Family* family_;
  UniqueFd last_pid_;
  int log_;
  Waits waits_;
  Fork forking_;               // the one that makes a child right now
  std::vector<Fork> waiting_;  // those that want to make one next, in the order of their coming
  std::vector<pid_t> early_;   // children that have stopped before their birth was known
  std::vector<pid_t> unborn_;  // children that are known and have not stopped yet
  std::set<pid_t> followed_;   // those whose first stop is over
  KernelsPagesFinder finder_;
  std::map<pid_t, Unmapping> unmapping_;
};

}  // namespace sandbox
