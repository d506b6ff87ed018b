// Rebuilds a release from its kit alone and says what came of it: MATCH, MISMATCH or INCONCLUSIVE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"
#include "farm/verify/verify.h"

namespace farm {

struct ReplaySetup {
  std::string kit;        // file
  std::string directory;  // of this replay: store, root, report; made if missing
  std::string root;       // bytes of the regulator's own root.json
  std::string policy;     // bytes of his own policy.json
  bool allow_development_root = false;
  std::string launcher;           // farm-sandbox
  std::string check_program;      // a program that takes `identify-tree`
  std::uint32_t subid_base = 0;   // with subid_count > 0: ids to map inside (a caller that is root,
  std::uint32_t subid_count = 0;  // or mapped root of a user namespace)
  bool image = false;             // mount the EROFS image (real root only); else a directory
};

enum class ReplayVerdictKind { kMatch, kMismatch, kInconclusive };
std::string_view Name(ReplayVerdictKind kind);  // "MATCH", ...

// One artifact: what the release says, what came out here.  Equal as sites' outputs must be:
// digest, size and mode.
struct ReplayedArtifact {
  Artifact released;
  bool rebuilt = false;  // false: nothing came out under this name
  Artifact here;
  bool equal() const { return rebuilt && released == here; }
};

constexpr std::size_t kReasonLineMax = 8192;  // bytes of a reason's line as a report holds it

// Everything that a report says.
struct ReplayReport {
  ReplayVerdictKind verdict = ReplayVerdictKind::kInconclusive;
  std::string reason;  // printable; one sentence, for INCONCLUSIVE with the remedy
  ExitCode exit = ExitCode::kReplayInconclusive;
  std::string product;
  std::string version;
  Digest kit;
  Digest release;  // PAE
  Digest manifest;
  Digest lock;
  Verdict judgement;  // of the evidence, by the regulator's own root and policy
  std::vector<ReplayedArtifact> artifacts;
  std::vector<std::string> notes;  // e.g. texts of the kit that this version would write otherwise
  Facts sandbox;
  std::vector<ActionTrace> trace;
  UnixSeconds started = 0;
  UnixSeconds finished = 0;
};

using ReplayProgress = std::function<void(std::string_view line)>;

// Runs a replay to its end; never throws away what it found: whatever happens is in the report.
// exit: 0 MATCH; 20 MISMATCH; 21 INCONCLUSIVE (this machine could not try); 22 a member of the kit
// is missing or has other bytes; otherwise the judgement's own code (the evidence does not hold).
ReplayReport Replay(const ReplaySetup& setup, const Clock& clock, const ReplayProgress& progress);

// The last line of `farm-replay run`: "MATCH  2 of 2 artifacts ...", and under a development root,
// after two spaces, its mark "(development: 1 machine, 1 operator)": such a MATCH is no evidence
// that distinct operators agree.
std::string Headline(const ReplayReport& report);

// `farm-replay-report/1`, canonical JSON, and the same for a browser: one file, no script, nothing
// loaded from anywhere.
std::string WriteReportJson(const ReplayReport& report);
// For standard output, in printable ASCII whatever a kit calls its files: the same JSON, other
// characters as \uXXXX; and a line for each rule that does not hold or warns, for each artifact,
// and for the verdict.
std::string ReportJsonLine(const ReplayReport& report);
std::string ReportText(const ReplayReport& report);
std::string WriteReportHtml(const ReplayReport& report);

// Both, as report.html and report.json in `directory`, which is made: each of them whole or as it
// was before, and report.json last, for it is what is signed.  Errors: kUnavailable exit 30.
Status WriteReports(FileSystem& files, const ReplayReport& report, const std::string& directory);

// What a regulator signs about a report.
struct SignableVerdict {
  ReplayVerdict statement;
  // The mark of a development root under which the evidence was judged, "" under another root.  The
  // statement has no room for it, so whoever signs must have allowed it.
  std::string development;
};

// The verdict is derived again from what the report holds: MATCH only if the evidence was VERIFIED,
// exit is 0 and every artifact was rebuilt as released.
// Errors: kInvalidInput (not a report of ours; its verdict does not follow from its artifacts; a
// name that no statement takes).
Result<SignableVerdict> VerdictOfReport(std::string_view report_json, const std::string& replayer,
                                        UnixSeconds now);

// Errors: kUntrusted exit 13 (a development root, not allowed).
Status CheckMayBeSigned(const SignableVerdict& verdict, bool allow_development_root);

}  // namespace farm
