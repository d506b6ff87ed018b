// FolderWriter: puts many files below a directory so that none is ever there half-written: written
// under other names, synced together, renamed, their directories synced.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "farm/base/files.h"
#include "farm/base/result.h"

namespace farm {

// Not thread-safe.
class FolderWriter {
 public:
  // `files` outlives it; `directory` exists.
  FolderWriter(FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // By paths below the directory, whose folders are made; at most kFilesMax.  Durable when it
  // returns; after an error some of them may be there, each whole.  Errors: kUnavailable.
  static constexpr std::size_t kFilesMax = 512;  // open at the same time; a process has 1024
  Status PutAll(const std::map<std::string, std::string>& contents);

 private:
  Status MakeParents(const std::string& name, std::set<std::string>& changed);

  FileSystem& files_;
  const std::string directory_;
  std::set<std::string> known_directories_;
};

}  // namespace farm
