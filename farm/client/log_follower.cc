#include "farm/client/log_follower.h"

#include <iterator>

namespace farm {

Status LogFollower::GiveUnread(const Take& take) {
  for (auto entry = unread_.begin(); entry != unread_.end();) {
    const auto payload = reader_->PayloadOf(entry->second);
    if (!payload && payload.error().code == ErrorCode::kUnavailable) return payload.error();
    const bool taken = take(entry->first, entry->second, payload);
    entry = taken ? unread_.erase(entry) : std::next(entry);
  }
  return {};
}

// The reader gives no entry twice: what is not asked for now is unread.
Status LogFollower::GiveNew(std::vector<VerifiedEntry> entries, const Take& take) {
  Status status;
  for (VerifiedEntry& entry : entries) {
    const auto payload = status ? reader_->PayloadOf(entry.leaf) : status.error();
    ++entries_read_;
    if (!take(entry.index, entry.leaf, payload)) unread_[entry.index] = std::move(entry.leaf);
    if (!payload && payload.error().code == ErrorCode::kUnavailable) status = payload.error();
  }
  return status;
}

Status LogFollower::Follow(const WitnessedHead& head, const Take& take) {
  RETURN_IF_ERROR(GiveUnread(take));
  for (;;) {
    if (unread_.size() > kUnreadEntriesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   std::to_string(unread_.size()) + " entries of the log " +
                       reader_->trust().origin + " cannot be read, from entry " +
                       std::to_string(unread_.begin()->first) +
                       "; nothing more of it is read before they can",
                   ExitCode::kLogProof};
    }
    ASSIGN_OR_RETURN(std::vector<VerifiedEntry> entries, reader_->ReadNew(head));
    if (entries.empty()) return {};
    RETURN_IF_ERROR(GiveNew(std::move(entries), take));
  }
}

}  // namespace farm
