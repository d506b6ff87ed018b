#include "farm/witness/monitor.h"

#include <iterator>

namespace farm {

bool Monitor::Take(std::uint64_t index, const std::string& leaf) {
  auto taken = facts_.Take(index, leaf, reader_->PayloadOf(leaf));
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

Result<MonitorReport> Monitor::Round() {
  ASSIGN_OR_RETURN(const WitnessedHead head, reader_->Head());
  report_.findings.clear();
  for (auto entry = unread_.begin(); entry != unread_.end();) {
    entry = Take(entry->first, entry->second) ? unread_.erase(entry) : std::next(entry);
  }
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
    for (VerifiedEntry& entry : entries) {
      if (!Take(entry.index, entry.leaf)) unread_[entry.index] = std::move(entry.leaf);
    }
  }
  report_.head = head.checkpoint;
  checkpoint_ = head.note;
  return report_;
}

}  // namespace farm
