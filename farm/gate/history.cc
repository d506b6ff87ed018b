#include "farm/gate/history.h"

#include <algorithm>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/client/tiles.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/merkle.h"
#include "farm/evidence/note.h"

namespace farm {
namespace {

std::string EntryName(const LogHistory& history, std::uint64_t index) {
  return "entry " + std::to_string(index) + " of " + history.origin();
}

LeafIssuer IssuerAmong(const Operator& owner, const Certificate& certificate) {
  return FindLeafIssuer(owner, certificate, certificate.not_before());
}

// Nor does a revocation unsay anything: a dissent ends only by a new manifest.
const CertifiedParty* PartyOf(const Certificate& certificate, const TrustRoot& root,
                              std::string_view role) {
  return FindPossibleHolder(root, certificate, role);
}

// With the log that each is in.
std::vector<std::pair<const LogHistory*, const LoggedStatement*>> StatementsOf(
    const Histories& histories) {
  std::vector<std::pair<const LogHistory*, const LoggedStatement*>> statements;
  for (const LogHistory* history : histories.All()) {
    for (const LoggedStatement& logged : history->statements()) {
      statements.emplace_back(history, &logged);
    }
  }
  return statements;
}

// Of a line of the question, which must be in the open log.
Error InAnotherLog(const std::string& origin, const Histories& histories) {
  const bool closed = std::ranges::any_of(
      histories.closed, [&](const LogHistory* history) { return history->origin() == origin; });
  return Error{
      ErrorCode::kMismatch,
      "a line of the question is in log " + Printable(origin, 80) +
          (closed ? ", which is closed; this signer reads " : ", this signer reads ") +
          Printable(histories.open->origin(), 80) +
          (closed ? ": submit the manifest with a higher revision and have it approved" : ""),
      ExitCode::kLogProof};
}

bool IsIssuerKnown(const Certificate& certificate, const TrustRoot& root) {
  return std::any_of(root.operators.begin(), root.operators.end(), [&](const Operator& owner) {
    return IssuerAmong(owner, certificate).status.has_value();
  });
}

}  // namespace

void LogHistory::Add(const std::string& leaf, const Result<std::string>& pae) {
  subtrees_[0].push_back(LeafHash(leaf));
  for (std::size_t level = 0; subtrees_[level].size() % 2 == 0; ++level) {
    if (level + 1 == subtrees_.size()) subtrees_.emplace_back();
    const std::vector<Digest>& below = subtrees_[level];
    subtrees_[level + 1].push_back(NodeHash(below[below.size() - 2], below.back()));
  }
  Read(size() - 1, leaf, pae);
}

Digest LogHistory::RootAt(std::uint64_t size) const {
  CHECK(size <= this->size());
  const auto root = TreeRoot(size, [this](int level, std::uint64_t index) -> Result<Digest> {
    return subtrees_.at(static_cast<std::size_t>(level)).at(index);
  });
  CHECK(root);
  return *root;
}

void LogHistory::Resolve(std::uint64_t index, const std::string& leaf, const std::string& pae) {
  CHECK(index < size() && leaf_hash(index) == LeafHash(leaf));
  unreadable_.erase(index);
  Read(index, leaf, pae);
}

void LogHistory::Read(std::uint64_t index, const std::string& leaf,
                      const Result<std::string>& pae) {
  const auto facts = ParseCanonicalizedBody(leaf);
  if (!facts) {
    unreadable_.insert({index, {facts.error().message, std::nullopt}});
    return;
  }
  if (!pae) {
    unreadable_.insert({index, {pae.error().message, std::nullopt}});
    return;
  }
  if (Sha256(*pae) != facts->pae_digest) {
    unreadable_.insert({index, {"its payload has another digest", std::nullopt}});
    return;
  }
  // Who signs with a bare key is a person, and no person makes records, dissents or releases.  What
  // its own leaf's key did not sign, nobody said.
  if (!facts->certificate || !facts->certificate->public_key().Verify(*pae, facts->signature)) {
    return;
  }
  const auto parts = ParsePae(*pae);
  if (!parts) {
    unreadable_.insert({index, {parts.error().message, facts->certificate}});
    return;
  }
  auto statement = ParseStatement(parts->payload, EntryName(*this, index));
  if (!statement) {
    unreadable_.insert({index, {statement.error().message, facts->certificate}});
    return;
  }
  const auto keep = [&](std::variant<Record, Dissent, Release> kept) {
    statements_.push_back({index, facts->pae_digest, *facts->certificate, std::move(kept)});
  };
  if (auto* record = std::get_if<Record>(&*statement)) {
    record->trace.clear();
    keep(std::move(*record));
  } else if (auto* dissent = std::get_if<Dissent>(&*statement)) {
    keep(std::move(*dissent));
  } else if (auto* release = std::get_if<Release>(&*statement)) {
    keep(std::move(*release));
  }
}

std::vector<const LogHistory*> Histories::All() const {
  std::vector<const LogHistory*> all = {open};
  all.insert(all.end(), closed.begin(), closed.end());
  return all;
}

Status CheckLinesAreLogged(const Histories& histories, const ParsedQuestion& question) {
  const LogHistory& history = *histories.open;
  for (const Bundle* line : question.Lines()) {
    if (!line->log_entry) {
      return Error{ErrorCode::kMismatch, "a line has no log entry", ExitCode::kLogProof};
    }
    const LogEntry& entry = *line->log_entry;
    ASSIGN_OR_RETURN(const Note note, ParseNote(entry.checkpoint));
    ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(note.text));
    if (checkpoint.origin != history.origin()) return InAnotherLog(checkpoint.origin, histories);
    if (entry.index >= history.size() || entry.tree_size > history.size()) {
      return Error{ErrorCode::kUnavailable,
                   "the log serves a witnessed head of " + std::to_string(history.size()) +
                       " entries, but a line of the question is entry " +
                       std::to_string(entry.index) + " of " + std::to_string(entry.tree_size) +
                       "; ask again when the log has caught up"};
    }
    const auto diverged = [](const std::string& message) {
      return Error{ErrorCode::kMismatch, "log diverged: " + message, ExitCode::kLogProof};
    };
    if (history.leaf_hash(entry.index) != LeafHash(entry.canonicalized_body)) {
      return diverged(EntryName(history, entry.index) +
                      " is another one than a line of the question proves");
    }
    if (history.RootAt(entry.tree_size) != entry.root) {
      return diverged("the tree of " + std::to_string(entry.tree_size) +
                      " entries is another one than a line of the question was proved under");
    }
  }
  return {};
}

