// ProvedCase: one question to the signer with everything in it proved from its bytes.  Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/trust_root.h"
#include "farm/verify/policy.h"
#include "farm/verify/verify.h"

namespace farm {

// "May this be released?", as it came: nothing in it is believed.
struct Question {
  std::string manifest;  // canonical farm-manifest/1
  std::string request_line;
  std::string intent_line;
  std::vector<std::string> record_lines;
  std::vector<std::string> approval_lines;
};

// The same with each line read; nothing proved yet.
struct ParsedQuestion {
  std::string manifest;
  Bundle request;
  Bundle intent;
  std::vector<Bundle> records;
  std::vector<Bundle> approvals;

  // request, intent, records, approvals.
  std::vector<const Bundle*> Lines() const;
};
// Errors: kInvalidInput (naming the line), kLimitExceeded (more than kPartiesMax of a kind).
Result<ParsedQuestion> ParseQuestion(const Question& question);

// Who the signer is and what it trusts and demands.
struct GateRules {
  std::string signer;  // the signer's own id
  TrustRoot root;
  Policy policy;
  UnixSeconds now = 0;  // for the root's expiry only
};

struct ProvedCase {
  std::string manifest_bytes;
  ManifestView manifest;
  Policy policy;  // tightened by the manifest's `requires`
  VerifiedRequest request;
  VerifiedIntent intent;
  std::vector<VerifiedRecord> records;      // exactly one for each site of the intent, in its order
  std::vector<VerifiedApproval> approvals;  // of this manifest and of earlier ones
};

// Everything that can be proved without log and journal: the root in force and naming this signer
// and no other whose operator is still vouched for (two journals could each release another
// revision of one version); the manifest canonical and free of lint; request, intent, records,
// approvals; one record for each site of the intent.  Whether the records agree and whether the
// quorums are met comes later. Errors, each with its exit code: 2 (malformed), 11, 12 (a site has
// no record, or two), 14, 15, 16, 17, 18.
Result<ProvedCase> ProveCase(const ParsedQuestion& question, const GateRules& rules);

// What the records list is what the manifest declares, name by name.  Errors: exit 12.
Status CheckArtifactsAreDeclared(const ProvedCase& proved);

// The quorums of the policy: sites, operators, countries, distinct ids and keys, limits in force;
// auditors.  Errors: exit 12, 13, 14.
Status CheckQuorums(const ProvedCase& proved, const TrustRoot& root);

}  // namespace farm
