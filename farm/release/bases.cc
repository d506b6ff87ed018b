#include "farm/release/bases.h"

#include <algorithm>
#include <set>
#include <utility>

namespace farm {
namespace {

std::optional<ReleaseState> StateOfManifest(const Book& book, const std::string& product,
                                            const Digest& manifest) {
  for (auto& [id, state] : book.All()) {
    if (state.submitted && state.submitted->product == product && state.manifest == manifest) {
      return state;
    }
  }
  return std::nullopt;
}

Result<std::vector<VerifiedApproval>> ApprovalsOf(const Digest& manifest,
                                                  const BaseQuestion& question) {
  std::vector<VerifiedApproval> approvals;
  const auto state = StateOfManifest(question.book, question.manifest.view.product, manifest);
  if (!state) return approvals;
  for (const auto& [key, line] : state->approvals) {
    if (!line.logged) continue;
    ASSIGN_OR_RETURN(const std::string text, question.ledger.Payload(*line.logged));
    ASSIGN_OR_RETURN(const Bundle bundle, ParseBundleLine(text, "approval line"));
    auto approval =
        VerifyBaseApproval(bundle, question.manifest.view, question.request, question.intent,
                           question.rules.root, question.manifest.policy);
    if (approval && approval->statement().manifest == manifest) {
      approvals.push_back(*std::move(approval));
    }
  }
  return FirstOfEachAuditor(std::move(approvals));
}

}  // namespace

Result<std::vector<VerifiedApproval>> FindBases(const VerifiedApproval& approval,
                                                const BaseQuestion& question) {
  std::vector<VerifiedApproval> bases;
  std::set<Digest> seen = {approval.statement().manifest};
  std::vector<Digest> open;
  const auto follow = [&](const VerifiedApproval& one) {
    const std::optional<Digest>& base = one.statement().base;
    if (base && seen.insert(*base).second) open.push_back(*base);
  };
  follow(approval);
  while (!open.empty() && bases.size() < kPartiesMax) {
    const Digest manifest = open.back();
    open.pop_back();
    ASSIGN_OR_RETURN(std::vector<VerifiedApproval> found, ApprovalsOf(manifest, question));
    for (VerifiedApproval& one : found) {
      follow(one);
      bases.push_back(std::move(one));
    }
  }
  return bases;
}

bool KnowsManifest(const Book& book, const std::string& product, const Digest& manifest) {
  return StateOfManifest(book, product, manifest).has_value();
}

std::vector<VerifiedApproval> FirstOfEachAuditor(std::vector<VerifiedApproval> approvals) {
  std::ranges::stable_sort(approvals, {}, [](const VerifiedApproval& one) {
    return std::pair(one.statement().base.has_value(), one.bundle().log_entry->index);
  });
  std::vector<VerifiedApproval> first;
  for (VerifiedApproval& approval : approvals) {
    const bool known = std::ranges::any_of(first, [&](const VerifiedApproval& one) {
      return one.identity().id == approval.identity().id;
    });
    if (!known) first.push_back(std::move(approval));
  }
  return first;
}

}  // namespace farm
