// Ends a log for good: from then on it takes no entry, and its operator can tell the makers of the
// trust root where it ended (FORMAT.md, "When a log ends and another goes on").
#pragma once

#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/evidence/note.h"
#include "farm/log/confirm_tree.h"
#include "farm/log/log_check.h"

namespace farm {

struct Closing {
  std::string store;      // the log's directory
  std::string successor;  // the origin of the log that goes on
  CheckNote check;        // of its checkpoint: required
  // All that watch this log.  Those that cannot be asked are named in `absent`.
  std::vector<WitnessToAsk> witnesses;
  std::vector<std::string> absent;
  ReportProgress progress;
};

struct ClosingReport {
  Checkpoint tree;                 // the last one
  std::string note;                // as published, with cosignatures
  std::vector<std::string> asked;  // witnesses that have cosigned this tree just now
};

// Checks the whole log, asks the witnesses whether any has seen more, and writes the file `closed`.
// Nothing else changes; called again it says the same.  No server may have the directory.
// Errors:
//   kInvalidInput  the successor is no other log's name; closed before for another one; no witness
//                  to ask
//   kMismatch      exit 15: the log is damaged (the first wrong file is named), diverged, or behind
//                  what a witness has cosigned
//   kUntrusted     exit 15, 16 (its checkpoint), exit 25 (a witness does not know this log)
//   kUnavailable   exit 30: entries are committed and not published; a witness does not answer,
//                  I/O, a server has the directory
Result<ClosingReport> CloseLog(FileSystem& files, const Closing& closing);

}  // namespace farm
