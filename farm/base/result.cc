#include "farm/base/result.h"

namespace farm {

std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return "invalid input";
    case ErrorCode::kMismatch:
      return "mismatch";
    case ErrorCode::kUntrusted:
      return "untrusted";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kLimitExceeded:
      return "limit exceeded";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kInternal:
      return "internal";
  }
  CHECK(false);
}

ExitCode Error::Exit() const {
  if (exit) return *exit;
  switch (code) {
    case ErrorCode::kInvalidInput:
    case ErrorCode::kLimitExceeded:
      return ExitCode::kUsage;
    case ErrorCode::kMismatch:
    case ErrorCode::kNotFound:
      return ExitCode::kInputMissing;
    case ErrorCode::kUntrusted:
      return ExitCode::kBadSignature;
    case ErrorCode::kUnavailable:
      return ExitCode::kUnavailable;
    case ErrorCode::kInternal:
      return ExitCode::kInternal;
  }
  CHECK(false);
}

Error Wrap(std::string_view context, Error error) {
  error.message = std::string(context) + ": " + error.message;
  return error;
}

}  // namespace farm
