#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "sandbox/channel.h"
#include "sandbox/outcome.h"

namespace sandbox {

// How many files, folders and links may go with so many bytes: a disk with the usual one inode for
// 16 KiB runs out of both at once. A small output may have some more; 0 bytes: no limit but the
// collector's.
std::uint64_t OutputEntriesMax(std::uint64_t bytes_max);

// Writes collected entries below a folder of the host, as the caller. Runs in the launcher. Nothing
// that exists is overwritten or followed.
class OutputWriter {
 public:
  // bytes_max: for all files together, see OutputEntriesMax; 0: no limit.
  static Result<OutputWriter> Open(const std::string& directory, std::uint64_t bytes_max);

  // One kEntry. `*over_limit` becomes true if it would pass the limit; it is not written then.
  Status Take(const Message& entry, bool* over_limit);
  // Sets modes and times of folders, which could not be set while they were being filled.
  Status Finish();
  // Removes all that was written.
  void Discard();

  const std::vector<Output>& outputs() const { return outputs_; }

 private:
  struct Made {
    std::string path;
    bool is_directory;
    bool is_output;  // else: only a parent
    mode_t mode;
    timespec mtime;
  };

  Result<UniqueFd> OpenParent(const std::string& path, std::string* name);
  Status WriteFile(int parent, const std::string& name, const Message& entry);

  UniqueFd root_;
  std::uint64_t bytes_max_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
  std::vector<Made> made_;
  std::vector<Output> outputs_;
};

}  // namespace sandbox
