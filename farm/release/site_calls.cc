#include "farm/release/site_calls.h"

#include <algorithm>
#include <utility>

namespace farm {

struct SiteCalls::Call {
  std::atomic<bool> cancelled = false;
  std::atomic<bool> ended = false;  // the thread is about to return: join will not wait
  std::thread thread;
  // Guarded by SiteCalls::mutex_, which the analysis cannot name here.
  bool running = false;
  std::optional<Result<Bundle>> answer;
  SiteView view;
  int failures = 0;
  std::int64_t due = 0;  // steady seconds

  ~Call() {
    if (thread.joinable()) thread.join();
  }
};

SiteCalls::SiteCalls(Sites& sites, const Clock& steady, SiteThreads threads,
                     SiteCallListener listener)
    : sites_(sites), steady_(steady), threads_(threads), listener_(std::move(listener)) {}

SiteCalls::~SiteCalls() {
  std::vector<std::unique_ptr<Call>> all;
  {
    MutexLock lock(mutex_);
    for (auto& [id, call] : calls_) all.push_back(std::move(call));
    for (auto& call : forgotten_) all.push_back(std::move(call));
    calls_.clear();
    forgotten_.clear();
  }
  for (const auto& call : all) call->cancelled = true;
  for (const auto& call : all) {
    if (call->thread.joinable()) call->thread.join();
  }
}

void SiteCalls::Fail(Call& call, const Error& error) {
  const bool no_answer = error.code == ErrorCode::kUnavailable;
  const std::int64_t seconds =
      no_answer
          ? std::min<std::int64_t>(std::int64_t{1} << std::min(call.failures, 10), kRetrySecondsMax)
          : kRefusalRetrySeconds;
  ++call.failures;
  call.due = steady_.Now() + seconds;
  call.view.stage = no_answer ? SiteStage::kUnreachable : SiteStage::kRefused;
  call.view.detail = error.message;
  call.view.exit = error.Exit();
}

void SiteCalls::Ensure(const SiteCallId& id, const BuildOrder& order) {
  Call* call = nullptr;
  std::vector<std::unique_ptr<Call>> ended;  // destroyed, and joined, without the lock
  {
    MutexLock lock(mutex_);
    const auto first_ended = std::stable_partition(forgotten_.begin(), forgotten_.end(),
                                                   [](const auto& one) { return !one->ended; });
    std::move(first_ended, forgotten_.end(), std::back_inserter(ended));
    forgotten_.erase(first_ended, forgotten_.end());
    auto& slot = calls_[id];
    if (slot && (slot->running || slot->answer || slot->due > steady_.Now())) return;
    auto fresh = std::make_unique<Call>();
    if (slot) fresh->failures = slot->failures;
    fresh->view.id = id.site;
    fresh->view.stage = SiteStage::kBuilding;
    // Being asked once more is not yet an answer.
    if (slot && slot->view.stage == SiteStage::kUnreachable) fresh->view = slot->view;
    fresh->running = true;
    call = fresh.get();
    if (slot) ended.push_back(std::move(slot));
    slot = std::move(fresh);
    if (threads_ == SiteThreads::kOnePerCall) {
      // The call outlives its thread: whoever drops it joins first.
      call->thread = std::thread([this, call, id, order] {
        Run(*call, id, order);
        call->ended = true;
      });
    }
  }
  if (threads_ == SiteThreads::kNone) Run(*call, id, order);
}

void SiteCalls::Run(Call& call, const SiteCallId& id, const BuildOrder& order) {
  BuildWatch watch;
  watch.on_progress = [&](const BuildProgress& progress) {
    {
      MutexLock lock(mutex_);
      call.view.stage = SiteStage::kBuilding;
      call.view.exit = ExitCode::kProved;
      call.view.actions_done = progress.actions_done;
      call.view.actions_total = progress.actions_total;
      call.view.detail =
          progress.detail.empty() ? progress.phase : progress.phase + ": " + progress.detail;
    }
    listener_.on_progress(id.release);
  };
  watch.on_log = [&](std::string_view text) { listener_.on_log(id.release, id.site, text); };
  watch.cancelled = [&] { return call.cancelled.load(); };
  Result<Bundle> answer = sites_.Build(id.site, order, watch);
  {
    MutexLock lock(mutex_);
    call.running = false;
    if (call.cancelled) return;
    if (!answer) Fail(call, answer.error());
    call.answer = std::move(answer);
  }
  listener_.on_answer(id.release);
}

std::optional<Result<Bundle>> SiteCalls::Take(const SiteCallId& id) {
  MutexLock lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  return std::exchange(found->second->answer, std::nullopt);
}

void SiteCalls::Refuse(const SiteCallId& id, const Error& error) {
  MutexLock lock(mutex_);
  const auto found = calls_.find(id);
  if (found != calls_.end())
    Fail(*found->second, Error{ErrorCode::kMismatch, error.message, error.Exit()});
}

void SiteCalls::Forget(const std::string& release) {
  MutexLock lock(mutex_);
  for (auto one = calls_.begin(); one != calls_.end();) {
    if (one->first.release != release) {
      ++one;
      continue;
    }
    one->second->cancelled = true;
    forgotten_.push_back(std::move(one->second));
    one = calls_.erase(one);
  }
}

SiteView SiteCalls::View(const SiteCallId& id) const {
  MutexLock lock(mutex_);
  const auto found = calls_.find(id);
  if (found != calls_.end()) return found->second->view;
  SiteView view;
  view.id = id.site;
  return view;
}

bool SiteCalls::HasWork(const std::string& release) const {
  MutexLock lock(mutex_);
  const std::int64_t now = steady_.Now();
  return std::ranges::any_of(calls_, [&](const auto& one) {
    const Call& call = *one.second;
    return one.first.release == release && !call.running && (call.answer || call.due <= now);
  });
}

}  // namespace farm
