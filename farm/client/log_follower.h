// LogFollower: every entry of a log with its payload, as the log grows.  An entry whose payload is
// not there now is kept and asked for again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/log_reader.h"

namespace farm {

// Entries that are kept to be asked for again: of which a payload may still come.
constexpr std::size_t kUnreadEntriesMax = 1000;

// Not thread-safe.
class LogFollower {
 public:
  // Takes an entry: its exact bytes, and its payload (the PAE) or why there is none.  False where
  // the entry shall come again, in the next call of Follow.
  using Take =
      std::function<bool(std::uint64_t index, const std::string& leaf, const Result<std::string>&)>;

  explicit LogFollower(std::unique_ptr<LogReader> reader) : reader_(std::move(reader)) {}

  LogReader& reader() { return *reader_; }
  // Gives those that shall come again, then every entry before `head` that was not given yet, in
  // order.  A log that does not answer for a payload is asked for no other one: who waits for it
  // waits for each; the new entries of that portion are given all the same, without a payload.
  // Errors: those of LogReader; kUnavailable (that payload); kLimitExceeded exit 15 (more than
  // kUnreadEntriesMax shall come again: nothing more is read before they are taken).  What was
  // taken before the error stays taken.
  Status Follow(const WitnessedHead& head, const Take& take);
  // Given so far, each counted once.
  std::uint64_t entries_read() const { return entries_read_; }

 private:
  Status GiveUnread(const Take& take);
  Status GiveNew(std::vector<VerifiedEntry> entries, const Take& take);

  std::unique_ptr<LogReader> reader_;
  std::uint64_t entries_read_ = 0;
  std::map<std::uint64_t, std::string> unread_;  // index -> leaf
};

}  // namespace farm
