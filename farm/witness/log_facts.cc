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
  const auto fail = [&](const Error& error) -> Result<TakenEntry> {
    unread_[index] = error.message;
    return error;
  };
  const auto facts = ParseCanonicalizedBody(leaf);
  if (!facts) return fail(facts.error());
  if (!pae) return fail(pae.error());
  if (Sha256(*pae) != facts->pae_digest) {
    return fail({ErrorCode::kMismatch, "its payload has another digest", ExitCode::kLogProof});
  }
  unread_.erase(index);
  const PublicKey& key =
      facts->certificate ? facts->certificate->public_key() : facts->public_key.value();
  // What its own leaf's key did not sign, nobody said, whatever it is.
  if (!key.Verify(*pae, facts->signature)) return TakenEntry{std::string(kUnsignedKind), {}};
  // Kept by signer: whoever could have one kept for each entry could have a monitor keep all.  One
  // key may stand in certificates of several CAs, of which the root lists some.
  const auto unknown = [&](const Error& error) {
    const Digest signer = Sha256(facts->certificate ? facts->certificate->der() : key.spki());
    const auto known = unknown_.find(signer);
    if (known == unknown_.end() && unknown_.size() == kUnknownSignersMax) {
      if (!beyond_) beyond_ = index;
    } else if (known == unknown_.end() || index < known->second.index) {
      unknown_.insert_or_assign(
          signer, UnknownEntry{index, error.message, facts->certificate, facts->public_key});
    }
    return TakenEntry{std::string(kUnknownKind), {}};
  };
  const auto parts = ParsePae(*pae);
  if (!parts) return unknown(parts.error());
  auto statement = ParseStatement(parts->payload, "payload " + facts->pae_digest.Short());
  if (!statement) return unknown(statement.error());
  TakenEntry taken{std::string(KindName(*statement)), {}};
  // Persons make no records, dissents or releases.
  if (facts->certificate) {
    const auto signer = facts->certificate->UriName();
    taken.contradictions = contradictions_.Add(
        {index, facts->pae_digest, signer ? *signer : std::string()}, *statement);
  }
  auto needed = Needed(*statement);
  if (!needed) return unknown(needed.error());
  if (*needed) {
    spoken_.push_back(
        {index, facts->pae_digest, facts->certificate, facts->public_key, *std::move(*needed)});
  }
  return taken;
}

Status LogFacts::CheckReadable(const TrustRoot& root) const {
  const auto unreadable = [](std::uint64_t index, const std::string& why) {
    return Error{ErrorCode::kMismatch,
                 "log entry " + std::to_string(index) + " cannot be read (" + why +
                     "): it could be a withdrawal; restore the payload in the log, or take a newer "
                     "farm-witness",
                 ExitCode::kLogProof};
  };
  if (!unread_.empty()) return unreadable(unread_.begin()->first, unread_.begin()->second);
  for (const auto& [signer, entry] : unknown_) {
    const bool by_person =
        entry.public_key && root.FindWhoMayWithdraw(*entry.public_key) != nullptr;
    const bool by_signer =
        entry.certificate && FindPossibleHolder(root, *entry.certificate, "signer") != nullptr;
    if (by_person || by_signer) return unreadable(entry.index, entry.why);
  }
  if (!beyond_) return {};
  return Error{
      ErrorCode::kLimitExceeded,
      "more than " + std::to_string(kUnknownSignersMax) +
          " certificates and keys have signed what cannot be read, the next one log entry " +
          std::to_string(*beyond_) + ": take a newer farm-witness",
      ExitCode::kLogProof};
}

}  // namespace farm
