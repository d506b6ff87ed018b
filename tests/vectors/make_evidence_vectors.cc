// usage: make_evidence_vectors DIRECTORY
// Writes the evidence vectors anew, with new keys.  Only for a new major version: what stands in
// tests/vectors/v1 must stay readable.
#include <cstdio>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "tests/support/evidence_examples.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const auto& [name, bytes] : farm::EvidenceExamples()) {
    const std::string path = farm::JoinPath(argv[1], name);
    if (!farm::WriteDurably(farm::RealFileSystem(), path, bytes)) {
      std::fprintf(stderr, "cannot write %s\n", path.c_str());
      return 1;
    }
  }
}
