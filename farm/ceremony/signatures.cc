#include "farm/ceremony/signatures.h"

#include <algorithm>
#include <map>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/evidence/trust_root_changes.h"
#include "farm/sign/doctor.h"

namespace farm {
namespace {

// The keys that may sign, by id.
std::map<std::string, PublicKey> Signatories(const TrustRoot& root, const TrustRoot* before) {
  std::map<std::string, PublicKey> keys;
  for (const PublicKey& key : root.root_keys) keys.emplace(key.KeyId(), key);
  if (before == nullptr) return keys;
  for (const PublicKey& key : before->root_keys) keys.emplace(key.KeyId(), key);
  return keys;
}

RootQuorum QuorumOf(const TrustRoot& root, const TrustRoot& decides, std::string of) {
  RootQuorum quorum{std::move(of), decides.threshold, 0, {}};
  for (const PublicKey& key : decides.root_keys) {
    const bool has_signed = CountSignatures(root, {key}) == 1;
    quorum.count += has_signed ? 1 : 0;
    quorum.seats.push_back({key.KeyId(), NameOfRootKey(decides, key.KeyId()), has_signed});
  }
  return quorum;
}

}  // namespace

std::vector<RootQuorum> QuorumsOf(const TrustRoot& root, const TrustRoot* before) {
  std::vector<RootQuorum> quorums = {QuorumOf(root, root, "this root")};
  if (before != nullptr) {
    quorums.push_back(QuorumOf(root, *before, "root " + std::to_string(before->version)));
  }
  return quorums;
}

std::vector<std::string> MissingSignatures(const std::vector<RootQuorum>& quorums) {
  std::vector<std::string> lines;
  for (const RootQuorum& quorum : quorums) {
    if (quorum.met()) continue;
    std::vector<std::string> names;
    for (const RootSeat& seat : quorum.seats) {
      if (!seat.has_signed) names.push_back(seat.name);
    }
    lines.push_back("still to sign for " + quorum.of + ": " +
                    std::to_string(quorum.threshold - quorum.count) + " of " + Join(names, ", "));
  }
  return lines;
}

std::size_t TidySignatures(TrustRoot& root, const TrustRoot* before) {
  const std::map<std::string, PublicKey> keys = Signatories(root, before);
  const std::string signed_bytes = WriteTrustRootSigned(root);
  std::map<std::string, std::string> good;
  std::size_t dropped = 0;
  for (const TrustRoot::Signature& signature : root.signatures) {
    const auto key = keys.find(signature.key_id);
    if (key == keys.end() || !key->second.Verify(signed_bytes, signature.bytes)) {
      ++dropped;
      continue;
    }
    const auto [entry, added] = good.emplace(signature.key_id, signature.bytes);
    if (!added) entry->second = std::min(entry->second, signature.bytes);
  }
  root.signatures.clear();
  for (auto& [key_id, bytes] : good) root.signatures.push_back({key_id, std::move(bytes)});
  return dropped;
}

Status MergeSignatures(TrustRoot& root, const TrustRoot& other, const TrustRoot* before) {
  if (WriteTrustRootSigned(root) != WriteTrustRootSigned(other)) {
    std::vector<std::string> changes = DescribeChanges(root, other);
    if (changes.empty()) changes = {"version, time of making or order differ"};
    return Error{ErrorCode::kMismatch, "is no copy of the same root: " + Join(changes, "; ")};
  }
  root.signatures.insert(root.signatures.end(), other.signatures.begin(), other.signatures.end());
  TidySignatures(root, before);
  return {};
}

Status AddSignature(TrustRoot& root, Signer& signer, const TrustRoot* before) {
  const std::string key_id = signer.key().KeyId();
  const std::map<std::string, PublicKey> keys = Signatories(root, before);
  const auto name_of = [&](const std::string& id, const PublicKey& key) {
    const bool own =
        std::find(root.root_keys.begin(), root.root_keys.end(), key) != root.root_keys.end();
    return NameOfRootKey(own ? root : *before, id);
  };
  if (!keys.contains(key_id)) {
    std::vector<std::string> names;
    for (const auto& [id, key] : keys) names.push_back(name_of(id, key));
    return Error{ErrorCode::kUntrusted,
                 "the key " + key_id + " is no root key here; these are: " + Join(names, ", "),
                 ExitCode::kRefused};
  }
  RETURN_IF_ERROR(CheckCanary(signer));
  const std::string to_sign = WriteTrustRootSigned(root);
  ASSIGN_OR_RETURN(std::string bytes, signer.Sign(to_sign));
  // Else TidySignatures would drop it, and whoever signs would not hear of it.
  if (const auto good = signer.key().Verify(to_sign, bytes); !good) {
    return Error{ErrorCode::kUntrusted,
                 "the signature of " + name_of(key_id, signer.key()) +
                     " does not verify by the key that the root lists: nothing is signed; do not "
                     "use this key or token any more"};
  }
  root.signatures.push_back({key_id, std::move(bytes)});
  TidySignatures(root, before);
  return {};
}

}  // namespace farm
