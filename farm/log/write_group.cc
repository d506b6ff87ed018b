#include "farm/log/write_group.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace farm {
namespace {

// They wait for the disk, not for a processor; a file system commits once for all that wait.
constexpr std::size_t kSyncsAtATime = 8;

Status RunAll(const std::vector<std::function<Status()>>& syncs) {
  std::vector<Status> ended(syncs.size());
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < syncs.size(); i = next++) ended[i] = syncs[i]();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(kSyncsAtATime, syncs.size()); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
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
