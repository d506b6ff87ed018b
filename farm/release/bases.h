// What approvals by diff lead back to: approvals of the manifests of this farm's earlier releases.
#pragma once

#include <vector>

#include "farm/base/result.h"
#include "farm/release/admission.h"
#include "farm/release/book.h"
#include "farm/release/ledger.h"
#include "farm/verify/verify.h"

namespace farm {

// The release that is approved, and where the approvals of others are kept.
struct BaseQuestion {
  const Book& book;
  const Ledger& ledger;
  const Rules& rules;
  const AdmittedManifest& manifest;
  const VerifiedRequest& request;
  const VerifiedIntent* intent = nullptr;  // null: not yet
};

// The logged approvals of the base of `approval`, of the bases of those of them that are by diff,
// and so on: of each manifest the first of each auditor, those of trees first.  None if it is not
// by diff.  What does not verify is left out; whether the rest is enough is for the caller to ask
// (CheckApprovalCounts).  Errors: those of the ledger.
Result<std::vector<VerifiedApproval>> FindBases(const VerifiedApproval& approval,
                                                const BaseQuestion& question);

// Whether this farm has carried a release of `manifest`, of this product.
bool KnowsManifest(const Book& book, const std::string& product, const Digest& manifest);

// The first of each auditor, those of trees before those by diff, else in the order of the log.
std::vector<VerifiedApproval> FirstOfEachAuditor(std::vector<VerifiedApproval> approvals);

}  // namespace farm
