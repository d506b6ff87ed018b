#include "farm/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace farm {

void ForEachInParallel(std::size_t count,
                       const std::function<void(std::size_t index, std::size_t thread)>& work,
                       Waits waits) {
  std::atomic<std::size_t> next = 0;
  const auto take = [&](std::size_t thread) {
    for (std::size_t i = next++; i < count; i = next++) work(i, thread);
  };
  const std::size_t processors = waits == Waits::kDisk
                                     ? kParallelThreadsMax
                                     : std::max(1U, std::thread::hardware_concurrency());
  const std::size_t wanted = std::min({count, processors, kParallelThreadsMax});
  std::vector<std::thread> others;
  try {
    while (others.size() + 1 < wanted) others.emplace_back(take, others.size() + 1);
  } catch (const std::system_error&) {
    // The threads that there are do what is left.
  }
  take(0);
  for (std::thread& other : others) other.join();
}

}  // namespace farm
