// A kept tree is believed only when the image made of it is the lock's: names, bytes, modes, owners
// and links are all in the image, and every time is the epoch.  For the files of this folder only.
#pragma once

#include <cstdint>
#include <string>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/toolchain/assemble.h"

namespace farm {

struct KeptTree {
  // DIR of AssembleRoot, or what is to become it; the image is made in DIR.check, removed
  // afterwards.
  std::string directory;
  std::string tree;  // DIR/root
  std::int64_t source_date_epoch = 0;
  Digest image;
};

// Calls from several processes for one DIR wait for each other (a lock on DIR).
// Errors: kMismatch exit 22 (changed: another image, or another time), kUnavailable exit 30 (no
// sandbox, disk full), kUnavailable exit 26 (cancelled).
Status CheckKeptTree(const KeptTree& kept, const AssemblySandbox& sandbox);

// Removes the DIR.check that a crash has left.
Status RemoveKeptTreeCheck(const std::string& directory, const AssemblySandbox& sandbox);

}  // namespace farm
