// Gate: the signer without a wire.  Asked about one build, it reads its own root, policy, journal
// and the log, decides, and signs the statement that it built itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/mutex.h"
#include "farm/base/result.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/gate/case.h"
#include "farm/gate/history_reader.h"
#include "farm/gate/journal.h"
#include "farm/sign/certified_signer.h"
#include "farm/verify/policy.h"

namespace farm {

// The signer's own files, read again for every decision, so that a new root counts at once.
struct GateFiles {
  std::string root;
  std::string policy;
};

struct RootAndPolicy {
  TrustRoot root;
  Policy policy;
};
// Errors: unreadable or malformed, the file named.
Result<RootAndPolicy> ReadRootAndPolicy(const GateFiles& files);

// As HistoryReader::Read.
using ReadHistory = std::function<Result<Histories>(const HistoryQuery&)>;

// Thread-safe: one decision at a time.
class Gate {
 public:
  // Everything borrowed outlives this.
  Gate(GateFiles files, Journal& journal, CertifiedSigner& signer, ReadHistory history,
       const Clock& clock);

  // A release or dissent, signed and in the journal, without time stamp and log entry.  The same
  // question gets the same answer, after everything has been judged again; only where the leaf of a
  // stored answer has ended, or ends within half an hour (it is of no use to a time stamp then),
  // the same payload is signed again with the leaf in force. `epoch`: of the farmd that asks.
  // Errors: those of ProveCase, Decide, CheckBeforeSigning and CheckPublishable; exit 24 (own root
  // older than seen), 25 (epoch older than seen, or of a day to come), 30 (log, journal).
  Result<Bundle> Decide(const Question& question, std::uint64_t epoch);

  // Not success once the journal could not be written: the program must end.
  Status Health();

 private:
  Result<GateRules> ReadRules() REQUIRES(mutex_);
  Result<Bundle> GiveAgain(const GivenAnswer& answer) REQUIRES(mutex_);
  // What a verifier would refuse is not signed, and leaves nothing in the journal.
  Status CheckVerifiable(const Release& release, const ProvedCase& proved, const GateRules& rules)
      REQUIRES(mutex_);
  Result<Bundle> SignAndKeep(const Statement& statement) REQUIRES(mutex_);

  const GateFiles files_;
  CertifiedSigner& signer_;
  const Clock& clock_;
  Mutex mutex_;
  Journal& journal_ GUARDED_BY(mutex_);
  ReadHistory history_ GUARDED_BY(mutex_);
};

}  // namespace farm
