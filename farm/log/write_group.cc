#include "farm/log/write_group.h"

#include <functional>
#include <utility>

#include "farm/base/parallel.h"

namespace farm {
namespace {

// A file system commits once for all that wait.
Status RunAll(const std::vector<std::function<Status()>>& syncs) {
  std::vector<Status> ended(syncs.size());
  ForEachInParallel(
      syncs.size(), [&](std::size_t index, std::size_t) { ended[index] = syncs[index](); },
      Waits::kDisk);
  for (Status& status : ended) RETURN_IF_ERROR(std::move(status));
  return {};
}

}  // namespace

Status WriteGroup::Write(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files_.Create(path, true));
  RETURN_IF_ERROR(file->Append(bytes));
  written_.push_back(std::move(file));
  return {};
}

Status WriteGroup::Sync() {
  const std::vector<std::unique_ptr<WritableFile>> written = std::exchange(written_, {});
  const std::set<std::string> directories = std::exchange(directories_, {});
  std::vector<std::function<Status()>> syncs;
  for (const auto& file : written) {
    syncs.emplace_back([&file] { return file->Sync(); });
  }
  for (const std::string& path : directories) {
    syncs.emplace_back([this, &path] { return files_.SyncDirectory(path); });
  }
  return RunAll(syncs);
}

}  // namespace farm
