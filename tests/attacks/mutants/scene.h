// The releases that are bent: the vector, and a farm of three sites with two releases of its own.
#pragma once

#include <string>
#include <vector>

#include "tests/support/evidence_maker.h"

namespace farm::mutants {

std::string ReadVector(const std::string& name);  // a file of tests/vectors/v1/evidence
VerdictInput VectorInput();                       // its release, root-file.json and policy.json
std::vector<std::string> VectorLines();           // the texts of its bundle file's lines

// Under a production root, with limits of the kernel's: all rules apply.
struct Farm {
  EvidenceMaker maker;
  MadeRelease release;  // hello 1.0
  MadeRelease other;    // hello 1.1 of the same parties, other artifacts, the next sequence
};
Farm MakeFarm(const EvidenceOptions& options = {.development = false});

// "release", "request", "intent", "record", "approval": what stands in the line.
std::string KindOf(const Bundle& line);

}  // namespace farm::mutants
