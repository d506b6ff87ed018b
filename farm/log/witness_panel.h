// The witnesses of one log: asks all of them about a head, at the same time, and remembers how far
// each has come and which of them do not answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
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
  GetFromWitness get;
};

// Whether the cosignatures of these witnesses, by their places, suffice.
using Suffices = std::function<bool(const std::set<std::size_t>& cosigned)>;

// Not thread-safe: the sequencer's thread only.
class WitnessPanel {
 public:
  // `log_key`: Ed25519; what witnesses show as proof must be signed by it.
  WitnessPanel(std::vector<ConfiguredWitness> witnesses, PublicKey log_key);
  std::size_t size() const { return witnesses_.size(); }

  // Proved by two signatures, the log's own and the witness's.
  struct Divergence {
    Error error;       // kMismatch exit 15
    std::string note;  // a tree that this log has signed and does not have
  };
  struct Answers {
    std::vector<NoteSignature> lines;   // checked; one for each witness that cosigned
    std::set<std::size_t> cosigned;     // their places
    std::vector<std::string> problems;  // for people: why others did not
    std::optional<Divergence> diverged;
    // A witness says that it has seen more, or another history, and does not prove it: kUnavailable
    // exit 30.  Signing more would be a fork if it is true.
    std::optional<Error> doubt;
  };
  // `note`: the head's checkpoint with the log's own signatures.  Witnesses that lately did not
  // answer are left out for a while, unless there are too few without them; those in doubt are
  // asked every time.
  Answers Ask(const TileLog& log, const Checkpoint& head, const Note& note,
              const Suffices& suffices);

 private:
  struct Member {
    ConfiguredWitness configured;
    std::uint64_t seen = 0;  // the size that it has cosigned, as far as we know
    int failures = 0;        // in a row
    std::chrono::steady_clock::time_point rests_until{};
  };
  struct Answer;
  Answer AskOne(Member& member, const TileLog& log, const Checkpoint& head, const Note& note) const;
  // What comes of a witness's word that there is a history which we have not.
  Answer AskForProof(const Member& member, const TileLog& log, const Checkpoint& head,
                     const std::string& claim) const;
  void Rest(Member& member, const Answer& answer) const;

  std::vector<Member> witnesses_;
  const PublicKey log_key_;
};

}  // namespace farm
