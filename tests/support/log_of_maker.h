// The log of an EvidenceMaker as farm-log keeps one, in a directory, and its real end.
#pragma once

#include <string>

#include "farm/base/clock.h"
#include "farm/evidence/trust_root.h"
#include "tests/support/evidence_maker.h"

namespace farm {

// Whose log, where it is to be written (a folder that is not there), who goes on from it, and what
// its witnesses' clocks say.
struct LogToClose {
  const EvidenceMaker& maker;
  std::string directory;
  std::string successor;
  UnixSeconds witnessed = 0;
};

// Writes every entry and payload through TileLog, publishes the head and closes the log by
// CloseLog, which reads all of it and asks the maker's witnesses: what `farm log close` prints for
// the next trust root.
LogEnd CloseLogOf(const LogToClose& log);

}  // namespace farm
