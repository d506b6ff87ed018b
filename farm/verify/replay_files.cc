#include "farm/verify/replay_files.h"

#include <algorithm>
#include <utility>

#include "farm/base/files.h"
#include "farm/base/found_file.h"

namespace farm {
namespace {

constexpr std::string_view kLinesSuffix = ".jsonl";

bool LooksLikeLines(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name.ends_with(kLinesSuffix) || name.ends_with(".json");
}

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

Result<ReplayFolder> ReadReplayFolder(const std::string& directory) {
  auto names = ListDirectory(directory);
  if (!names) return Wrap("--replays", names.error());
  std::sort(names->begin(), names->end());
  ReplayFolder folder;
  std::erase_if(*names, [&](const std::string& name) {
    if (name.ends_with(kLinesSuffix)) return false;
    if (LooksLikeLines(name)) folder.passed_over.push_back(name);
    return true;
  });
  if (names->size() > kReplayFilesMax) {
    return Error{ErrorCode::kLimitExceeded, directory + ": " + std::to_string(names->size()) +
                                                " files of verdicts, at most " +
                                                std::to_string(kReplayFilesMax) +
                                                " are read; give those of this release a "
                                                "folder of their own"};
  }
  for (const std::string& name : *names) {
    RETURN_IF_ERROR(ReadLines(JoinPath(directory, name), folder.lines));
  }
  return folder;
}

}  // namespace farm
