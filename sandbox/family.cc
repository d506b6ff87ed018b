#include "sandbox/family.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "sandbox/system.h"

namespace sandbox {
namespace {

// Nobody wakes at the very moment: a program that adds up in floating point must see it passed.
constexpr std::int64_t kWakeUp = 100000;
constexpr std::int64_t kLeapSeconds = 37;  // CLOCK_TAI, since 2017
constexpr std::size_t kInfoMax = 1 << 16;

// By what is told of it: the link of a descriptor can be read by the command's own user only.
bool IsTimer(pid_t process, int descriptor) {
  const std::string path =
      "/proc/" + std::to_string(process) + "/fdinfo/" + std::to_string(descriptor);
  Result<std::string> text = ReadFile(path.c_str(), kInfoMax);
  return text.ok() && text->find("\nclockid: ") != std::string::npos;
}

}  // namespace

bool IsProcessorClock(clockid_t clock) {
  return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0;
}

std::int64_t MachineNow(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}
std::int64_t RealNow() { return MachineNow(CLOCK_REALTIME); }
std::int64_t FileNow() { return MachineNow(CLOCK_REALTIME_COARSE); }
std::int64_t MonotonicNow() { return MachineNow(CLOCK_MONOTONIC); }

Family::Family(std::uint64_t stage, std::int64_t clock_seconds, const FileTimes& times)
    : times_(times), first_(FirstAncestry(stage)), clock_(clock_seconds * kSecond + kClockStart) {}

void Family::Begin(pid_t command) {
  std::lock_guard lock(mutex_);
  Member& member = members_[command];
  member.process = command;
  member.ancestry = first_;
  member.origin = first_;
}

Family::Member& Family::Find(pid_t thread) {
  auto found = members_.find(thread);
  if (found != members_.end()) return found->second;
  // Nobody runs here who was not born; if somebody does, all strangers are alike.
  Member& member = members_[thread];
  member.process = thread;
  member.ancestry = ChildAncestry(first_, UINT64_MAX);
  return member;
}

Ancestry Family::NextChild(pid_t parent) {
  std::lock_guard lock(mutex_);
  Member& member = Find(parent);
  return ChildAncestry(member.ancestry, member.children);
}

void Family::Born(pid_t parent, pid_t child, pid_t process) {
  std::lock_guard lock(mutex_);
  Member& from = Find(parent);
  Member member;
  member.parent = parent;
  member.process = process == parent ? from.process : process;
  member.ancestry = ChildAncestry(from.ancestry, from.children++);
  member.origin = from.ancestry;
  member.executed = process == parent;  // a thread is of its process's program
  member.looks = from.looks;
  member.slept = from.slept;
  members_[child] = member;
}

// Whoever starts several programs at once starts them in no order, so their places are not by it.
std::uint64_t Family::CountProgram(pid_t parent, std::uint64_t program) {
  if (members_.count(parent) == 0) return 0;
  std::map<std::uint64_t, std::uint64_t>& counts = programs_[parent];
  // Nobody fills the memory of process 1.
  constexpr std::uint64_t kOthers = 0;
  return counts[counts.size() < kProgramsMax || counts.count(program) != 0 ? program : kOthers]++;
}

void Family::Executed(pid_t process, pid_t thread, std::uint64_t program) {
  std::lock_guard lock(mutex_);
  // Its id may be a new child's by now, which is of another process.
  auto caller = members_.find(thread);
  const bool is_caller = caller != members_.end() && caller->second.process == process;
  Member member = is_caller ? caller->second : Find(process);
  if (auto first = members_.find(process); first != members_.end()) {
    member.parent = first->second.parent;  // not the thread that has made the caller
  }
  const std::uint64_t index = member.executed ? 0 : CountProgram(member.parent, program);
  member.ancestry =
      ProgramAncestry(member.executed ? member.ancestry : member.origin, program, index);
  member.executed = true;
  member.children = 0;
  member.random_bytes = 0;
  EraseThreadsOf(process);
  timers_.erase(process);
  members_[process] = member;
}

void Family::EraseThreadsOf(pid_t process) {
  std::erase_if(members_, [&](const auto& each) {
    if (each.second.process != process) return false;
    programs_.erase(each.first);
    return true;
  });
}

void Family::Ended(pid_t thread) {
  std::lock_guard lock(mutex_);
  auto found = members_.find(thread);
  if (found == members_.end()) return;
  Member ended = found->second;
  members_.erase(found);
  programs_.erase(thread);
  if (ended.process != thread) return;
  timers_.erase(thread);
  // Of a thread that was executing a program when its process was killed nobody tells the end.
  EraseThreadsOf(thread);
  auto parent = members_.find(ended.parent);
  if (parent != members_.end() && ended.slept > parent->second.slept) {
    Sleep(parent->first, &parent->second, ended.slept);
  }
}

pid_t Family::ProcessOf(pid_t thread) {
  std::lock_guard lock(mutex_);
  return Find(thread).process;
}

void Family::Sleep(pid_t thread, Member* member, std::int64_t until) {
  member->slept = std::max(member->slept, until);
  // Other threads than the first are a program's own clockwork: they sleep all the time. By the
  // clock that the kernel takes for files, which stands still for some milliseconds.
  if (thread == member->process) times_.Slept(member->slept, FileNow());
}

void Family::Slept(pid_t thread, std::int64_t duration) {
  std::lock_guard lock(mutex_);
  Member& member = Find(thread);
  Sleep(thread, &member, member.slept + duration + kWakeUp);
}

void Family::Armed(pid_t thread, std::uint64_t key, const Timer& timer) {
  std::lock_guard lock(mutex_);
  std::map<std::uint64_t, Timer>& timers = timers_[Find(thread).process];
  if (timers.size() < kTimersMax || timers.count(key) != 0) timers[key] = timer;
}

void Family::Disarmed(pid_t thread, std::uint64_t key) {
  std::lock_guard lock(mutex_);
  auto timers = timers_.find(Find(thread).process);
  if (timers != timers_.end()) timers->second.erase(key);
}

std::int64_t Family::ElapsedOfItself(const Member& member) {
  return member.slept + static_cast<std::int64_t>(member.looks / kLooksPerStep) * kClockStep;
}

bool Family::HasOneThread(pid_t process) const {
  return std::count_if(members_.begin(), members_.end(),
                       [process](const auto& each) { return each.second.process == process; }) == 1;
}

std::int64_t Family::ElapsedOf(Member* member) {
  auto timers = timers_.find(member->process);
  if (timers != timers_.end()) {
    const std::int64_t now = MonotonicNow();
    for (auto each = timers->second.begin(); each != timers->second.end();) {
      each = IsOver(member, &each->second, now) ? timers->second.erase(each) : std::next(each);
    }
  }
  return ElapsedOfItself(*member);
}

std::optional<std::int64_t> Family::LeftOf(pid_t thread, std::uint64_t key) {
  std::lock_guard lock(mutex_);
  Member& member = Find(thread);
  const std::int64_t elapsed = ElapsedOf(&member);
  auto timers = timers_.find(member.process);
  if (timers == timers_.end()) return std::nullopt;
  auto timer = timers->second.find(key);
  if (timer == timers->second.end()) return std::nullopt;
  const std::int64_t left = timer->second.elapsed - elapsed;
  const std::int64_t interval = timer->second.interval;
  if (left > 0) return left;
  return interval > 0 ? interval + left % interval : 1;
}

// Moves the clock of `member` if `timer` is due. True: nobody waits for it any more.
bool Family::IsOver(Member* member, Timer* timer, std::int64_t now) const {
  if (timer->is_of_use) return false;
  // Nobody is told when a descriptor is closed. Later it may have been read first.
  if (timer->due > now) {
    return timer->descriptor >= 0 && !IsTimer(member->process, timer->descriptor);
  }
  if (timer->interval > 0 && !HasOneThread(member->process)) return false;
  member->slept += std::max<std::int64_t>(timer->elapsed + kWakeUp - ElapsedOfItself(*member), 0);
  if (timer->interval <= 0) return true;
  // Times that went by together are one: how many they were depends on the machine.
  timer->due += ((now - timer->due) / timer->interval + 1) * timer->interval;
  timer->elapsed = ElapsedOfItself(*member) + timer->interval;
  return false;
}

std::int64_t Family::Elapsed(pid_t thread) {
  std::lock_guard lock(mutex_);
  return ElapsedOf(&Find(thread));
}

std::int64_t Family::LookAtElapsed(pid_t thread) {
  std::lock_guard lock(mutex_);
  Member& member = Find(thread);
  ++member.looks;
  return ElapsedOf(&member);
}

std::int64_t Family::RealTime(std::int64_t elapsed) const { return clock_ + elapsed; }

std::optional<std::int64_t> Family::ShownClock(clockid_t clock, std::int64_t elapsed) const {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
      return RealTime(elapsed);
    case CLOCK_TAI:
      return RealTime(elapsed) + kLeapSeconds * kSecond;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return kUptimeSeconds * kSecond + elapsed;
    default:
      if (IsProcessorClock(clock)) return elapsed;
      return std::nullopt;
  }
}

std::int64_t Family::ShownFileTime(std::int64_t time) {
  std::lock_guard lock(mutex_);
  return times_.Shown(time, RealNow());
}

void Family::TakeRandom(pid_t thread, void* bytes, std::size_t size) {
  std::lock_guard lock(mutex_);
  Member& member = Find(thread);
  FillRandom(member.ancestry, member.random_bytes, bytes, size);
  member.random_bytes += (size + 7) / 8 * 8;
}

}  // namespace sandbox
