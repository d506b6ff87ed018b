#include "farm/witness/monitor.h"

#include <algorithm>
#include <limits>

namespace farm {

namespace {

// Something could not be had, or too much of it; else what was had contradicts itself.
bool IsAway(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kLimitExceeded;
}

}  // namespace

bool Monitor::Take(std::uint64_t index, const std::string& leaf, const Result<std::string>& pae) {
  auto taken = facts_.Take(index, leaf, pae);
  if (!taken) {
    report_.findings.push_back({index, taken.error().message});
    return false;
  }
  ++report_.kinds[taken->kind];
  for (std::string& problem : taken->contradictions) {
    if (report_.contradictions.size() == kContradictionsMax) break;
    report_.contradictions.push_back({index, std::move(problem)});
  }
  return true;
}

// What was cosigned before the first round has had its time.  A log that comes up to what was
// wanted has as long again for what was cosigned since.
Status Monitor::CheckShowsAll(const Checkpoint& head, std::uint64_t cosigned) {
  const UnixSeconds now = cosigned_->clock.Now();
  // What a closed log had beyond its end the root disowns.
  if (const auto& end = follower_.reader().trust().end) cosigned = std::min(cosigned, end->size);
  if (!wanted_) {
    wanted_ = Wanted{cosigned, std::numeric_limits<UnixSeconds>::min()};
  } else if (head.size >= wanted_->size) {
    wanted_ = Wanted{cosigned, now};
  }
  if (head.size >= wanted_->size || now <= wanted_->since + kBehindSecondsMax) return {};
  return Error{ErrorCode::kMismatch,
               "log " + head.origin + ": shows a head of " + std::to_string(head.size) +
                   " entries, and witnesses have cosigned one of " + std::to_string(wanted_->size) +
                   ": it keeps back what it has, or cannot publish it",
               ExitCode::kLogProof};
}

Result<MonitorReport> Monitor::Round() {
  // First: what is cosigned during the round may be published after it.
  const std::uint64_t cosigned = cosigned_ ? cosigned_->size() : 0;
  ASSIGN_OR_RETURN(const WitnessedHead head, follower_.reader().Head());
  report_.findings.clear();
  const Status followed = follower_.Follow(
      head, [this](std::uint64_t index, const std::string& leaf, const Result<std::string>& pae) {
        return Take(index, leaf, pae);
      });
  report_.entries_read = follower_.entries_read();
  if (!followed && !IsAway(followed.error())) return followed.error();  // the head is not the log's
  // Before what is away: else whoever serves the log keeps its head back unseen, with one payload.
  if (cosigned_) RETURN_IF_ERROR(CheckShowsAll(head.checkpoint, cosigned));
  RETURN_IF_ERROR(followed);
  for (const auto& [signer, entry] : facts_.unknown()) {
    report_.findings.push_back({entry.index, entry.why});
  }
  std::ranges::sort(report_.findings, {}, &MonitorFinding::index);
  report_.head = head.checkpoint;
  checkpoint_ = head.note;
  return report_;
}

}  // namespace farm
