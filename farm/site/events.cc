#include "farm/site/events.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace farm {
namespace {

constexpr std::chrono::milliseconds kWait{100};  // how soon a watcher that has left is noticed

}  // namespace

void BuildEvents::Add(BuildEvent event) {
  events_.push_back({++last_, std::move(event)});
  changed_.notify_all();
}

void BuildEvents::Phase(BuildPhase phase) {
  MutexLock lock(mutex_);
  if (phases_ == kEventPhasesMax) return;
  ++phases_;
  Add(std::move(phase));
}

void BuildEvents::Log(std::string_view bytes) {
  MutexLock lock(mutex_);
  log_bytes_ += bytes.size();
  Add(LogPiece{std::string(bytes)});
  if (log_bytes_ > kEventLogBytesMax) DropOldLog();
}

void BuildEvents::DropOldLog() {
  // Down to half, so that a loud build does not come here with every piece.
  std::size_t bytes = log_bytes_;
  std::erase_if(events_, [&bytes](const Numbered& numbered) {
    const auto* piece = std::get_if<LogPiece>(&numbered.event);
    if (piece == nullptr || bytes <= kEventLogBytesMax / 2) return false;
    bytes -= piece->bytes.size();
    return true;
  });
  log_bytes_ = bytes;
}

void BuildEvents::End(Result<std::string> record_line) {
  MutexLock lock(mutex_);
  CHECK(!end_);
  end_.emplace(std::move(record_line));
  changed_.notify_all();
}

BuildEvents::Next BuildEvents::Wait(std::uint64_t* position) {
  MutexLock lock(mutex_);
  if (last_ <= *position && !end_) lock.WaitFor(changed_, kWait);
  const auto next = std::upper_bound(
      events_.begin(), events_.end(), *position,
      [](std::uint64_t number, const Numbered& numbered) { return number < numbered.number; });
  if (next != events_.end()) {
    *position = next->number;
    return {next->event, std::nullopt};
  }
  return {std::nullopt, end_};
}

}  // namespace farm
