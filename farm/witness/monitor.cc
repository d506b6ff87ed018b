#include "farm/witness/monitor.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace farm {

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

Status Monitor::ReadUnread() {
  for (auto entry = unread_.begin(); entry != unread_.end();) {
    const auto pae = reader_->PayloadOf(entry->second);
    if (!pae && pae.error().code == ErrorCode::kUnavailable) return pae.error();
    entry = Take(entry->first, entry->second, pae) ? unread_.erase(entry) : std::next(entry);
  }
  return {};
}

// The reader gives no entry twice: what is not asked for now is unread.
Status Monitor::TakeNew(std::vector<VerifiedEntry> entries) {
  Status status;
  for (VerifiedEntry& entry : entries) {
    auto pae = status ? reader_->PayloadOf(entry.leaf) : status.error();
    if (!Take(entry.index, entry.leaf, pae)) unread_[entry.index] = std::move(entry.leaf);
    if (!pae && pae.error().code == ErrorCode::kUnavailable) status = pae.error();
  }
  return status;
}

// What was cosigned before the first round has had its time.  A log that comes up to what was
// wanted has as long again for what was cosigned since.
Status Monitor::CheckShowsAll(const Checkpoint& head, std::uint64_t cosigned) {
  const UnixSeconds now = cosigned_->clock.Now();
  // What a closed log had beyond its end the root disowns.
  if (const auto& end = reader_->trust().end) cosigned = std::min(cosigned, end->size);
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
  ASSIGN_OR_RETURN(const WitnessedHead head, reader_->Head());
  report_.findings.clear();
  RETURN_IF_ERROR(ReadUnread());
  for (;;) {
    if (unread_.size() > kUnreadEntriesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   std::to_string(unread_.size()) +
                       " entries of the log cannot be read, from entry " +
                       std::to_string(unread_.begin()->first) +
                       "; nothing more of it is read before they can",
                   ExitCode::kLogProof};
    }
    ASSIGN_OR_RETURN(std::vector<VerifiedEntry> entries, reader_->ReadNew(head));
    if (entries.empty()) break;
    report_.entries_read += entries.size();
    RETURN_IF_ERROR(TakeNew(std::move(entries)));
  }
  report_.head = head.checkpoint;
  if (cosigned_) RETURN_IF_ERROR(CheckShowsAll(head.checkpoint, cosigned));
  checkpoint_ = head.note;
  return report_;
}

}  // namespace farm
