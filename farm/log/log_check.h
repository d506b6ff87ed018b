// The whole of a log in a directory, its own or a mirror's, from the leaves up to every checkpoint:
// every entry bundle, tile and payload is read and hashed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/log_reader.h"
#include "farm/evidence/note.h"
#include "farm/evidence/tlog_policy.h"

namespace farm {

// Whose signatures a reader believes: answers a note's checkpoint.  Errors: those of CheckHead and
// CheckUnderPolicy.
using CheckNote = std::function<Result<Checkpoint>(std::string_view note)>;
CheckNote CheckNoteBy(TlogPolicy policy);
CheckNote CheckNoteBy(LogTrust trust);

// How far a long piece of work has come.
struct LogProgress {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;  // entries there are
};
using ReportProgress = std::function<void(const LogProgress&)>;  // may be empty

struct LogCheck {
  struct Head {
    std::string file;  // "checkpoint", "head"
    Checkpoint tree;
  };
  std::vector<Head> heads;  // the checkpoint is the first one, where nothing is wrong
  std::uint64_t entries = 0;
  std::uint64_t tiles = 0;  // hash tiles and bundles
  std::uint64_t payloads = 0;
  std::uint64_t without_payload = 0;  // entries that name none: not written by this kind of log
  // The first file that is not what the others make it; no more was looked at.
  struct Wrong {
    std::string file;  // below the directory
    std::string problem;
  };
  std::optional<Wrong> wrong;
};

// `check` empty: signatures are not looked at, only the tree.
// Errors: kInvalidInput (a URL), kNotFound (no log and no mirror).
Result<LogCheck> CheckWholeLog(const std::string& directory, const CheckNote& check,
                               const ReportProgress& progress);
// The same as an error: kMismatch exit 15 with the file's name, or the heads.
Result<LogCheck> RequireWholeLog(const std::string& directory, const CheckNote& check,
                                 const ReportProgress& progress);

}  // namespace farm
