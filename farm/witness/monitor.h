// The monitor: reads every entry and every payload of a log and says what it could not read, and
// what cannot stand beside something else there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/client/log_follower.h"
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
  // What cannot be read: now, and is asked for again each round; or at all, because this program
  // does not know it, of each signer the first (LogFacts::unknown).
  std::vector<MonitorFinding> findings;
  // What contradicts an earlier entry; each stays.  At most kContradictionsMax are kept: whoever
  // has so many needs no more.
  std::vector<MonitorFinding> contradictions;
};
constexpr std::size_t kContradictionsMax = 1000;

// What witnesses have cosigned, a log must show its monitor: else it could keep a withdrawal back
// behind an old head, which is as good as it was, while statuses stay fresh.
struct CosignedHeads {
  // Entries in the largest tree of the log that is known to be cosigned; 0: none is.
  std::function<std::uint64_t()> size;
  const Clock& clock;  // borrowed
};
// A log publishes a head when enough witnesses have cosigned it, some seconds after the first.
constexpr std::int64_t kBehindSecondsMax = 300;

// Not thread-safe; one for each log.
class Monitor {
 public:
  // For one who knows of no witness.
  explicit Monitor(std::unique_ptr<LogReader> reader) : follower_(std::move(reader)) {}
  Monitor(std::unique_ptr<LogReader> reader, CosignedHeads cosigned)
      : follower_(std::move(reader)), cosigned_(std::move(cosigned)) {}
  // Asks again for what could not be read, then reads what is new, portion by portion.  A finding
  // is no error.  Errors: those of LogFollower: the log goes back or contradicts itself; kMismatch
  // exit 15 (it shows less than was cosigned more than kBehindSecondsMax ago, or before the first
  // round), also where the rest cannot be had; those of LogFollower: so it is.  What was read
  // before the error stays read: it is in a witnessed tree.
  Result<MonitorReport> Round();

  // What the log has said, and the head up to which all of it was read ("" before the first round
  // that came to its end without an error).
  const LogFacts& facts() const { return facts_; }
  const std::string& checkpoint() const { return checkpoint_; }

 private:
  // Whether the entry could be read, with its payload or with why there is none; else there is a
  // finding.
  bool Take(std::uint64_t index, const std::string& leaf, const Result<std::string>& pae);
  // `cosigned`: by the beginning of the round.
  Status CheckShowsAll(const Checkpoint& head, std::uint64_t cosigned);

  // The size that the log must show, and since when it was known to be cosigned.
  struct Wanted {
    std::uint64_t size = 0;
    UnixSeconds since = 0;
  };
  LogFollower follower_;
  const std::optional<CosignedHeads> cosigned_;
  std::optional<Wanted> wanted_;
  LogFacts facts_;
  std::string checkpoint_;
  MonitorReport report_;
};

}  // namespace farm
