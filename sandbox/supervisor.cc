#include "sandbox/supervisor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string_view>

#include "sandbox/file_locks.h"
#include "sandbox/layers.h"
#include "sandbox/short_write.h"
#include "sandbox/text.h"

namespace sandbox {
namespace {

constexpr int kCgroupPeriodMilliseconds = 250;
constexpr int kLogFlushMilliseconds = 10000;
constexpr int kDeathMilliseconds = 30000;
constexpr std::size_t kLogReadBytes = 65536;
constexpr std::size_t kLogWriteBytes = 4096;
// What polls writable may have less room (a terminal), and wait for its reader.
constexpr int kLogWaitMilliseconds = 50;

}  // namespace

Supervisor::Supervisor(const Limits& limits, Watched watched, Authority& authority)
    : limits_(limits),
      fds_(std::move(watched)),
      authority_(authority),
      started_(NowMilliseconds()),
      last_output_(started_),
      log_is_terminal_(isatty(fds_.log) == 1) {}

void Supervisor::KillAll() {
  if (LeftOut(Layer::kKillAtEnd)) return;
  authority_.KillCgroup();
  if (stage_.valid()) {
    PidfdSendSignal(stage_.get(), SIGKILL);
    // Readable when init is a zombie: then all in its pid namespace is dead.
    pollfd wait = {stage_.get(), POLLIN, 0};
    poll(&wait, 1, kDeathMilliseconds);
    stage_.reset();
  }
  PidfdSendSignal(fds_.setup_pidfd, SIGKILL);
  pollfd wait = {fds_.setup_pidfd, POLLIN, 0};
  poll(&wait, 1, kDeathMilliseconds);
}

void Supervisor::Stop(Ended ended, const std::string& limit, const std::string& message) {
  if (stopped_) return;
  stopped_ = true;
  ended_ = ended;
  limit_ = limit;
  message_ = message;
  CheckCgroup();
  KillAll();
}

void Supervisor::StageStarted(UniqueFd pidfd, bool has_cgroup) {
  stage_ = std::move(pidfd);
  in_stage_ = true;
  has_cgroup_ = has_cgroup;
  last_output_ = NowMilliseconds();
  next_cgroup_look_ = last_output_ + kCgroupPeriodMilliseconds;
}

void Supervisor::StageEnded(std::int64_t cpu_microseconds, std::int64_t resident_bytes_max) {
  cpu_of_ended_stages_ += std::max(cpu_microseconds, cpu_of_stage_);
  cpu_of_stage_ = 0;
  usage_.memory_bytes_max = std::max(usage_.memory_bytes_max, resident_bytes_max);
  in_stage_ = false;
  stage_.reset();
  ReadInit();
  ReadLog();
  CheckCgroup();
}

int Supervisor::MillisecondsToNextDeadline() const {
  std::int64_t now = NowMilliseconds();
  std::int64_t next = now + 60000;
  if (limits_.wall_seconds != 0) {
    next = std::min(next, started_ + static_cast<std::int64_t>(limits_.wall_seconds) * 1000);
  }
  if (in_stage_ && limits_.silence_seconds != 0) {
    next = std::min(next, last_output_ + static_cast<std::int64_t>(limits_.silence_seconds) * 1000);
  }
  if (in_stage_ && has_cgroup_) next = std::min(next, next_cgroup_look_);
  return static_cast<int>(std::max<std::int64_t>(next - now, 0));
}

void Supervisor::CheckDeadlines() {
  std::int64_t now = NowMilliseconds();
  auto passed = [now](std::int64_t since, std::uint64_t seconds) {
    return seconds != 0 && now - since >= static_cast<std::int64_t>(seconds) * 1000;
  };
  if (passed(started_, limits_.wall_seconds) && !LeftOut(Layer::kWallLimit)) {
    return Stop(Ended::kLimit, "wall",
                "ran longer than " + std::to_string(limits_.wall_seconds) + " s");
  }
  if (in_stage_ && passed(last_output_, limits_.silence_seconds) &&
      !LeftOut(Layer::kSilenceLimit)) {
    return Stop(Ended::kLimit, "silence",
                "wrote nothing for " + std::to_string(limits_.silence_seconds) + " s");
  }
  if (in_stage_ && has_cgroup_ && now >= next_cgroup_look_) CheckCgroup();
  std::int64_t cpu = cpu_of_ended_stages_ + cpu_of_stage_;
  if (LeftOut(Layer::kCpuLimit)) return;
  if (limits_.cpu_seconds != 0 && cpu >= static_cast<std::int64_t>(limits_.cpu_seconds) * 1000000) {
    Stop(Ended::kLimit, "cpu",
         "used more than " + std::to_string(limits_.cpu_seconds) + " s of CPU time");
  }
}

// Not a limit by itself: the kernel keeps memory and pids; this notices that it had to. A build
// that goes on after that has met a limit that another site may not have met.
void Supervisor::CheckCgroup() {
  if (!has_cgroup_) return;
  next_cgroup_look_ = NowMilliseconds() + kCgroupPeriodMilliseconds;
  CgroupUsage usage = authority_.ReadCgroup();
  usage_.memory_bytes_max = std::max(usage_.memory_bytes_max, usage.memory_bytes_max);
  if (usage.cpu_microseconds > 0) {
    cpu_of_stage_ = std::max(cpu_of_stage_, usage.cpu_microseconds - cpu_of_ended_stages_);
  }
  if (usage.kills_for_memory > 0) {
    bool was_stopped = stopped_;
    Stop(Ended::kLimit, "memory",
         "the kernel killed for want of memory; the limit is " +
             std::to_string(limits_.memory_bytes) + " bytes");
    // A death found first was this one's.
    if (was_stopped && ended_ == Ended::kError) {
      ended_ = Ended::kLimit;
      limit_ = "memory";
    }
  }
  if (limits_.pids != 0 && usage.refused_processes > 0) StopForPids();
}

void Supervisor::StopForPids() {
  Stop(Ended::kLimit, "pids",
       "wanted more processes and threads than it may have; the limit is " +
           std::to_string(limits_.pids));
}

void Supervisor::ReadLog() {
  char buffer[kLogReadBytes];
  while (pending_log_.size() < kLogReadBytes || stopped_ || !in_stage_) {
    ssize_t count = read(fds_.log_pipe.get(), buffer, sizeof buffer);
    if (count <= 0) return;
    last_output_ = NowMilliseconds();
    std::uint64_t allowed = limits_.log_bytes == 0 || LeftOut(Layer::kLogLimit)
                                ? static_cast<std::uint64_t>(count)
                                : limits_.log_bytes - static_cast<std::uint64_t>(usage_.log_bytes);
    std::uint64_t taken = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), allowed);
    usage_.log_bytes += static_cast<std::int64_t>(taken);
    std::string_view bytes(buffer, taken);
    if (log_is_terminal_) {
      pending_log_ += ForTerminal(bytes, &log_byte_before_);
    } else {
      pending_log_ += bytes;
    }
    if (taken < static_cast<std::uint64_t>(count)) {
      Stop(Ended::kLimit, "log",
           "wrote more than " + std::to_string(limits_.log_bytes) + " bytes of log");
      return;
    }
  }
}

