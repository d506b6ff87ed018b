#include "farm/cli/interruption.h"

#include <csignal>

namespace farm {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t g_signal = 0;  // that has come, or 0

void OnSignal(int signal) { g_signal = signal; }

}  // namespace

Interruption::Interruption() {
  g_signal = 0;
  for (const int signal : kSignals) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_DFL) continue;  // nohup
    struct sigaction action {};
    action.sa_handler = OnSignal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
}

Interruption::~Interruption() {
  for (const int signal : kSignals) {
    struct sigaction now {};
    sigaction(signal, nullptr, &now);
    if (now.sa_handler == OnSignal) std::signal(signal, SIG_DFL);
  }
  if (g_signal != 0) std::raise(g_signal);
}

bool Interruption::Requested() { return g_signal != 0; }

}  // namespace farm
