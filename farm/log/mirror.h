// A mirror: a directory with all of a log, checked from its entries up, fit for any web server and
// for rebuilding the log.
//   DIR/format                    "farm-mirror/1\n"
//   DIR/checkpoint                the log's published note, of exactly this tree
//   DIR/tile/..., DIR/payload/<64 hex>   as the log serves them
//   DIR/fork/<64 hex>.note        what the log has signed against this mirror: evidence, by its
//   sha256 DIR/lock                      held while it is being brought up to date
// A file of the mirror is whole when it has its name, and is on disk before the checkpoint that
// needs it.  What an interrupted run has brought is used by the next one.
#pragma once

#include <cstdint>
#include <string>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/client/log_source.h"
#include "farm/log/log_check.h"

namespace farm {

struct MirrorReport {
  Checkpoint tree;             // what the mirror holds now
  std::uint64_t old_size = 0;  // and held before
  std::uint64_t bundles_read = 0;
  std::uint64_t bundles_found = 0;  // of an interrupted run
  std::uint64_t payloads_read = 0;
  std::uint64_t without_payload = 0;  // entries that name none
};

// Makes a mirror in an empty or missing directory (whose parent exists), or brings one up to date.
// Errors:
//   kInvalidInput  the directory is something else, or mirrors another log
//   kUntrusted     exit 15, 16: the checkpoint that is served
//   kMismatch      exit 15: the source's files do not make its checkpoint (the first wrong one is
//                  named), or the log has forked: two checkpoints that it has signed contradict
//                  each other; the mirror stays as it is, and the other note is kept as evidence
//   kUnavailable   exit 30: I/O, or the source serves an older checkpoint of the same tree
Result<MirrorReport> MirrorLog(FileSystem& files, const std::string& directory,
                               const ReadResource& source, const CheckNote& check,
                               const ReportProgress& progress);

}  // namespace farm
