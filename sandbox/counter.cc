#include "sandbox/counter.h"

#include <sys/prctl.h>

#include <csetjmp>
#include <csignal>

namespace sandbox {

#ifdef __x86_64__

namespace {

sigjmp_buf fault;

}  // namespace

bool HideCounter() {
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) return false;
  struct sigaction before = {};
  struct sigaction jump = {};
  jump.sa_handler = [](int) { siglongjmp(fault, 1); };
  if (sigaction(SIGSEGV, &jump, &before) != 0) return false;
  bool is_hidden = sigsetjmp(fault, 1) != 0;
  if (!is_hidden) __builtin_ia32_rdtsc();
  sigaction(SIGSEGV, &before, nullptr);
  return is_hidden;
}

#else

bool HideCounter() { return false; }

#endif

}  // namespace sandbox
