// The witnesses of one log: asks all of them about a head, at the same time, and remembers how far
// each has come and which of them do not answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/client/witness_client.h"
#include "farm/log/tile_log.h"

namespace farm {

struct ConfiguredWitness {
  WitnessKey identity;
  PostToWitness post;
};

// Not thread-safe: the sequencer's thread only.
class WitnessPanel {
 public:
  explicit WitnessPanel(std::vector<ConfiguredWitness> witnesses);
  std::size_t size() const { return witnesses_.size(); }

  struct Answers {
    std::vector<NoteSignature> lines;   // checked; one for each witness that cosigned
    std::vector<std::string> problems;  // for people: why others did not
    std::optional<Error> diverged;      // kMismatch exit 15: a witness has seen more, or other
  };
  // `note`: the head's checkpoint with the log's own signatures.  `needed`: witnesses that lately
  // did not answer are left out for a while, unless there are too few without them.
  Answers Ask(const TileLog& log, const Checkpoint& head, const Note& note, std::size_t needed);

 private:
  struct Member {
    ConfiguredWitness configured;
    std::uint64_t seen = 0;  // the size that it has cosigned, as far as we know
    int failures = 0;        // in a row
    std::chrono::steady_clock::time_point rests_until{};
  };
  struct Answer;
  static Answer AskOne(Member& member, const TileLog& log, const Checkpoint& head,
                       const Note& note);
  std::vector<Member> witnesses_;
};

}  // namespace farm
