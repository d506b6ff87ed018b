#include <algorithm>
#include <utility>

#include "farm/verify/line.h"

namespace farm {

bool IsRevoked(const TrustRoot& root, const std::string& key_id, std::optional<UnixSeconds> token,
               std::optional<UnixSeconds> witnessed) {
  return std::any_of(root.revocations.begin(), root.revocations.end(), [&](const Revocation& r) {
    if (r.kind != "key" || r.subject != key_id) return false;
    const bool attested_before = r.compromised_since && token && witnessed &&
                                 std::max(*token, *witnessed) < *r.compromised_since;
    return !attested_before;
  });
}

void CheckRevocations(const KeysOfLine& keys, const TrustRoot& root, LineFacts& facts) {
  std::vector<std::pair<std::string, std::string>> used;  // what it is, key id
  if (!keys.signer.empty()) used.emplace_back("its key", keys.signer);
  const auto add_chain = [&](const std::string& what, const std::vector<Certificate>& chain) {
    for (const Certificate& certificate : chain) {
      used.emplace_back(what, certificate.KeyId());
    }
  };
  if (keys.owner != nullptr) add_chain("the CA of " + keys.owner->id, keys.authority->chain);
  if (keys.stamped_by) {
    const std::vector<Certificate>& chain = keys.stamped_by->authority->chain;
    add_chain("the time stamp authority", chain);
    if (keys.stamped_by->signer != chain.front()) {
      used.emplace_back("the time stamp authority's leaf", keys.stamped_by->signer.KeyId());
    }
  }
  if (keys.log != nullptr) {
    used.emplace_back("the log's key", keys.log->key.KeyId());
    used.emplace_back("the log's second key", keys.log->ecdsa_key.KeyId());
  }
  for (const auto& [what, key_id] : used) {
    if (!IsRevoked(root, key_id, facts.token, facts.witnessed)) continue;
    facts.problems.push_back({Rule::kRevocations, ExitCode::kRevoked,
                              what + " (" + key_id.substr(0, 16) + "..) is revoked for that time"});
  }
}

}  // namespace farm
