// Everything that a bundle file says about one release, gathered and checked rule by rule.
// Private to this folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "farm/verify/kinds.h"
#include "farm/verify/verify.h"

namespace farm {

struct Case {
  const VerdictInput& input;
  Policy policy;  // the customer's, tightened by the manifest as soon as that is known
  std::optional<LineChecks> checks;  // by that policy
  std::vector<Digest> digests;       // of the PAE of each line of the input

  std::optional<Line<Release>> release;
  std::optional<ManifestView> manifest;
  std::optional<Line<Request>> request;
  std::optional<Line<Intent>> intent;
  std::vector<Line<Record>> records;  // readable ones, sound or not, as the release names them
  std::vector<Line<Approval>> approvals;

  std::optional<Line<FarmStatus>> status;  // only a sound one
  // The customer's root with what the status revokes; absent where that is nothing.  At a place of
  // its own, for `checks` to refer to.
  std::unique_ptr<const TrustRoot> root_and_status;
  // What is remembered, and the status: all of it if nothing speaks against it, else its words
  // alone (ForgetLogs).  Absent where that is nothing new, or the root is older or refused.
  std::optional<SeenStatuses> seen = {};
  std::string not_remembered = {};  // as in the verdict
  const TrustRoot& root() const { return root_and_status ? *root_and_status : input.root; }

  Problems problems;  // of no single line
  std::vector<std::string> warnings[kRuleCount];
  std::vector<std::string> matching_replayers = {};  // names in the policy

  void Add(Rule rule, ExitCode exit, std::string message) {
    problems.push_back(Problem{rule, exit, std::move(message)});
  }
  // The rule could not be judged, because something that it builds on is missing.  It does not
  // hold; the code comes from what is missing.
  void Skip(Rule rule, const std::string& why) {
    Add(rule, ExitCode::kProved, "not judged: " + why);
  }
  void Warn(Rule rule, std::string message) {
    if (LeftOut(rule)) return;
    warnings[static_cast<int>(rule)].push_back(std::move(message));
  }
};

// Reads the release and the lines that it names; shared evidence is checked on the way (gather.cc).
void Gather(Case& facts);
// The second half of it: `release` and `manifest` are there.
void GatherNamed(Case& facts);
// Rules about the root and what is remembered (judge_root.cc).
void JudgeRoot(Case& facts);
// Rules about the release as a whole (judge_release.cc).
void JudgeGathered(Case& facts);
// Those of them that do not ask for the release's own log entry: they hold before it is signed, or
// never.
void JudgeStatements(Case& facts);

// Rules about what is not in the bundle and comes after it: what the monitor's status says
// (judge_status.cc) and has said before (seen_status.h), certifiers' statements
// (judge_certifiers.cc), replay verdicts (judge_replays.cc).
void ReadStatus(Case& facts);   // first of all: what it revokes counts for every line
void JudgeStatus(Case& facts);  // with the release gathered
void JudgeCertifiers(Case& facts);
void JudgeReplays(Case& facts);

// Of the status at hand, also for the memory of it (judge_status.cc).
// A log that only a newer root knows: nobody here can judge its head, and no release of this root
// is in it.
bool IsOfNewerRoot(const FarmStatus& status, const StatusLog& log, const TrustRoot& root);
// Its time has not come yet: by this machine's clock or by the stamps' it is wrong.
bool IsAhead(const Case& facts);
// Of the status what it says is remembered, and of its logs nothing.
void ForgetLogs(Case& facts);
// Two trees of one size, in the status and in `other`.  Which of them is the fork nobody can say
// here: neither is remembered.
void AddFork(const Checkpoint& head, const std::string& other, Case& facts);
// Of several revocations of a key the one that leaves less.
void AddRevoked(const std::string& key, const std::optional<UnixSeconds>& since,
                RevokedSince& keys);
RevokedSince RevokedBy(const FarmStatus& status);
// The customer's root revokes them, too.
void AddRevocations(const RevokedSince& keys, const std::string& reason, Case& facts);

// What is common to the lines that could be read.
std::vector<const LineFacts*> LinesOf(const Case& facts);
// Ids of the keys that signed for a site, the coordinator or the signer.  The root lists keys of
// persons and CAs of parties; that a party's leaf has a person's key shows only here.
std::set<std::string> KeysOfParties(const Case& facts);
// `problems` of the case and of all its lines.
Problems AllProblems(const Case& facts);

// What the outcome of a rule names as its evidence (looked_at.cc).
std::vector<LookedAt> EvidenceOf(Rule rule, const Case& facts);
// What a rule demands and, where it holds, what was found; for people (wording.cc).
std::string ExpectedWords(Rule rule, const Case& facts);
std::string FoundWords(Rule rule, const Case& facts);

}  // namespace farm
