#pragma once

#include "sandbox/outcome.h"
#include "sandbox/spec.h"
#include "sandbox/status.h"

namespace sandbox {

enum class EntryType { kFile = 0, kDirectory = 1, kSymlink = 2 };

constexpr std::size_t kOutputDepthMax = 64;         // folders below an output
constexpr std::size_t kOutputEntriesMax = 1000000;  // as many as --disk-inodes has by default

// What keeps an output from being handed out.
struct Refusal {
  Ended ended = Ended::kOutputRefused;  // or kOutputMissing, or kLimit: too many, too deep
  std::string reason;                   // names the path
};

// Walks the outputs in the setup process, after everything foreign is dead, and sends each entry
// (Kind::kEntry, sorted by name within a folder, folders before what is in them), then kCollected
// or kRefused. Never follows a symlink, never leaves /build.
// Too many entries, too many folders in folders, too long a path: the limit output.
// Taken: regular files, folders, symlinks whose target stays inside. Refused: everything else, a
// second name of one file, names that are not plain text (IsPlainText).
Status CollectOutputs(const Spec& spec, int channel);
// The same with another folder as /build.
Status CollectOutputsFrom(int build, const Spec& spec, int channel);

// Whether a symlink with `target`, lying `depth` folders below the root of its output, stays
// inside: relative, ".." only at its beginning (for after a name, ".." need not lead back to where
// it seems to), and not more of them than `depth`.
bool IsInwardTarget(const std::string& target, std::size_t depth);

// The permissions of an output: without suid, sgid and sticky bits.
mode_t OutputMode(mode_t mode);

}  // namespace sandbox
