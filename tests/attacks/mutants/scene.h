// The releases that are bent: the vector, and a farm of three sites with two releases of its own.
#pragma once

#include <string>
#include <vector>

#include "tests/support/evidence_maker.h"

namespace farm::mutants {

std::string ReadVector(const std::string& name);  // a file of tests/vectors/v1/evidence
VerdictInput VectorInput();                       // its release, root-file.json and policy.json
std::vector<std::string> VectorLines();           // the texts of its bundle file's lines

// Under a production root, with limits of the kernel's: all rules apply.
struct Farm {
  EvidenceMaker maker;
  MadeRelease release;  // hello 1.0
  MadeRelease other;    // hello 1.1 of the same parties, other artifacts, the next sequence
};
Farm MakeFarm(const EvidenceOptions& options = {.development = false});
// Both releases with their drafts bent.
Farm MakeFarm(const EvidenceOptions& options, const DraftHook& hook);
// Approved by diff since a manifest that both auditors approved by its tree.
Farm MakeFarmByDiff(const DraftHook& hook = [](LineDraft&) {});
DraftHook ByDiff();                       // what makes them so
bool IsOfBase(const Approval& approval);  // of the manifest before
// The lines of its approvals by diff, and behind them those of their base.
constexpr std::size_t kFirstApprovalLine = kFirstRecordLine + 3;
constexpr std::size_t kFirstBaseLine = kFirstApprovalLine + 2;

// A farm whose release is watched, with all that comes after it: a monitor's status, certifiers'
// statements on its sites, a replayer's verdict.
class WatchedFarm {
 public:
  WatchedFarm();

  // With all of it at hand, under a policy that asks for it, or for none of it.
  VerdictInput Asked() const;
  VerdictInput Unasked() const;

  // That nothing is wrong with the release, though with others; that everything is wrong with it.
  const FarmStatus& status() const { return status_; }
  const FarmStatus& bad_status() const { return bad_status_; }
  FarmStatus Withdrawing() const;       // the first, which withdraws the release
  FarmStatus BeforeTheRelease() const;  // the first, of the log as it stood then
  SiteLocation Location(int site) const { return farm_.maker.Location(site); }
  // "MATCH", "MISMATCH"
  ReplayVerdict Says(const std::string& verdict) const;
  ReplayVerdict SaysOfTheOther() const;  // MISMATCH of the other release

  // Signed by monitor, certifier and replayer, stamped; of the second two with an entry in the log.
  // `payload`: what is signed instead of a statement.
  Bundle StatusLine(const std::string& payload) const;
  Bundle LocationLine(const std::string& payload) const;
  Bundle ReplayLineInLog(const std::string& payload) const;
  // By a bare key, and nothing more.
  Bundle BareReplayLine(const std::string& payload) const;

  const Farm& farm() const { return farm_; }

 private:
  LineDraft LocationDraft(const std::string& payload) const;

  Farm farm_;
  PrivateKey replayer_;
  std::vector<Bundle> certifications_;
  FarmStatus status_;
  FarmStatus bad_status_;
};
// Where they stand in the input: the only status, the statement on the first site, the only replay
// verdict.
void PutStatus(VerdictInput& input, Bundle line);
void PutCertification(VerdictInput& input, Bundle line);
void PutReplay(VerdictInput& input, Bundle line);

// "release", "request", "intent", "record", "approval": what stands in the line.
std::string KindOf(const Bundle& line);

}  // namespace farm::mutants
