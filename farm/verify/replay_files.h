// A folder of replay verdicts, as a customer gathers them from replayers.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/verify/verify.h"

namespace farm {

constexpr std::size_t kReplayFilesMax = 1000;  // of one folder: as many lines as files, mostly

struct ReplayFolder {
  std::vector<ReplayLine> lines;
  // Names that end in ".json" or ".jsonl", in whatever letters, and were not read: somebody may
  // have meant them.
  std::vector<std::string> passed_over;
};

// The lines of all files of the folder whose names end in ".jsonl", by name; other files are passed
// over, subfolders too.  Each is named by its file and, if there are several, its number.
// Errors: kNotFound, kUnavailable (the folder or a file); kInvalidInput (a line that is no bundle);
// kLimitExceeded (more files).
Result<ReplayFolder> ReadReplayFolder(const std::string& directory);

}  // namespace farm
