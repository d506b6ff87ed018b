// Sequencer: takes leaves from many threads, commits them in groups, has every new head signed and
// witnessed, publishes it, and tells each caller where its leaf is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/evidence/tlog_policy.h"
#include "farm/log/tile_log.h"
#include "farm/log/witness_panel.h"
#include "farm/sign/signer.h"

namespace farm {

struct SequencerOptions {
  std::unique_ptr<Signer> key;        // Ed25519: the log's key
  std::unique_ptr<Signer> ecdsa_key;  // P-256: the second line
  std::vector<ConfiguredWitness> witnesses;
  std::size_t cosignatures_needed = 0;
  // Instead of a number: which of them suffice.  Its witnesses stand in the order of `witnesses`.
  std::optional<TlogPolicy> quorum = std::nullopt;
  std::chrono::milliseconds answer_within{20000};  // then Append says "not witnessed yet"
  std::chrono::milliseconds retry_after{1000};     // between attempts to get a head witnessed
  std::function<void(const std::string&)> report;  // sentences for the log lines; may be empty
};
// What waits to be committed: two commits of 1.4 kB leaves; more at once is a fault of a peer.
constexpr std::size_t kPendingLeavesMax = 2 * kCommitLeavesMax;
constexpr std::size_t kPendingBytesMax = 32 << 20;

// An entry under a published, witnessed checkpoint.
struct Placement {
  std::uint64_t index = 0;
  Checkpoint checkpoint;
  std::string note;
  std::vector<Digest> inclusion;
};

// Thread-safe.
class Sequencer {
 public:
  // `log` must outlive this.  Starts one thread.  Before anything is committed, enough witnesses
  // must have cosigned the head that there is: a log restored from a backup learns then that they
  // have seen more.  A head that was committed but never published is published so.
  // Errors: kInvalidInput (keys of another kind, a quorum that its witnesses cannot meet).
  static Result<std::unique_ptr<Sequencer>> Start(TileLog& log, SequencerOptions options);
  ~Sequencer();  // Shutdown, and no caller may be inside any more

  // Idempotent by leaf hash.  Errors: kUnavailable exit 30: disk below its floor, stopped after an
  // I/O error, taken but not witnessed yet (ask again), a witness says without proof that it has
  // seen more or another history (as long as it says so), closed (nothing new is taken; what it has
  // is still proved); kMismatch exit 15: "log diverged", a
  // witness has proved that: no new entry is ever taken, after a restart neither.
  Result<Placement> Append(const std::string& leaf);
  // Many leaves with one wait, all under one checkpoint; places in the order of the leaves.  Takes
  // all of them or none; new ones stand in this order, with others' between them.
  // Errors: as Append; kLimitExceeded (more than kCommitLeavesMax, or than kPendingBytesMax).
  Result<std::vector<Placement>> AppendAll(const std::vector<std::string>& leaves);
  // An error once no new entry is ever taken: stopped after an I/O error, or "log diverged".
  Status health() const;
  // Takes no more and wakes every caller that waits, with kUnavailable.  Idempotent.
  void Shutdown();
  const std::string& log_id() const;  // 32 bytes: Sigstore's logId.keyId

 private:
  struct State;
  explicit Sequencer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm
