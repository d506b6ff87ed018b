#include "sandbox/run_as.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/layers.h"
#include "sandbox/system.h"

namespace sandbox {

Status RunAs(uid_t uid, gid_t gid, const std::vector<std::string>& command) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // A terminal of root's must not take the user's input for root's.
  if (setsid() < 0) return SystemError("setsid");
  if (setgroups(0, nullptr) != 0 || setresgid(gid, gid, gid) != 0 ||
      setresuid(uid, uid, uid) != 0) {
    return SystemError("dropping to the user");
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
      CapabilitiesSet(0, 0, 0) != 0) {
    return SystemError("dropping capabilities");
  }
  // After the change of ids, which forgets it.
  pid_t parent = getppid();
  if (!LeftOut(Layer::kDieWithLauncher) &&
      (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)) {
    return SystemError("dying with the monitor");
  }
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return SystemError("executing " + command[0]);
}

}  // namespace sandbox
