// WriteGroup: files that are written first and synced together, so that a group of them costs
// little more time than one.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/result.h"

namespace farm {

// Keeps every file open until it is synced: callers bound the number.  Not thread-safe.
class WriteGroup {
 public:
  // `files` outlives it.
  explicit WriteGroup(FileSystem& files) : files_(files) {}

  // Creates the file, or empties it, and writes; nothing counts before Sync.
  Status Write(const std::string& path, std::string_view bytes);
  // A directory in which names were made or changed; once is enough.
  void AddDirectory(const std::string& path) { directories_.insert(path); }
  // Syncs all that was added, some at a time, in no order.  Returns when every sync has ended, with
  // the first error there was; everything added is durable if there was none.  The group is empty
  // then.
  Status Sync();

 private:
  FileSystem& files_;
  std::vector<std::unique_ptr<WritableFile>> written_;
  std::set<std::string> directories_;
};

}  // namespace farm
