// What evidence says, apart from how it is written: the proof that an accepted mutant is none.
#pragma once

#include <string>
#include <vector>

#include "farm/verify/verify.h"

namespace farm::mutants {

enum class Likeness {
  kOther,
  kSame,  // says the same: equal but for the order of lines and of a note's signatures, repeated
          // ones among these, the envelope's hint of the key (if it is none), and lines that the
          // release does not name
  kLess,  // the same with fewer signatures in a note
};

// Of what the files `bent` and `good` say, both read.  Every other difference of the parsed values
// is kOther: of each line payload type, payload, signature, certificate or key, time stamp, index,
// size, root, proof, leaf, log id, checkpoint and each note signature of a key in `root` or of a
// consistency proof (one of another key says nothing: C2SP signed-note).
Likeness CompareLines(const std::vector<Bundle>& bent, const std::vector<Bundle>& good,
                      const TrustRoot& root);

}  // namespace farm::mutants
