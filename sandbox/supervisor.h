#pragma once

#include <poll.h>

#include <deque>
#include <string>
#include <vector>

#include "sandbox/authority.h"
#include "sandbox/channel.h"
#include "sandbox/outcome.h"

namespace sandbox {

// What the supervisor watches; all borrowed but the log's read end.
struct Watched {
  int setup = -1;  // channel to the setup process
  int setup_pidfd = -1;
  int init = -1;      // channel from the inits
  UniqueFd log_pipe;  // read end, not blocking
  int log = -1;       // where log bytes go
  int signals = -1;   // signalfd
};

constexpr const char* kDiskIsFull =
    "/build or /tmp took all that --disk-bytes or --disk-inodes allow";

// The launcher's eyes while foreign code runs: copies the log (to a terminal as ForTerminal has
// it), counts, keeps the limits, notices signals and deaths. When a limit is reached or a signal
// comes, it kills everything inside, waits until all is dead, and says so by `stopped`.
class Supervisor {
 public:
  Supervisor(const Limits& limits, Watched watched, Authority& authority);

  // The next message of the setup process. A failure: it said kFailed, died, or the run was
  // stopped.
  Result<Message> Next();
  // Waits until the channel to the setup process takes a message without blocking.
  Status WaitUntilWritable();
  // Waits for an event on `extra`, or for one of our own. False: the run was stopped.
  bool Turn(std::vector<pollfd>* extra);

  // Silence counts only between these two.
  void StageStarted(UniqueFd pidfd, bool has_cgroup);
  void StageEnded(std::int64_t cpu_microseconds, std::int64_t resident_bytes_max);
  // Kills all that runs inside and waits until it is dead.
  void KillAll();
  // Writes what is left in the log pipe; waits for a slow reader for a few seconds only.
  void FlushLog();

  bool stopped() const { return stopped_; }
  // Valid when stopped: kLimit with its name, kCancelled, or kError with a message.
  Ended ended() const { return ended_; }
  const std::string& limit() const { return limit_; }
  const std::string& message() const { return message_; }
  // What the stage's init said, but its usage; without an end: it was killed. Cleared by whoever
  // starts a stage, before that: init may speak before its start is known.
  std::vector<Message>& stage_reports() { return stage_reports_; }
  Usage UsageSoFar();

 private:
  void Stop(Ended ended, const std::string& limit, const std::string& message);
  int MillisecondsToNextDeadline() const;
  void CheckDeadlines();
  void CheckCgroup();
  void StopForPids();
  void ReadLog();
  void WriteLog();
  void ReadInit();
  void ReadSetup();

  Limits limits_;
  Watched fds_;
  Authority& authority_;
  std::int64_t started_;
  std::int64_t last_output_;
  std::int64_t next_cgroup_look_ = 0;
  bool in_stage_ = false;
  bool has_cgroup_ = false;
  UniqueFd stage_;
  std::deque<Message> messages_;
  std::vector<Message> stage_reports_;
  bool setup_gone_ = false;
  bool init_gone_ = false;
  std::string pending_log_;
  bool log_is_terminal_;
  unsigned char log_byte_before_ = 0;
  bool log_broken_ = false;
  Usage usage_;
  std::int64_t cpu_of_ended_stages_ = 0;
  std::int64_t cpu_of_stage_ = 0;
  bool stopped_ = false;
  Ended ended_ = Ended::kError;
  std::string limit_;
  std::string message_;
};

}  // namespace sandbox
