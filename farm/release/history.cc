#include "farm/release/history.h"

#include <algorithm>

#include "farm/evidence/manifest_view.h"

namespace farm {
namespace {

// The role of whoever the root says signed this leaf, or "".
std::string RoleOf(const LeafFacts& facts, const TrustRoot& root) {
  if (!facts.certificate) return "";
  const auto uri = facts.certificate->UriName();
  if (!uri) return "";
  const auto found = root.FindParty(*uri);
  if (!found) return "";
  const LeafIssuer issuer =
      FindLeafIssuer(*found->owner, *facts.certificate, facts.certificate->not_before());
  return issuer.authority != nullptr ? found->party->role : "";
}

}  // namespace

Status History::Take(const LoggedLeaf& leaf) {
  const std::string role = RoleOf(leaf.facts, root_);
  if (role != "signer" && role != "coordinator") return {};
  const auto unreadable = [&](const Error& error) {
    return Error{ErrorCode::kUnavailable,
                 "entry " + std::to_string(leaf.index) + " of " + leaf.log +
                     ", which could be a dissent, cannot be read: " + error.message};
  };
  const auto pae = leaf.pae();
  if (!pae) return unreadable(pae.error());
  if (!leaf.facts.certificate->public_key().Verify(*pae, leaf.facts.signature)) return {};
  const auto parts = ParsePae(*pae);
  if (!parts) return unreadable(parts.error());
  auto statement = ParseStatement(parts->payload, "entry " + std::to_string(leaf.index));
  if (!statement) return unreadable(statement.error());
  const Digest& digest = leaf.facts.pae_digest;
  if (role == "coordinator") {
    if (auto* intent = std::get_if<Intent>(&*statement)) {
      const Digest manifest = intent->manifest;
      intents_[manifest].push_back({std::move(*intent), digest, leaf.index, leaf.log});
    }
  } else if (auto* dissent = std::get_if<Dissent>(&*statement)) {
    dissents_.push_back({std::move(*dissent), digest, leaf.index, leaf.log});
  } else if (auto* release = std::get_if<Release>(&*statement)) {
    // No verifier takes a release whose manifest does not read, and no log lets one in.
    const auto view = ViewManifest(release->manifest);
    if (!view && IsOfNewerFormat(release->manifest)) return unreadable(view.error());
    if (!view) return {};
    releases_.try_emplace({view->product, view->version},
                          InLog<Release>{std::move(*release), digest, leaf.index, leaf.log});
  }
  return {};
}

Status History::TakeUnread() {
  while (!unread_.empty()) {
    RETURN_IF_ERROR(Take(unread_.front()));
    unread_.pop_front();
  }
  return {};
}

Status History::Refresh(Notary& notary) {
  RETURN_IF_ERROR(TakeUnread());  // what could not be read the last time
  bool more = true;
  while (more) {
    ASSIGN_OR_RETURN(NewLeaves read, notary.ReadNew());
    for (LoggedLeaf& leaf : read.leaves) unread_.push_back(std::move(leaf));
    more = read.more;
    RETURN_IF_ERROR(TakeUnread());
  }
  return {};
}

const InLog<Dissent>* History::FindDissent(const Digest& manifest) const {
  const auto found = std::ranges::find_if(
      dissents_, [&](const auto& one) { return one.statement.manifest == manifest; });
  return found == dissents_.end() ? nullptr : &*found;
}

const InLog<Release>* History::FindRelease(const std::string& product,
                                           const std::string& version) const {
  const auto found = releases_.find({product, version});
  return found == releases_.end() ? nullptr : &found->second;
}

std::vector<InLog<Intent>> History::IntentsOf(const Digest& manifest) const {
  const auto found = intents_.find(manifest);
  return found == intents_.end() ? std::vector<InLog<Intent>>() : found->second;
}

}  // namespace farm
