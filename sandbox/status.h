#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace sandbox {

// The result of an operation that can fail for a reason outside our control.
// The message says what we were doing, what went wrong and, where there is one, the remedy.
class [[nodiscard]] Status {
 public:
  Status() = default;
  static Status Failed(std::string message) {
    Status status;
    status.message_ = std::move(message);
    return status;
  }
  bool ok() const { return !message_.has_value(); }
  // Precondition: !ok().
  const std::string& message() const { return *message_; }

 private:
  std::optional<std::string> message_;
};

// "`doing`: <text of errno>". Reads errno, so call it at once.
inline Status SystemError(const std::string& doing) {
  return Status::Failed(doing + ": " + std::strerror(errno));
}

// A value, or a failed Status.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status failed) : status_(std::move(failed)) {}
  bool ok() const { return value_.has_value(); }
  // Precondition: !ok().
  const Status& status() const { return status_; }
  const std::string& message() const { return status_.message(); }
  // Precondition: ok().
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace sandbox
