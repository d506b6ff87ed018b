#include "farm/verify/replay_files.h"

#include <algorithm>
#include <utility>

#include "farm/base/files.h"
#include "farm/base/found_file.h"

namespace farm {
namespace {

constexpr std::string_view kLinesSuffix = ".jsonl";

Status ReadLines(const std::string& path, std::vector<ReplayLine>& lines) {
  ASSIGN_OR_RETURN(const std::string text, ReadFoundFile(path, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(std::vector<Bundle> bundles, ParseBundleFile(text, path));
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    const std::string number = bundles.size() == 1 ? "" : " line " + std::to_string(i + 1);
    lines.push_back({BaseName(path) + number, std::move(bundles[i])});
  }
  return {};
}

}  // namespace

Result<std::vector<ReplayLine>> ReadReplayFolder(const std::string& directory) {
  auto names = ListDirectory(directory);
  if (!names) return Wrap("--replays", names.error());
  std::erase_if(*names, [](const std::string& name) { return !name.ends_with(kLinesSuffix); });
  std::sort(names->begin(), names->end());
  if (names->size() > kReplayFilesMax) {
    return Error{ErrorCode::kLimitExceeded, directory + ": " + std::to_string(names->size()) +
                                                " files of verdicts, at most " +
                                                std::to_string(kReplayFilesMax) +
                                                " are read; give those of this release a "
                                                "folder of their own"};
  }
  std::vector<ReplayLine> lines;
  for (const std::string& name : *names) {
    RETURN_IF_ERROR(ReadLines(JoinPath(directory, name), lines));
  }
  return lines;
}

}  // namespace farm
