// Admission: what a site proves before it builds, each thing from its own root, policy and store.
// Nobody who asks is believed.  Pure but for CheckInputs, which looks into the store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/manifest/manifest.h"
#include "farm/plan/plan.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/lock.h"
#include "farm/verify/policy.h"
#include "farm/verify/verify.h"

namespace farm {

// "Build this", as it came.
struct BuildQuestion {
  std::string manifest;  // canonical farm-manifest/1
  std::string lock;      // canonical farm-lock/1
  std::string request_line;
  std::string intent_line;
  std::vector<std::string> approval_lines;
  std::uint64_t epoch = 0;  // of the farmd that asks
};

// Who the site is and what it trusts and demands.
struct SiteRules {
  std::string builder;  // the site's own id
  TrustRoot root;
  Policy policy;
  UnixSeconds now = 0;  // for the root's expiry only
};

// A build that may start.
struct Admitted {
  Manifest manifest;
  Lock lock;
  Plan plan;
  VerifiedIntent intent;
};

// Checks, in this order:
//   the root in force; this site in it                                   18, 11
//   manifest canonical and free of lint                                  2
//   request by a requester, for this manifest                            11, 15, 16, 17, 18
//   intent: witnessed, for this request and manifest, names this site, its attempt after earlier
//   ones
//                                                                        the same; 25
//   approvals: each one, and the quorum of policy and `requires`         14
//   lock: the manifest's, and well-formed                                22, 2
//   the plan can be made
Result<Admitted> Admit(const BuildQuestion& question, const SiteRules& rules);

// Every raw input of manifest and lock is in the store with its size.  (Its digest is its name
// there, checked again whenever it is read.)
// Errors: kNotFound exit 22 naming each missing input (at most 20), kMismatch exit 22 (size).
Status CheckInputs(const Admitted& admitted, const BlobStore& blobs);

}  // namespace farm
