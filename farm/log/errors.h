// The errors of a log, each with its remedy.
#pragma once

#include <string>
#include <string_view>

#include "farm/base/result.h"

namespace farm {

// kUnavailable exit 30: I/O, or nobody answered in time.
inline Error LogUnavailable(std::string message) {
  return {ErrorCode::kUnavailable, std::move(message), ExitCode::kUnavailable};
}

// kMismatch exit 15: what stands in the directory is not what the log has committed.
inline Error DamagedLog(std::string_view directory, std::string_view what) {
  return {ErrorCode::kMismatch,
          "log in " + std::string(directory) + ": " + std::string(what) +
              "; do not repair it by hand, restore it from a mirror that is not older",
          ExitCode::kLogProof};
}

// kUnavailable exit 30: what is asked for has another place now.
inline Error ClosedLogError(std::string_view origin, std::string_view successor) {
  return LogUnavailable("log " + std::string(origin) + ": is closed and takes no new entries; " +
                        std::string(successor) + " goes on from it: name that one as `log`");
}

// kMismatch exit 15: a witness has proved that this log has signed what it does not have.
inline Error DivergedLog(std::string_view origin, std::string_view why) {
  return {ErrorCode::kMismatch,
          "log diverged: " + std::string(origin) + ": " + std::string(why) +
              "; this log takes no new entries and signs nothing.  If it was restored from a "
              "backup, rebuild it with `farm log recover --from-mirror`",
          ExitCode::kLogProof};
}

}  // namespace farm
