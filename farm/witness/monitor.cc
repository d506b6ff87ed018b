#include "farm/witness/monitor.h"

#include "farm/evidence/bundle.h"

namespace farm {
namespace {

Result<std::string> PayloadOf(LogReader& reader, const std::string& leaf) {
  ASSIGN_OR_RETURN(const LeafFacts facts, ParseCanonicalizedBody(leaf));
  return reader.Payload(facts.pae_digest);
}

}  // namespace

Result<MonitorReport> Monitor::Round() {
  ASSIGN_OR_RETURN(const WitnessedHead head, reader_->Head());
  ASSIGN_OR_RETURN(std::vector<VerifiedEntry> entries, reader_->ReadNew(head));
  report_.head = head.checkpoint;
  checkpoint_ = head.note;
  report_.entries_read += entries.size();
  for (VerifiedEntry& entry : entries) unread_[entry.index] = std::move(entry.leaf);
  report_.findings.clear();
  for (auto entry = unread_.begin(); entry != unread_.end();) {
    auto taken = facts_.Take(entry->first, entry->second, PayloadOf(*reader_, entry->second));
    if (!taken) {
      report_.findings.push_back({entry->first, taken.error().message});
      ++entry;
      continue;
    }
    ++report_.kinds[taken->kind];
    for (std::string& problem : taken->contradictions) {
      if (report_.contradictions.size() == kContradictionsMax) break;
      report_.contradictions.push_back({entry->first, std::move(problem)});
    }
    entry = unread_.erase(entry);
  }
  return report_;
}

}  // namespace farm
