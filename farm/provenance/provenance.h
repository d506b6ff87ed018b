// From plans, results and verified lines to the statements that are signed.  Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/evidence/statement.h"
#include "farm/execute/execute.h"
#include "farm/plan/plan.h"
#include "farm/verify/verify.h"

namespace farm {

// What a site knows when a build has ended, beside plan and outcome.
struct RecordFacts {
  std::string builder;  // builder id
  Digest intent;        // PAE
  Digest root_tar;
  Digest image;
  std::map<std::string, Digest> programs;  // program name -> digest
  std::vector<SourceTree> sources;         // the manifest's
  UnixSeconds started = 0;
  UnixSeconds finished = 0;
};
// "Built by me".  A failed build has no outputs, whatever the outcome lists.  The record names the
// sources if the site has unpacked every one of them and computed this tree itself; else none.
Record MakeRecord(const Plan& plan, const BuildOutcome& outcome, const RecordFacts& facts);

struct ReleaseFacts {
  std::string manifest;  // exact canonical bytes
  std::int64_t sequence = 1;
  std::string signer;  // id in the trust root
  UnixSeconds created = 0;
};
// `records` agree, are one for each site of the intent, and `facts.manifest` is the intent's (all
// CHECKed: the caller's rules come first); they are listed in the intent's order, approvals by
// digest.
Release MakeRelease(const VerifiedIntent& intent, const std::vector<VerifiedRecord>& records,
                    const std::vector<VerifiedApproval>& approvals, const ReleaseFacts& facts);

// `summary`: for people, which artifact at which sites.
Dissent MakeDissent(const VerifiedIntent& intent, const std::vector<VerifiedRecord>& records,
                    const std::string& summary, UnixSeconds created);

}  // namespace farm
