// SiteCalls: the questions to sites that are under way, one thread each, with their progress and
// the time when a site that did not answer is asked again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/release/view.h"
#include "farm/release/world.h"

namespace farm {

constexpr std::int64_t kRetrySecondsMax = 30;      // 1, 2, 4, ... 30 after no answer
constexpr std::int64_t kRefusalRetrySeconds = 60;  // a refusal ends only by an operator's hand

struct SiteCallId {
  std::string release;
  std::int64_t round = 0;
  std::string site;
  friend auto operator<=>(const SiteCallId&, const SiteCallId&) = default;
};

// Called from the threads of calls, without any lock held.
struct SiteCallListener {
  std::function<void(const std::string& release)> on_progress;
  std::function<void(const std::string& release)> on_answer;
  std::function<void(const std::string& release, const std::string& site, std::string_view)> on_log;
};

enum class SiteThreads {
  kOnePerCall,
  kNone,  // Ensure makes the call itself: for tests that count every step
};

// Thread-safe.  The destructor cancels every call and waits for its thread.
class SiteCalls {
 public:
  SiteCalls(Sites& sites, const Clock& steady, SiteThreads threads, SiteCallListener listener);
  ~SiteCalls();

  // Sees to it that the site is asked: at once, or when its time has come.
  void Ensure(const SiteCallId& id, const BuildOrder& order);
  // The answer that has come, once.  An error has already set the time of the next call.
  std::optional<Result<Bundle>> Take(const SiteCallId& id);
  // The answer was of no use: counts as a refusal.
  void Refuse(const SiteCallId& id, const Error& error);
  // Cancels and forgets the calls of a release; does not wait for them.
  void Forget(const std::string& release);

  // What is known of a site that has no record yet.  One that did not answer stays unreachable
  // until it tells of its progress.
  SiteView View(const SiteCallId& id) const;
  // True if a call is due or has an answer waiting.
  bool HasWork(const std::string& release) const;

 private:
  struct Call;
  void Run(Call& call, const SiteCallId& id, const BuildOrder& order);
  void Fail(Call& call, const Error& error) REQUIRES(mutex_);

  Sites& sites_;
  const Clock& steady_;
  const SiteThreads threads_;
  const SiteCallListener listener_;
  mutable Mutex mutex_;
  std::map<SiteCallId, std::unique_ptr<Call>> calls_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Call>> forgotten_ GUARDED_BY(mutex_);
};

}  // namespace farm
