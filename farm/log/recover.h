// Rebuilding a log from a mirror: the only way on for a log whose directory is lost, damaged or
// older than what its witnesses have seen ("log diverged").
//
// The new directory has exactly the mirror's tree, and every witness must have cosigned just that
// or less of the same history: with a tree behind a witness the log would sign a fork.  An old
// directory stays beside the new one as DIR.before-recovery: it is evidence.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/log/confirm_tree.h"
#include "farm/log/log_check.h"

namespace farm {

struct Recovery {
  std::string mirror;  // directory
  std::string store;   // the log's: missing, or old
  CheckNote check;     // of the mirror's checkpoint: required
  // All that watch this log.  Those that cannot be asked are named in `absent`, by the operator: he
  // vouches that they have seen no more.
  std::vector<WitnessToAsk> witnesses;
  std::vector<std::string> absent;
  ReportProgress progress;
};

struct RecoveryReport {
  Checkpoint tree;
  std::string kept;                // where the old directory is now; "" if there was none
  std::uint64_t old_size = 0;      // of its published tree
  std::vector<std::string> asked;  // witnesses that have cosigned this tree just now
  bool epochs_kept = false;        // the epochs of peers were there and are in the new directory
};

// Checks the whole mirror, asks the witnesses, builds the new directory under another name, then
// puts it in place.  A crash at any point leaves a whole log under that name, or none and farm-log
// makes none there; called again it goes on.  No server may have the directory.
// Errors:
//   kInvalidInput  no witness to ask; `absent` names one that is not listed; another log's
//   directory kMismatch      exit 15: the mirror is damaged (the first wrong file is named); it is
//   behind what
//                  a witness has cosigned or the old directory has published; it is of another
//                  history than one of them
//   kUntrusted     exit 15, 16 (the mirror's checkpoint), exit 25 (a witness does not know this
//   log) kUnavailable   exit 30: a witness does not answer, I/O, a server has the directory
Result<RecoveryReport> RecoverLogFromMirror(FileSystem& files, const Recovery& recovery);

}  // namespace farm