Status CheckReadable(const Histories& histories, const TrustRoot& root) {
  for (const LogHistory* history : histories.All()) {
    for (const auto& [index, entry] : history->unreadable()) {
      if (entry.certificate && PartyOf(*entry.certificate, root, "site") == nullptr &&
          PartyOf(*entry.certificate, root, "signer") == nullptr) {
        continue;
      }
      return Error{ErrorCode::kMismatch,
                   EntryName(*history, index) + " cannot be read (" + entry.reason +
                       "): it could hold a record that disagrees; restore the payload in the log",
                   ExitCode::kLogProof};
    }
  }
  return {};
}

Status CheckNoDissent(const Histories& histories, const TrustRoot& root, const Digest& manifest) {
  for (const auto& [history, logged] : StatementsOf(histories)) {
    const auto* dissent = std::get_if<Dissent>(&logged->statement);
    if (dissent == nullptr || dissent->manifest != manifest) continue;
    if (PartyOf(logged->certificate, root, "signer") == nullptr) continue;
    return Error{ErrorCode::kMismatch,
                 EntryName(*history, logged->index) +
                     " is a dissent of this manifest: " + Printable(dissent->summary, 400) +
                     "; it ends only by a new manifest (revision)",
                 ExitCode::kDissent};
  }
  return {};
}

Status CheckRecordsInLogAgree(const Histories& histories, const TrustRoot& root,
                              const ProvedCase& proved) {
  const Record& agreed = proved.records.front().statement();
  for (const auto& [history, logged] : StatementsOf(histories)) {
    const auto* record = std::get_if<Record>(&logged->statement);
    if (record == nullptr || record->manifest != agreed.manifest) continue;
    const CertifiedParty* site = PartyOf(logged->certificate, root, "site");
    if (site == nullptr || SameOutcome(*record, agreed)) continue;
    return Error{ErrorCode::kMismatch,
                 EntryName(*history, logged->index) + " is a record of this manifest by " +
                     site->id + " under intent " + record->intent.Short() +
                     " that says something else; it ends only by a new manifest (revision)",
                 ExitCode::kDissent};
  }
  return {};
}

Status CheckOneRecordEach(const Histories& histories, const TrustRoot& root,
                          const ProvedCase& proved) {
  const Digest intent = proved.intent.digest();
  std::set<Digest> known;
  for (const VerifiedRecord& record : proved.records) known.insert(record.digest());
  for (const auto& [history, logged] : StatementsOf(histories)) {
    const auto* record = std::get_if<Record>(&logged->statement);
    if (record == nullptr || record->intent != intent || known.contains(logged->digest)) continue;
    const CertifiedParty* site = PartyOf(logged->certificate, root, "site");
    if (site == nullptr) continue;
    return Error{ErrorCode::kMismatch,
                 EntryName(*history, logged->index) + " is another record by " + site->id +
                     " under this intent, want one; ask again with a new attempt",
                 ExitCode::kQuorum};
  }
  return {};
}

std::vector<LoggedRelease> ReleasesOf(const Histories& histories, const TrustRoot& root,
                                      const std::string& product) {
  std::vector<LoggedRelease> releases;
  for (const auto& [history, logged] : StatementsOf(histories)) {
    const auto* release = std::get_if<Release>(&logged->statement);
    if (release == nullptr) continue;
    const auto manifest = ViewManifest(release->manifest);
    if (!manifest || manifest->product != product) continue;
    if (PartyOf(logged->certificate, root, "signer") == nullptr) continue;
    releases.push_back({EntryName(*history, logged->index), logged->digest, *release,
                        manifest->version, IsIssuerKnown(logged->certificate, root)});
  }
  return releases;
}

}  // namespace farm
