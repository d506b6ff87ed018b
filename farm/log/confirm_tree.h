// Asks the witnesses of a log that no server has whether any has seen more than a directory holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/client/log_source.h"
#include "farm/client/witness_client.h"
#include "farm/evidence/note.h"

namespace farm {

struct WitnessToAsk {
  WitnessKey identity;
  PostToWitness post;
};

struct TreeToConfirm {
  std::string place;  // "this mirror": where it is, for people
  Checkpoint tree;
  std::string note;  // signed by the log
  ReadResource read;
};

// That this tree goes on from its own first `old_size` entries.
Result<std::vector<Digest>> ProofWithin(const TreeToConfirm& tree, std::uint64_t old_size);

// Has all that watch the log cosign this very tree, each from wherever it is; answers the names of
// those that did.  Those that cannot be asked are named in `absent`, by the log's operator: he
// vouches that they have seen no more.
// Errors:
//   kInvalidInput  no witness to ask; `absent` names one that is not listed
//   kMismatch      exit 15: one has cosigned more, or another history
//   kUntrusted     exit 16 (no good cosignature), 25 (a witness does not know this log)
//   kUnavailable   exit 30: a witness does not answer
Result<std::vector<std::string>> ConfirmTree(const TreeToConfirm& tree,
                                             const std::vector<WitnessToAsk>& witnesses,
                                             const std::vector<std::string>& absent);

}  // namespace farm
