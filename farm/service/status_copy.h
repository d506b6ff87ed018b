// The monitors' status on its way into the published tree.
#pragma once

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/client/http.h"
#include "farm/release/admission.h"
#include "farm/release/publish.h"

namespace farm {

constexpr std::int64_t kStatusCopySeconds = 60;  // a monitor's own round

// Asks each monitor again and again, in a thread of its own.  What is not sound is not taken, and
// said; nothing of it stops farmd.
class StatusCopy {
 public:
  // `rules`, `tree` and `clock` outlive it.  Errors: kInvalidInput (a URL).
  static Result<std::unique_ptr<StatusCopy>> Start(const std::vector<std::string>& monitors,
                                                   const Rules& rules, PublishedTree& tree,
                                                   const Clock& clock);
  ~StatusCopy();

 private:
  StatusCopy(std::vector<HttpClient> monitors, const Rules& rules, PublishedTree& tree,
             const Clock& clock);
  void Run();
  void Round();

  std::vector<HttpClient> monitors_;
  const Rules& rules_;
  PublishedTree& tree_;
  const Clock& clock_;
  Mutex mutex_;
  std::condition_variable condition_;
  bool ending_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: uses all the others
};

}  // namespace farm
