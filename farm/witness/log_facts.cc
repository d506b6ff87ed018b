#include "farm/witness/log_facts.h"

#include <algorithm>

#include "farm/crypto/hash.h"
#include "farm/evidence/dsse.h"
#include "farm/evidence/manifest_view.h"

namespace farm {
namespace {

// What a status needs of a statement; nothing of most kinds.  A release whose manifest does not
// read is nobody's: no verifier takes it, and no log lets one in.
Result<std::optional<decltype(SpokenInLog::said)>> Needed(Statement& statement) {
  using Said = decltype(SpokenInLog::said);
  if (const auto* release = std::get_if<Release>(&statement)) {
    const auto manifest = ViewManifest(release->manifest);
    if (!manifest && IsOfNewerFormat(release->manifest)) return manifest.error();
    if (!manifest) return std::optional<Said>();
    return std::optional<Said>(
        ReleaseInLog{manifest->product, manifest->version, release->sequence, manifest->digest});
  }
  if (auto* withdrawal = std::get_if<Withdrawal>(&statement)) {
    return std::optional<Said>(std::move(*withdrawal));
  }
  if (auto* dissent = std::get_if<Dissent>(&statement)) {
    dissent->records.clear();
    dissent->summary.clear();
    return std::optional<Said>(std::move(*dissent));
  }
  return std::optional<Said>();
}

}  // namespace

Result<TakenEntry> LogFacts::Take(std::uint64_t index, const std::string& leaf,
                                  const Result<std::string>& pae) {
  Unread unread;
  const auto fail = [&](const Error& error) -> Result<TakenEntry> {
    unread.why = error.message;
    unread_[index] = std::move(unread);
    return error;
  };
  const auto facts = ParseCanonicalizedBody(leaf);
  if (!facts) return fail(facts.error());
  unread.certificate = facts->certificate;
  unread.public_key = facts->public_key;
  if (!pae) return fail(pae.error());
  if (Sha256(*pae) != facts->pae_digest) {
    return fail({ErrorCode::kMismatch, "its payload has another digest", ExitCode::kLogProof});
  }
  unread.payload_there = true;
  const PublicKey& key =
      facts->certificate ? facts->certificate->public_key() : facts->public_key.value();
  // What its own leaf's key did not sign, nobody said, whatever it is.
  if (!key.Verify(*pae, facts->signature)) {
    unread_.erase(index);
    return TakenEntry{std::string(kUnsignedKind), {}};
  }
  const auto parts = ParsePae(*pae);
  if (!parts) return fail(parts.error());
  auto statement = ParseStatement(parts->payload, "payload " + facts->pae_digest.Short());
  if (!statement) return fail(statement.error());
  TakenEntry taken{std::string(KindName(*statement)), {}};
  // Persons make no records, dissents or releases.
  if (facts->certificate) {
    const auto signer = facts->certificate->UriName();
    taken.contradictions = contradictions_.Add(
        {index, facts->pae_digest, signer ? *signer : std::string()}, *statement);
  }
  auto needed = Needed(*statement);
  if (!needed) return fail(needed.error());
  unread_.erase(index);
  if (*needed) {
    spoken_.push_back(
        {index, facts->pae_digest, facts->certificate, facts->public_key, *std::move(*needed)});
  }
  return taken;
}

Status LogFacts::CheckReadable(const TrustRoot& root) const {
  for (const auto& [index, entry] : unread_) {
    const bool by_person =
        entry.public_key && root.FindWhoMayWithdraw(*entry.public_key) != nullptr;
    const bool by_signer =
        entry.certificate && FindPossibleHolder(root, *entry.certificate, "signer") != nullptr;
    if (entry.payload_there && !by_person && !by_signer) continue;
    return Error{ErrorCode::kMismatch,
                 "log entry " + std::to_string(index) + " cannot be read (" + entry.why +
                     "): it could be a withdrawal; restore the payload in the log, or take a newer "
                     "farm-witness",
                 ExitCode::kLogProof};
  }
  return {};
}

}  // namespace farm
