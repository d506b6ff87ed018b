#include "farm/evidence/trust_root.h"

#include <algorithm>
#include <set>

#include "farm/base/bytes.h"
#include "farm/json/json.h"

namespace farm {
namespace {

const Person* FindPerson(const std::vector<Person>& persons, const PublicKey& key) {
  for (const Person& person : persons) {
    if (person.key == key) return &person;
  }
  return nullptr;
}

}  // namespace

bool LeavesLess(const std::optional<UnixSeconds>& since, const std::optional<UnixSeconds>& other) {
  return other && (!since || *since < *other);
}

const Revocation* FindKeyRevocation(const TrustRoot& root, const std::string& key_id) {
  const Revocation* least = nullptr;
  for (const Revocation& one : root.revocations) {
    if (one.kind != "key" || one.subject != key_id) continue;
    if (least == nullptr || LeavesLess(one.compromised_since, least->compromised_since)) {
      least = &one;
    }
  }
  return least;
}

bool IsBeyondEnd(const Checkpoint& checkpoint, const LogEnd& end) {
  return checkpoint.size > end.size ||
         (checkpoint.size == end.size && checkpoint.root != end.root_hash);
}

bool IsEnd(const Checkpoint& checkpoint, const LogEnd& end) {
  return checkpoint.size == end.size && checkpoint.root == end.root_hash;
}

std::optional<TrustRoot::Found> TrustRoot::FindParty(std::string_view id) const {
  for (const Operator& owner : operators) {
    for (const CertifiedParty& party : owner.parties) {
      if (party.id == id) return Found{&owner, &party};
    }
  }
  return std::nullopt;
}

const Person* TrustRoot::FindAuditor(const PublicKey& key) const {
  return FindPerson(auditors, key);
}

const Person* TrustRoot::FindRequester(const PublicKey& key) const {
  return FindPerson(requesters, key);
}

const Person* TrustRoot::FindMonitor(const PublicKey& key) const {
  return FindPerson(monitors, key);
}

const Person* TrustRoot::FindCertifier(const PublicKey& key) const {
  return FindPerson(certifiers, key);
}

const Log* TrustRoot::FindLog(std::string_view origin) const {
  const auto found =
      std::find_if(logs.begin(), logs.end(), [&](const Log& log) { return log.origin == origin; });
  return found == logs.end() ? nullptr : &*found;
}

bool IsDisowned(const TrustRoot& root, const Checkpoint& head) {
  const Log* log = root.FindLog(head.origin);
  return log != nullptr && log->end && IsBeyondEnd(head, *log->end);
}

const Person* TrustRoot::FindWhoMayWithdraw(const PublicKey& key) const {
  const Person* person = FindAuditor(key);
  return person != nullptr ? person : FindRequester(key);
}

LeafIssuer FindLeafIssuer(const Operator& owner, const Certificate& leaf, UnixSeconds at) {
  VerifyCache once;
  return FindLeafIssuer(owner, leaf, at, once);
}

LeafIssuer FindLeafIssuer(const Operator& owner, const Certificate& leaf, UnixSeconds at,
                          VerifyCache& cache) {
  LeafIssuer found{nullptr,
                   Error{ErrorCode::kUntrusted, "the root lists no CA of operator " + owner.id}};
  for (const DatedAuthority& authority : owner.authorities) {
    Status chain = CheckSigningChain(leaf, authority.chain, at, cache);
    const bool issued = chain || chain.error().Exit() == ExitCode::kNotValidThen;
    if (chain && !authority.valid_for.Contains(at)) {
      chain =
          Error{ErrorCode::kUntrusted, "the root does not vouch for that CA at " + FormatTime(at),
                ExitCode::kNotValidThen};
    }
    // One key may have several certificates: what counts is one that was good.
    if (issued || found.authority == nullptr) {
      found = {issued ? &authority : nullptr, std::move(chain)};
    }
    if (found.status) break;
  }
  return found;
}

const CertifiedParty* FindPossibleHolder(const TrustRoot& root, const Certificate& leaf,
                                         std::string_view role) {
  const auto name = leaf.UriName();
  if (!name) return nullptr;
  const auto found = root.FindParty(*name);
  if (!found || found->party->role != role) return nullptr;
  const bool foreign =
      std::any_of(root.operators.begin(), root.operators.end(), [&](const Operator& owner) {
        return &owner != found->owner &&
               FindLeafIssuer(owner, leaf, leaf.not_before()).authority != nullptr;
      });
  return foreign ? nullptr : found->party;
}

std::int64_t CountSignatures(const TrustRoot& root, const std::vector<PublicKey>& keys) {
  const std::string signed_bytes = WriteTrustRootSigned(root);
  std::set<std::string> signers;
  // Signatures by keys that nobody asks for say nothing, good or bad.
  for (const TrustRoot::Signature& signature : root.signatures) {
    for (const PublicKey& key : keys) {
      if (key.KeyId() == signature.key_id && key.Verify(signed_bytes, signature.bytes)) {
        signers.insert(signature.key_id);
      }
    }
  }
  return static_cast<std::int64_t>(signers.size());
}

Status CheckSuccessor(const TrustRoot& next, const RootKeys& before) {
  const std::int64_t count = CountSignatures(next, before.keys);
  if (count >= before.threshold) return {};
  return Error{ErrorCode::kUntrusted,
               "trust root " + std::to_string(next.version) + " has " + std::to_string(count) +
                   " good signatures by the keys of the root before it, want " +
                   std::to_string(before.threshold),
               ExitCode::kBadSignature};
}

Status CheckNextRoot(const TrustRoot& next, const TrustRoot& before) {
  if (next.version <= before.version) {
    return Error{ErrorCode::kUntrusted,
                 "trust root " + std::to_string(next.version) + " is not newer than root " +
                     std::to_string(before.version),
                 ExitCode::kRollback};
  }
  if (next.version != before.version + 1) {
    return Error{ErrorCode::kNotFound, "trust root " + std::to_string(next.version) +
                                           " does not follow root " +
                                           std::to_string(before.version) + ": want root " +
                                           std::to_string(before.version + 1) + " first"};
  }
  return CheckSuccessor(next, RootKeys{before.root_keys, before.threshold});
}

}  // namespace farm
