// The monitor: reads every entry and every payload of a log and says what it could not read, and
// what cannot stand beside something else there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/witness/log_facts.h"

namespace farm {

struct MonitorFinding {
  std::uint64_t index = 0;
  std::string problem;  // "payload sha256:.. missing", "payload is no statement: ..."
};

struct MonitorReport {
  Checkpoint head;
  std::uint64_t entries_read = 0;              // in all rounds
  std::map<std::string, std::uint64_t> kinds;  // statements read, by kind: "record" -> 12
  std::vector<MonitorFinding> findings;  // what cannot be read now; it is asked again each round
  // What contradicts an earlier entry; each stays.  At most kContradictionsMax are kept: whoever
  // has so many needs no more.
  std::vector<MonitorFinding> contradictions;
};
constexpr std::size_t kContradictionsMax = 1000;

// Not thread-safe; one for each log.
class Monitor {
 public:
  explicit Monitor(std::unique_ptr<LogReader> reader) : reader_(std::move(reader)) {}
  // Asks again for what could not be read, then reads what is new, portion by portion.  A finding
  // is no error.  Errors: those of LogReader: the log cannot be reached, goes back or contradicts
  // itself.  What was read before the error stays read: it is in a witnessed tree.
  Result<MonitorReport> Round();

  // What the log has said, and the head up to which all of it was read ("" before the first round
  // that came to its end).
  const LogFacts& facts() const { return facts_; }
  const std::string& checkpoint() const { return checkpoint_; }

 private:
  // Whether the entry could be read, with its payload or with why there is none; else there is a
  // finding.
  bool Take(std::uint64_t index, const std::string& leaf, const Result<std::string>& pae);
  // Both go to the first payload that the log does not answer for; what comes after it is asked for
  // in the next round.  Errors: kUnavailable (that one).
  Status ReadUnread();
  Status TakeNew(std::vector<VerifiedEntry> entries);

  std::unique_ptr<LogReader> reader_;
  LogFacts facts_;
  std::string checkpoint_;
  std::map<std::uint64_t, std::string> unread_;  // index -> leaf
  MonitorReport report_;
};

}  // namespace farm
