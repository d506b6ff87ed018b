// What a log keeps in memory of its tree, read back from its directory.
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/evidence/note.h"
#include "farm/log/leaf_index.h"
#include "farm/log/right_edge.h"

namespace farm {

struct LoadedTree {
  RightEdge edge;
  LeafIndex index;
};

// Reads the leaf hashes of the tree `head` from its level-0 tiles, and leaves from the last entry
// bundle alone: 32 bytes a leaf.  Checks that the leaf hashes make the head's root, that full tiles
// above them are what they make, and that the last bundle has the leaves of the last hashes.  Other
// bundles and payloads are not read: a log serves them to readers who hash what they get.
// Errors: kMismatch exit 15.
Result<LoadedTree> LoadTree(const std::string& directory, const Checkpoint& head);

}  // namespace farm
