#include "farm/log/folder_writer.h"

#include "farm/base/bytes.h"
#include "farm/log/write_group.h"

namespace farm {
namespace {

constexpr char kUnfinished[] = ".part";
constexpr std::size_t kFoldersKnownMax = 4096;  // a hundred bytes each; making one twice is no harm

}  // namespace

Status FolderWriter::MakeParents(const std::string& name, std::set<std::string>& changed) {
  std::string parent = directory_;
  const std::vector<std::string> parts = Split(name, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::string path = JoinPath(parent, parts[i]);
    if (known_directories_.insert(path).second) {
      RETURN_IF_ERROR(files_.MakeDirectory(path));
      changed.insert(parent);
    }
    parent = path;
  }
  changed.insert(parent);
  return {};
}

Status FolderWriter::PutAll(const std::map<std::string, std::string>& contents) {
  CHECK(contents.size() <= kFilesMax);
  if (known_directories_.size() > kFoldersKnownMax) known_directories_.clear();
  std::set<std::string> changed;
  WriteGroup written(files_);
  for (const auto& [name, bytes] : contents) {
    RETURN_IF_ERROR(MakeParents(name, changed));
    RETURN_IF_ERROR(written.Write(JoinPath(directory_, name) + kUnfinished, bytes));
  }
  RETURN_IF_ERROR(written.Sync());
  for (const auto& [name, bytes] : contents) {
    const std::string path = JoinPath(directory_, name);
    RETURN_IF_ERROR(files_.Rename(path + kUnfinished, path));
  }
  WriteGroup names(files_);
  for (const std::string& path : changed) names.AddDirectory(path);
  return names.Sync();
}

}  // namespace farm
