// Parties: everybody that a release goes through, each the real thing of its folder, in one process
// and on one clock that the test sets: log, witnesses, time stamp, sites, signer.  Their keys and
// the root that names them are the evidence maker's, so a test can also sign as any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/client/http.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/bundle.h"
#include "farm/gate/gate.h"
#include "farm/gate/history_reader.h"
#include "farm/gate/journal.h"
#include "farm/log/appender.h"
#include "farm/log/close.h"
#include "farm/log/sequencer.h"
#include "farm/log/tile_log.h"
#include "farm/sign/certified_signer.h"
#include "farm/site/admission.h"
#include "farm/witness/witness.h"
#include "tests/support/buildable.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// Bends what the log's door answers to a reader: the path without its slash, the honest reply.
using BentReading = std::function<HttpReply(const std::string& path, HttpReply honest)>;

// Not thread-safe.
class Parties {
 public:
  // `options.manifest` is set here: a buildable one of `options.version`.
  explicit Parties(EvidenceOptions options = {});
  ~Parties();

  const EvidenceMaker& maker() const { return maker_; }
  const TrustRoot& root() const { return maker_.root(); }
  const Policy& policy() const { return policy_; }
  FixedClock& clock() { return clock_; }
  UnixSeconds now() const { return clock_.Now(); }

  // ---- time stamp, log, witnesses
  Bundle Stamp(Bundle line, UnixSeconds time) const;
  // By the log's own door.  Witness i cosigns at `times[i]`; those beyond, and all where it is
  // empty, at the clock's.
  Result<Bundle> Append(const Bundle& line, const std::vector<UnixSeconds>& times = {});
  // The newest head with its proof of an entry that is there.
  Result<Bundle> ProveAgain(const Bundle& line);
  // Past the log's own door: what a log does that asks nobody.
  Result<Bundle> AppendUnasked(const Bundle& line);
  std::unique_ptr<LogReader> Reader() const;
  const std::string& log_url() const { return log_url_; }
  WitnessCore& witness(std::size_t number) { return *witnesses_[number]->core; }
  TileLog& log() { return *log_; }
  BentReading bent_reading;  // may be empty
  // Its operator's part of a succession: the log is stopped and closed, and copied for everybody.
  // The closing's `successor` is the caller's.
  Result<ClosingReport> CloseLog(const std::string& successor);
  std::string MirrorOf(const std::string& origin) const;  // a folder
  // The others' part: a root that ends the log so, a new log, and everybody started anew.
  void GoOnAfter(const LogEnd& end);

  // ---- sites: the checks before a record
  Result<Admitted> Admit(const BuildQuestion& question, int site) const;

  // ---- the signer
  Gate& gate() { return *gate_; }
  const Journal& journal() const { return *journal_; }
  // Every file of the journal with its bytes.
  std::vector<std::pair<std::string, std::string>> JournalFiles() const;
  // A new process on the same journal.
  void RestartSigner();
  std::vector<ClosedLogMirror> closed_logs;  // in the signer's configuration

 private:
  struct RunningWitness {
    FixedClock clock{0};
    std::unique_ptr<WitnessCore> core;
  };
  std::string Write(const std::string& name, const std::string& bytes);
  void StartWitnesses();
  void StartLog();
  Result<Bundle> Place(Bundle line);

  EvidenceMaker maker_;
  const Policy policy_;
  FixedClock clock_;
  TemporaryDirectory temporary_;
  std::vector<std::unique_ptr<RunningWitness>> witnesses_;
  std::unique_ptr<TileLog> log_;
  std::unique_ptr<Sequencer> sequencer_;
  std::unique_ptr<Epochs> epochs_;
  std::unique_ptr<Appender> appender_;
  std::unique_ptr<HttpServer> http_;
  std::string log_url_;
  AuthorityFiles authority_;
  GateFiles files_;
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<HistoryReader> history_;
  std::unique_ptr<Gate> gate_;
};

}  // namespace farm
