#include "farm/witness/monitor.h"

#include <iterator>

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

Result<MonitorReport> Monitor::Round() {
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
  checkpoint_ = head.note;
  return report_;
}

}  // namespace farm
