#include "farm/witness/monitor.h"

#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/statement.h"

namespace farm {
namespace {

// The kind of the statement that a leaf stands for.
Result<std::string> ReadStatement(LogReader& reader, const std::string& leaf) {
  ASSIGN_OR_RETURN(const LeafFacts facts, ParseCanonicalizedBody(leaf));
  ASSIGN_OR_RETURN(const std::string pae, reader.Payload(facts.pae_digest));
  ASSIGN_OR_RETURN(const PaeParts parts, ParsePae(pae));
  ASSIGN_OR_RETURN(const Statement statement,
                   ParseStatement(parts.payload, "payload " + facts.pae_digest.Short()));
  return std::string(KindName(statement));
}

}  // namespace

Result<MonitorReport> Monitor::Round() {
  ASSIGN_OR_RETURN(const WitnessedHead head, reader_->Head());
  ASSIGN_OR_RETURN(std::vector<VerifiedEntry> entries, reader_->ReadNew(head));
  report_.head = head.checkpoint;
  report_.entries_read += entries.size();
  for (VerifiedEntry& entry : entries) unread_[entry.index] = std::move(entry.leaf);
  report_.findings.clear();
  for (auto entry = unread_.begin(); entry != unread_.end();) {
    auto kind = ReadStatement(*reader_, entry->second);
    if (kind) {
      ++report_.kinds[*kind];
      entry = unread_.erase(entry);
    } else {
      report_.findings.push_back({entry->first, kind.error().message});
      ++entry;
    }
  }
  return report_;
}

}  // namespace farm