void Supervisor::WriteLog() {
  std::size_t size = std::min(pending_log_.size(), kLogWriteBytes);
  ssize_t count = WriteWithin(kLogWaitMilliseconds, fds_.log, {pending_log_.data(), size});
  if (count < 0 && errno == EAGAIN) poll(nullptr, 0, kLogWaitMilliseconds);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (count < 0) {
    log_broken_ = true;
    std::string why = SystemError("writing the log").message();
    pending_log_.clear();
    return Stop(Ended::kError, "", why);
  }
  pending_log_.erase(0, static_cast<std::size_t>(count));
}

void Supervisor::FlushLog() {
  ReadLog();
  std::int64_t deadline = NowMilliseconds() + kLogFlushMilliseconds;
  while (!pending_log_.empty() && !log_broken_) {
    pollfd wait = {fds_.log, POLLOUT, 0};
    std::int64_t left = deadline - NowMilliseconds();
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) == 0) return;
    WriteLog();
  }
}

void Supervisor::ReadInit() {
  pollfd ready = {fds_.init, POLLIN, 0};
  while (!init_gone_ && poll(&ready, 1, 0) > 0) {
    Result<Message> message = Receive(fds_.init);
    if (!message.ok()) {
      init_gone_ = true;
      return;
    }
    if (message->kind == Kind::kUnseen) {
      Stop(Ended::kError, "", "what the command uses cannot be seen: " + message->text);
      continue;
    }
    if (message->kind != Kind::kUsage) {
      stage_reports_.push_back(std::move(*message));
      continue;
    }
    if (!in_stage_) continue;
    cpu_of_stage_ = std::max(cpu_of_stage_, message->numbers[0]);
    std::int64_t memory = message->numbers[1];
    if (!has_cgroup_) usage_.memory_bytes_max = std::max(usage_.memory_bytes_max, memory);
    if (LeftOut(Layer::kWatchdog)) continue;
    // A cgroup counts better: what several processes share once.
    if (!has_cgroup_ && limits_.memory_bytes != 0 &&
        memory > static_cast<std::int64_t>(limits_.memory_bytes)) {
      Stop(Ended::kLimit, "memory",
           "used more than " + std::to_string(limits_.memory_bytes) + " bytes of memory");
    }
    if (limits_.memory_bytes != 0 && message->numbers[4] > kFileLocksMax) {
      Stop(Ended::kLimit, "memory",
           "locked files more than " + std::to_string(kFileLocksMax) +
               " times at once; that is memory which no limit of the kernel's bounds");
    }
    if (limits_.pids != 0 && message->numbers[2] > static_cast<std::int64_t>(limits_.pids)) {
      StopForPids();
    }
    if (message->numbers[3] != 0) Stop(Ended::kLimit, "disk", kDiskIsFull);
  }
}

