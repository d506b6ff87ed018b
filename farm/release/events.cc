#include "farm/release/events.h"

#include <algorithm>
#include <utility>

namespace farm {
namespace {

std::size_t TextBytes(const ReleaseEvent& event) {
  if (const auto* log = std::get_if<SiteLog>(&event.body)) return log->text.size();
  if (const auto* note = std::get_if<std::string>(&event.body)) return note->size();
  return 0;
}

}  // namespace

void Events::Forget() {
  if (kept_.size() <= kReleasesWithEvents) return;
  const auto oldest = std::ranges::min_element(kept_, {}, [](const auto& one) {
    return one.second.events.empty() ? 0 : one.second.events.back().number;
  });
  kept_.erase(oldest);
}

void Events::Add(const std::string& release, EventBody body) {
  MutexLock lock(mutex_);
  Kept& kept = kept_[release];
  kept.events.push_back({next_++, clock_.Now(), std::move(body)});
  kept.bytes += TextBytes(kept.events.back());
  while (kept.events.size() > 1 &&
         (kept.events.size() > kEventsKept || kept.bytes > kEventBytesKept)) {
    kept.bytes -= TextBytes(kept.events.front());
    kept.events.pop_front();
  }
  Forget();
  changed_.notify_all();
}

std::vector<ReleaseEvent> Events::Take(const std::string& release, std::uint64_t after,
                                       std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  MutexLock lock(mutex_);
  for (;;) {
    std::vector<ReleaseEvent> found;
    if (const auto kept = kept_.find(release); kept != kept_.end()) {
      const auto& events = kept->second.events;
      const auto first = std::ranges::upper_bound(events, after, {}, &ReleaseEvent::number);
      found.assign(first, events.end());
    }
    const auto now = std::chrono::steady_clock::now();
    if (!found.empty() || closed_ || now >= deadline) return found;
    lock.WaitFor(changed_, deadline - now);
  }
}

std::uint64_t Events::next() const {
  MutexLock lock(mutex_);
  return next_;
}

void Events::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace farm
