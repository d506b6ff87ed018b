#include "farm/service/status_copy.h"

#include <spdlog/spdlog.h>

#include "farm/evidence/bundle.h"

namespace farm {

Result<std::unique_ptr<StatusCopy>> StatusCopy::Start(const std::vector<std::string>& monitors,
                                                      const Rules& rules, PublishedTree& tree,
                                                      const Clock& clock) {
  std::vector<HttpClient> clients;
  for (const std::string& url : monitors) {
    ASSIGN_OR_RETURN(HttpClient client, HttpClient::Open(url, "monitor"));
    clients.push_back(std::move(client));
  }
  return std::unique_ptr<StatusCopy>(new StatusCopy(std::move(clients), rules, tree, clock));
}

StatusCopy::StatusCopy(std::vector<HttpClient> monitors, const Rules& rules, PublishedTree& tree,
                       const Clock& clock)
    : monitors_(std::move(monitors)), rules_(rules), tree_(tree), clock_(clock), thread_([this] {
        Run();
      }) {}

StatusCopy::~StatusCopy() {
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  condition_.notify_all();
  thread_.join();
}

void StatusCopy::Run() {
  while (true) {
    Round();
    const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(kStatusCopySeconds);
    MutexLock lock(mutex_);
    while (!ending_ && std::chrono::steady_clock::now() < next) {
      lock.WaitFor(condition_, next - std::chrono::steady_clock::now());
    }
    if (ending_) return;
  }
}

void StatusCopy::Round() {
  for (HttpClient& monitor : monitors_) {
    const auto reply = monitor.Get("/status.json", kBundleLineBytesMax + 1);
    if (!reply || reply->status != 200) continue;  // it is down, or has none yet
    const auto taken = tree_.TakeStatus(reply->body, rules_.root, rules_.policy, clock_.Now());
    if (!taken) spdlog::warn("status of {}: {}", monitor.url(), taken.error().message);
  }
}

}  // namespace farm
