// What every daemon of the farm does the same way: arguments, log lines, readiness, termination.
//   int main(int argc, char** argv) {
//     return farm::DaemonMain(argc, argv, kHelp, [](farm::Daemon& daemon) -> farm::Status {
//       ASSIGN_OR_RETURN(auto server, ...daemon.config_path()...);
//       daemon.Ready({{"listen", server.listen}});
//       daemon.WaitForTermination();
//       daemon.ExitWithin(kDaemonExitTime);
//       return {};                       // destructors stop the servers
//     });
//   }
// Options: --config FILE, --die-with-parent, --help.  Standard output: one JSON line when ready,
// {"ready":true,...}.  Standard error: JSON log lines through spdlog's default logger.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "farm/base/result.h"
#include "farm/json/json_fwd.h"

namespace farm {

constexpr std::chrono::milliseconds kDaemonExitTime{900};  // SIGTERM ends within a second

struct DaemonHelp {
  std::string program;         // "farm-log"
  std::string description;     // one sentence
  std::string examples;        // shown at the end of --help, after CONFIGURATION.md's section on it
  bool keys_in_tokens = true;  // its signing keys may lie in PKCS#11 tokens
};

// What --help says below the options: CONFIGURATION.md's section on the program, how to name a key
// in a token, the examples.
std::string DaemonFooter(const DaemonHelp& help);

class Daemon {
 public:
  const std::string& config_path() const { return config_path_; }
  // Prints the ready line: {"ready":true} and `facts`, an object.  Once.
  void Ready(const Json& facts);
  // Returns when SIGTERM or SIGINT has come, or RequestTermination was called.
  void WaitForTermination();
  // Ends the daemon from any thread; `status` becomes the reason if it is an error ("fsync
  // failed").
  void RequestTermination(Status status);
  // From now on the program ends after this time at the latest, even if a destructor still waits
  // for somebody who does not answer.  For programs whose files are whole at any moment.
  void ExitWithin(std::chrono::milliseconds time);

 private:
  friend int DaemonMain(int, char**, const DaemonHelp&, const std::function<Status(Daemon&)>&);
  Daemon() = default;
  std::string config_path_;
};

// Runs `body` and returns the process's exit code; an error is logged with its remedy.
int DaemonMain(int argc, char** argv, const DaemonHelp& help,
               const std::function<Status(Daemon&)>& body);

// Sends spdlog's default logger to standard error as JSON lines:
// {"time":"2026-...Z","level":"info","program":"farm-log","message":"..."}.
void StartLogLines(const std::string& program);

}  // namespace farm
