// Walks a directory tree by descriptors: sorted, nothing followed, no recursion.  For this folder.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"
#include "farm/store/blob_store.h"  // ByteSink

namespace farm {

struct TreeItem {
  std::string path;  // from the top: "a/b"
  std::string name;  // its last part
  int parent = -1;   // descriptor of the directory that holds it; borrowed
  struct stat status {};
  std::string target;  // of a symbolic link
};

// What is called, in the order of the walk: a directory's names (sorted by byte value), then each
// item with, for a directory, everything below it before `leave`.
struct TreeVisitor {
  // `path` is "" for the top.  May be empty.
  std::function<Status(const std::string& path, const std::vector<std::string>& names)> enter;
  // A file, symbolic link, directory (before what it holds) or anything else.
  std::function<Status(const TreeItem&)> item;
  // A directory whose items are all done; "" for the top.  May be empty.
  std::function<Status(const std::string& path)> leave;
};

// Errors: kLimitExceeded (kTreeDepthMax, kTreeEntriesMax), kUnavailable, and the visitor's.
Status WalkTree(int directory, const TreeVisitor& visitor);

// Hands over the content of a regular file that the walk is at.
// Errors: kUnavailable (also: its size changed meanwhile), and the sink's.
Status ReadItem(const TreeItem& item, const ByteSink& sink);

// Opens a directory for WalkTree.  The descriptor is the caller's.  Errors: kNotFound,
// kUnavailable.
Result<int> OpenDirectory(const std::string& path);

}  // namespace farm
