// Independent pieces of one piece of work, done at the same time.
#pragma once

#include <cstddef>
#include <functional>

namespace farm {

constexpr std::size_t kParallelThreadsMax = 8;  // what is done this way has a dozen pieces

// What the pieces wait for.
enum class Waits { kProcessor, kDisk };

// Calls `work` once for each of 0 to `count` - 1, in at most kParallelThreadsMax threads, and for a
// processor in no more than there are; this one is among them.  Ends when all is done.  `thread`
// numbers the threads from 0: for what they must not share.  Where the system gives no thread, this
// one does all of it.
void ForEachInParallel(std::size_t count,
                       const std::function<void(std::size_t index, std::size_t thread)>& work,
                       Waits waits = Waits::kProcessor);

}  // namespace farm
