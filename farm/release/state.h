// The state of one release: a pure function of its rows in the ledger.
//
// Kinds of rows.  A signed thing NAME passes through three: NAME.signed, NAME.stamped, NAME.logged,
// whose payloads are its bundle line as it was after that step.
//   kind               key              payload            note
//   submitted                           manifest           SubmittedFacts as JSON
//   lock                                lock
//   text                                the manifest as it was written
//   request.*                           line
//   approval.*         PAE digest       line               signed: the auditor's id
//   intent.*           round            line               signed: {"attempt","sites"}
//   record             round + " " + id line, logged       "succeeded" or "failed"
//   deciding           round                               the signer is about to be asked
//   release.*                           line               signed: sequence; logged: log index
//   release.proved                      line with consistency proofs
//   dissent.*                           line               signed: the summary
//   published                                              the artifacts as JSON
//   kit                                 digest of the kit  {"name","size","digest"}
//   kit-entry.*                         line
//   done                                                   the published tree holds all of it
//   withdrawal.*       see below        line               signed: who; logged: log index
//   stopped            number           StopFacts as JSON
//   resumed            number                              round from here on
//   log.release, log.dissent            payload statement  rebuilt from the log: RebuiltFacts
// A round is one intent: 1, and one more each time that a stopped release is submitted again.
// A withdrawal has as key the hex PAE digest of the release line, the id of the key that signed it
// and the person's, with spaces between.  One that was logged by an older farmd has no
// withdrawal.stamped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/exit_code.h"
#include "farm/base/result.h"
#include "farm/evidence/statement.h"
#include "farm/release/ledger.h"

namespace farm {

// In the order in which a release passes through them; the last four are other ends.
enum class Stage {
  kUnknown,
  kSubmitted,         // request stored
  kWaitingApprovals,  // request logged
  kBuilding,          // intent logged
  kDeciding,          // all records here
  kPublishing,        // release signed
  kReleased,
  kDissent,
  kBuildFailed,
  kCancelled,
  kRefused,
};
std::string_view Name(Stage stage);  // "waiting for approvals"
bool IsEnd(Stage stage);

// Digests of the stored lines of one signed thing.
struct LineState {
  std::optional<Digest> signed_line;
  std::optional<Digest> stamped;
  std::optional<Digest> logged;
  std::string note;  // of the .signed row
};

struct RecordState {
  Digest line;
  bool succeeded = false;
};

struct RoundState {
  LineState intent;
  std::int64_t attempt = 0;                    // as the intent says it; 0 before there is one
  std::vector<std::string> sites;              // as the intent names them
  std::map<std::string, RecordState> records;  // site -> record
  bool deciding = false;

  bool AllRecordsHere() const { return !sites.empty() && records.size() == sites.size(); }
  bool AllFailed() const;
};

struct SubmittedFacts {
  std::string product;
  std::string version;
  std::int64_t revision = 0;
  std::string requester;
  UnixSeconds created = 0;
};
std::string WriteSubmittedFacts(const SubmittedFacts& facts);

enum class StopCause { kCancelled, kEvidence, kSites, kSigner, kConflict };
struct StopFacts {
  StopCause cause = StopCause::kCancelled;
  ExitCode exit = ExitCode::kCancelled;
  std::string message;
};
std::string WriteStopFacts(const StopFacts& facts);

struct KitFacts {
  std::string name;
  Digest digest;
  std::uint64_t size = 0;
};
std::string WriteKitFacts(const KitFacts& facts);

// What the log says of a release or dissent of which the ledger had forgotten everything.  That a
// release is in the log does not say that it was published: `done` says so.
struct RebuiltFacts {
  SubmittedFacts submitted;
  Digest manifest;
  std::int64_t sequence = 0;  // release
  std::uint64_t log_index = 0;
  std::string summary;              // dissent
  std::vector<Artifact> artifacts;  // release
};
std::string WriteRebuiltFacts(const RebuiltFacts& facts);

std::string WriteArtifactList(const std::vector<Artifact>& artifacts);
std::string WriteRoundNote(std::int64_t attempt, const std::vector<std::string>& sites);

// Of one release: each stop and what follows are rows for ever, and an intent names all before it.
constexpr std::int64_t kStopsMax = static_cast<std::int64_t>(kPartiesMax);

struct ReleaseState {
  std::optional<SubmittedFacts> submitted;
  Digest manifest;
  Digest lock;
  LineState request;
  std::map<std::string, LineState> approvals;  // hex PAE digest -> line; note: auditor
  std::int64_t round = 1;
  std::map<std::int64_t, RoundState> rounds;
  LineState release;
  std::int64_t sequence = 0;
  std::uint64_t log_index = 0;  // of the release or dissent line
  std::optional<Digest> proved;
  LineState dissent;
  std::optional<std::vector<Artifact>> published;
  std::optional<KitFacts> kit;
  LineState kit_entry;
  bool done = false;
  std::map<std::string, LineState> withdrawals;  // by key of their rows; note: who
  std::int64_t stops = 0;                        // at most kStopsMax
  std::int64_t resumes = 0;
  std::optional<StopFacts> stop;  // the last one, if nobody has resumed it
  std::optional<RebuiltFacts> rebuilt_release;
  std::optional<RebuiltFacts> rebuilt_dissent;

  // The round that runs, empty before its intent.
  const RoundState& Current() const;
  Stage stage() const;
  // What `farm release --wait` ends with; nothing before the end.
  std::optional<ExitCode> exit() const;
};

// Errors: kInvalidInput (a row that this farmd does not know, or a note that cannot be read).
Result<ReleaseState> StateOf(const std::vector<Effect>& rows);

// The key of a record row.
std::string RecordKey(std::int64_t round, std::string_view site);

}  // namespace farm
