#include "sandbox/family.h"

#include <algorithm>
#include <ctime>
#include <iterator>

namespace sandbox {
namespace {

// Nobody wakes at the very moment: a program that adds up in floating point must see it passed.
constexpr std::int64_t kWakeUp = 100000;

std::int64_t Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace

std::int64_t RealNow() { return Now(CLOCK_REALTIME); }
std::int64_t FileNow() { return Now(CLOCK_REALTIME_COARSE); }
std::int64_t MonotonicNow() { return Now(CLOCK_MONOTONIC); }

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
  Member member = Find(thread);
  const std::uint64_t index = member.executed ? 0 : CountProgram(member.parent, program);
  member.ancestry =
      ProgramAncestry(member.executed ? member.ancestry : member.origin, program, index);
  member.executed = true;
  member.children = 0;
  member.random_bytes = 0;
  std::erase_if(members_, [&](const auto& each) {
    if (each.second.process != process) return false;
    programs_.erase(each.first);
    return true;
  });
  timers_.erase(process);
  members_[process] = member;
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
  auto parent = members_.find(ended.parent);
  if (parent != members_.end() && ended.slept > parent->second.slept) {
    Sleep(parent->first, &parent->second, ended.slept);
  }
}

bool Family::Knows(pid_t thread) {
  std::lock_guard lock(mutex_);
  return members_.count(thread) != 0;
}

pid_t Family::ProcessOf(pid_t thread) {
  std::lock_guard lock(mutex_);
  return Find(thread).process;
}

void Family::Sleep(pid_t thread, Member* member, std::int64_t until) {
  member->slept = std::max(member->slept, until);
  // Other threads than the first are a program's own clockwork: they sleep all the time. By the
  // clock that the kernel takes for files, which stands still for some milliseconds.
  if (thread == member->process) times_.Slept(member->slept, Now(CLOCK_REALTIME_COARSE));
}

void Family::Slept(pid_t thread, std::int64_t duration) {
  std::lock_guard lock(mutex_);
  Member& member = Find(thread);
  Sleep(thread, &member, member.slept + duration + kWakeUp);
}

void Family::Armed(pid_t thread, std::uint64_t key, std::int64_t elapsed, std::int64_t due) {
  std::lock_guard lock(mutex_);
  std::map<std::uint64_t, Timer>& timers = timers_[Find(thread).process];
  if (timers.size() < kTimersMax || timers.count(key) != 0) timers[key] = {elapsed, due};
}

std::int64_t Family::ElapsedOf(Member* member) {
  auto elapsed = [member] {
    return member->slept + static_cast<std::int64_t>(member->looks / kLooksPerStep) * kClockStep;
  };
  auto timers = timers_.find(member->process);
  if (timers == timers_.end()) return elapsed();
  // Whoever looks after a timer is due has waited for it, or could have.
  std::int64_t now = MonotonicNow();
  std::erase_if(timers->second, [&](const auto& each) {
    const Timer& timer = each.second;
    if (timer.due > now) return false;
    member->slept += std::max<std::int64_t>(timer.elapsed + kWakeUp - elapsed(), 0);
    return true;
  });
  return elapsed();
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
