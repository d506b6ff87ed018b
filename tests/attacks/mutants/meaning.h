// What evidence says, apart from how it is written: the proof that an accepted mutant is none.
#pragma once

#include <string>
#include <vector>

#include "farm/verify/verify.h"
#include "tests/attacks/mutants/ledger.h"

namespace farm::mutants {

// Of what `bent` says beside `good`, both read: of their lines, and of status, certifiers'
// statements and replay verdicts at hand.
// kSame: equal but for the order of lines and of a note's signatures, repeated ones among these,
// the envelope's hint of the key (if it is none), and lines that the release does not name. kLess:
// with fewer signatures in a note, or a replay verdict without its time stamp. Every other
// difference of the parsed values is kOther: of each line payload type, payload, signature,
// certificate or key, time stamp, index, size, root, proof, leaf, log id, checkpoint and each note
// signature of a key in the good root or of a consistency proof (one of another key says nothing:
// C2SP signed-note).
Likeness CompareEvidence(const VerdictInput& bent, const VerdictInput& good);

}  // namespace farm::mutants
