// A mutex whose guarded members Clang checks (-Wthread-safety); nothing on other compilers.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define FARM_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define FARM_THREAD_ATTRIBUTE(x)
#endif
#ifndef CAPABILITY
#define CAPABILITY(x) FARM_THREAD_ATTRIBUTE(capability(x))
#endif
#ifndef SCOPED_CAPABILITY
#define SCOPED_CAPABILITY FARM_THREAD_ATTRIBUTE(scoped_lockable)
#endif
// Abseil, which gRPC brings along, may have defined some of these in the same words.
#ifndef GUARDED_BY
#define GUARDED_BY(x) FARM_THREAD_ATTRIBUTE(guarded_by(x))
#endif
#ifndef ACQUIRE
#define ACQUIRE(...) FARM_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#endif
#ifndef RELEASE
#define RELEASE(...) FARM_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#endif
#ifndef REQUIRES
#define REQUIRES(...) FARM_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#endif

namespace farm {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Waits until notified or `seconds` have passed; the mutex is held again on return.
  template <typename Duration>
  void WaitFor(std::condition_variable& condition, Duration duration) {
    std::unique_lock<std::mutex> lock(mutex_.mutex_, std::adopt_lock);
    condition.wait_for(lock, duration);
    lock.release();
  }

 private:
  Mutex& mutex_;
};

}  // namespace farm
