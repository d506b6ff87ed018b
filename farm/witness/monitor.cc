#include "farm/witness/monitor.h"

#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/statement.h"

namespace farm {
namespace {

// The statement that a leaf stands for.
struct ReadWord {
  LoggedWord word;
  Statement statement;
  bool by_its_leaf = false;  // signed by the certificate's key that stands there
};

Result<ReadWord> ReadStatement(LogReader& reader, std::uint64_t index, const std::string& leaf) {
  ASSIGN_OR_RETURN(const LeafFacts facts, ParseCanonicalizedBody(leaf));
  ASSIGN_OR_RETURN(const std::string pae, reader.Payload(facts.pae_digest));
  ASSIGN_OR_RETURN(const PaeParts parts, ParsePae(pae));
  ASSIGN_OR_RETURN(Statement statement,
                   ParseStatement(parts.payload, "payload " + facts.pae_digest.Short()));
  ReadWord read{{index, facts.pae_digest, ""}, std::move(statement), false};
  if (!facts.certificate) return read;
  if (const auto name = facts.certificate->UriName()) read.word.signer = *name;
  read.by_its_leaf = facts.certificate->public_key().Verify(pae, facts.signature).has_value();
  return read;
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
    const auto read = ReadStatement(*reader_, entry->first, entry->second);
    if (!read) {
      report_.findings.push_back({entry->first, read.error().message});
      ++entry;
      continue;
    }
    ++report_.kinds[std::string(KindName(read->statement))];
    // Persons make no records, dissents or releases; what its own leaf's key did not sign, nobody
    // said.
    if (read->by_its_leaf) {
      for (std::string& problem : contradictions_.Add(read->word, read->statement)) {
        if (report_.contradictions.size() == kContradictionsMax) break;
        report_.contradictions.push_back({entry->first, std::move(problem)});
      }
    }
    entry = unread_.erase(entry);
  }
  return report_;
}

}  // namespace farm
