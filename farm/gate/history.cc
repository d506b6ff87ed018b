#include "farm/gate/history.h"

#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/dsse.h"

namespace farm {
namespace {

std::string EntryName(std::uint64_t index) { return "log entry " + std::to_string(index); }

// The party of `role` that holds `certificate`.  Its revocation does not make it unsay anything: a
// dissent ends only by a new manifest.
const CertifiedParty* PartyOf(const Certificate& certificate, const TrustRoot& root,
                              std::string_view role) {
  const auto name = certificate.UriName();
  if (!name) return nullptr;
  const auto found = root.FindParty(*name);
  if (!found || found->party->role != role) return nullptr;
  if (!CheckSigningChain(certificate, found->owner->authority, certificate.not_before())) {
    return nullptr;
  }
  return found->party;
}

}  // namespace

void LogHistory::Add(const std::string& leaf, const Result<std::string>& pae) {
  leaves_.push_back(Sha256(leaf));
  Read(leaves_.size() - 1, leaf, pae);
}

void LogHistory::Resolve(std::uint64_t index, const std::string& leaf, const std::string& pae) {
  CHECK(index < leaves_.size() && leaves_[index] == Sha256(leaf));
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
  auto statement = ParseStatement(parts->payload, EntryName(index));
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

Status CheckLinesAreLogged(const LogHistory& history, const ParsedQuestion& question) {
  for (const Bundle* line : question.Lines()) {
    if (!line->log_entry) {
      return Error{ErrorCode::kMismatch, "a line has no log entry", ExitCode::kLogProof};
    }
    const LogEntry& entry = *line->log_entry;
    if (entry.index >= history.size()) {
      return Error{ErrorCode::kUnavailable,
                   "the log serves a witnessed head of " + std::to_string(history.size()) +
                       " entries, but a line of the question is entry " +
                       std::to_string(entry.index) + "; ask again when the log has caught up"};
    }
    if (history.leaf(entry.index) != Sha256(entry.canonicalized_body)) {
      return Error{ErrorCode::kMismatch,
                   "log diverged: " + EntryName(entry.index) +
                       " is another one than a line of the question proves",
                   ExitCode::kLogProof};
    }
  }
  return {};
}

Status CheckReadable(const LogHistory& history, const TrustRoot& root) {
  for (const auto& [index, entry] : history.unreadable()) {
    if (entry.certificate && PartyOf(*entry.certificate, root, "site") == nullptr &&
        PartyOf(*entry.certificate, root, "signer") == nullptr) {
      continue;
    }
    return Error{ErrorCode::kMismatch,
                 EntryName(index) + " cannot be read (" + entry.reason +
                     "): it could hold a record that disagrees; restore the payload in the log",
                 ExitCode::kLogProof};
  }
  return {};
}

Status CheckNoDissent(const LogHistory& history, const TrustRoot& root, const Digest& manifest) {
  for (const LoggedStatement& logged : history.statements()) {
    const auto* dissent = std::get_if<Dissent>(&logged.statement);
    if (dissent == nullptr || dissent->manifest != manifest) continue;
    if (PartyOf(logged.certificate, root, "signer") == nullptr) continue;
    return Error{ErrorCode::kMismatch,
                 EntryName(logged.index) +
                     " is a dissent of this manifest: " + Printable(dissent->summary, 400) +
                     "; it ends only by a new manifest (revision)",
                 ExitCode::kDissent};
  }
  return {};
}

Status CheckRecordsInLogAgree(const LogHistory& history, const TrustRoot& root,
                              const ProvedCase& proved) {
  const Record& agreed = proved.records.front().statement();
  for (const LoggedStatement& logged : history.statements()) {
    const auto* record = std::get_if<Record>(&logged.statement);
    if (record == nullptr || record->manifest != agreed.manifest) continue;
    const CertifiedParty* site = PartyOf(logged.certificate, root, "site");
    if (site == nullptr || SameOutcome(*record, agreed)) continue;
    return Error{ErrorCode::kMismatch,
                 EntryName(logged.index) + " is a record of this manifest by " + site->id +
                     " under intent " + record->intent.Short() +
                     " that says something else; it ends only by a new manifest (revision)",
                 ExitCode::kDissent};
  }
  return {};
}

std::vector<LoggedRelease> ReleasesOf(const LogHistory& history, const TrustRoot& root,
                                      const std::string& product) {
  std::vector<LoggedRelease> releases;
  for (const LoggedStatement& logged : history.statements()) {
    const auto* release = std::get_if<Release>(&logged.statement);
    if (release == nullptr) continue;
    const auto manifest = ViewManifest(release->manifest);
    if (!manifest || manifest->product != product) continue;
    if (PartyOf(logged.certificate, root, "signer") == nullptr) continue;
    releases.push_back({logged.index, logged.digest, *release, manifest->version});
  }
  return releases;
}

}  // namespace farm
