// Sequencer: takes leaves from many threads, commits them in groups, has every new head signed and
// witnessed, publishes it, and tells each caller where its leaf is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/client/witness_client.h"
#include "farm/log/tile_log.h"
#include "farm/sign/signer.h"

namespace farm {

struct ConfiguredWitness {
  WitnessKey identity;
  PostToWitness post;
};

struct SequencerOptions {
  std::unique_ptr<Signer> key;        // Ed25519: the log's key
  std::unique_ptr<Signer> ecdsa_key;  // P-256: the second line
  std::vector<ConfiguredWitness> witnesses;
  std::size_t cosignatures_needed = 0;
  std::chrono::milliseconds answer_within{20000};  // then Append says "not witnessed yet"
  std::chrono::milliseconds retry_after{1000};     // between attempts to get a head witnessed
};

// An entry under a published, witnessed checkpoint.
struct Placement {
  std::uint64_t index = 0;
  Checkpoint checkpoint;
  std::string note;
  std::vector<Digest> inclusion;
};

class Sequencer {
 public:
  // `log` must outlive this.  Starts one thread; a head that was committed but never published is
  // signed, witnessed and published first.
  static Result<std::unique_ptr<Sequencer>> Start(TileLog& log, SequencerOptions options);
  virtual ~Sequencer() = default;  // wakes every caller with kUnavailable

  // Idempotent by leaf hash.  Errors: kUnavailable exit 30: disk below its floor, stopped after an
  // I/O error, stored but not witnessed yet (ask again); kMismatch exit 15: "log diverged", a
  // witness has seen another or a longer history, for ever.
  virtual Result<Placement> Append(const std::string& leaf) = 0;
  // Ends well (nothing) or with the error that stopped the log; for the daemon to exit on.
  virtual Status Health() const = 0;
  virtual std::string log_id() const = 0;  // 32 bytes
};

}  // namespace farm