void Supervisor::ReadSetup() {
  Result<Message> message = Receive(fds_.setup);
  if (message.ok()) {
    messages_.push_back(std::move(*message));
    return;
  }
  setup_gone_ = true;
  CheckCgroup();
  Stop(Ended::kError, "", "the setup process died");
}

bool Supervisor::Turn(std::vector<pollfd>* extra) {
  CheckDeadlines();
  if (stopped_) return false;
  bool log_waits = !pending_log_.empty();
  std::vector<pollfd> polls = {
      {fds_.setup, POLLIN, 0},
      {init_gone_ ? -1 : fds_.init, POLLIN, 0},
      {fds_.signals, POLLIN, 0},
      {pending_log_.size() < kLogReadBytes ? fds_.log_pipe.get() : -1, POLLIN, 0},
      {log_waits ? fds_.log : -1, POLLOUT, 0},
  };
  polls.insert(polls.end(), extra->begin(), extra->end());
  if (poll(polls.data(), polls.size(), MillisecondsToNextDeadline()) < 0) return true;
  for (std::size_t i = 0; i < extra->size(); ++i) (*extra)[i].revents = polls[5 + i].revents;
  if (polls[2].revents != 0) Stop(Ended::kCancelled, "", "cancelled by a signal");
  if (polls[3].revents != 0) ReadLog();
  if (polls[4].revents != 0) WriteLog();
  if (polls[1].revents != 0) ReadInit();
  if (polls[0].revents != 0) ReadSetup();
  return !stopped_;
}

Result<Message> Supervisor::Next() {
  std::vector<pollfd> none;
  while (messages_.empty()) {
    if (!Turn(&none) && messages_.empty()) return Status::Failed(message_);
  }
  Message message = std::move(messages_.front());
  messages_.pop_front();
  if (message.kind == Kind::kFailed) return Status::Failed(message.text);
  return message;
}

Status Supervisor::WaitUntilWritable() {
  std::vector<pollfd> extra = {{fds_.setup, POLLOUT, 0}};
  while (true) {
    extra[0].revents = 0;
    bool going_on = Turn(&extra);
    if (!messages_.empty() || !going_on) {
      Result<Message> message = Next();
      if (!message.ok()) return message.status();
      return Status::Failed("unexpected message of the setup process");
    }
    if ((extra[0].revents & POLLOUT) != 0) return {};
  }
}

Usage Supervisor::UsageSoFar() {
  usage_.wall_milliseconds = NowMilliseconds() - started_;
  usage_.cpu_milliseconds = (cpu_of_ended_stages_ + cpu_of_stage_) / 1000;
  return usage_;
}

}  // namespace sandbox
