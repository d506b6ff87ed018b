// farm bundle show, export: what a bundle says, and its parts for openssl.
#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/bundle_export.h"
#include "farm/cli/bundle_view.h"
#include "farm/cli/commands.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr char kNotJudged[] = "Nothing of this was checked; farm-verify judges.";

Result<std::vector<Bundle>> ReadBundle(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kBundleFileBytesMax));
  return ParseBundleFile(text, path);
}

Status ShowBundle(const BundleArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ReadBundle(arguments.bundle));
  Json list = Json::array();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const LineView view = ViewBundleLine(lines[i]);
    list.push_back(LineJson(view));
    std::string text = LineText(view, i + 1);
    text.pop_back();
    Say(output, text);
  }
  Say(output, kNotJudged);
  Answer(output, {{"judged", false}, {"lines", std::move(list)}});
  return {};
}

Status ExportTo(const BundleArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ReadBundle(arguments.bundle));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(arguments.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(const TrustRoot root, ParseTrustRoot(bytes, arguments.root));
  if (FileExists(arguments.out)) {
    return Error{ErrorCode::kInvalidInput, "DIR " + Printable(arguments.out, 300) +
                                               " is there already; name a folder that is not"};
  }
  RETURN_IF_ERROR(MakeDirectories(arguments.out, 0755));
  const std::vector<ExportedFile> files = ExportBundle(lines, root);
  Json names = Json::array();
  for (const ExportedFile& file : files) {
    const std::string path = JoinPath(arguments.out, file.name);
    RETURN_IF_ERROR(MakeDirectories(DirectoryName(path), 0755));
    RETURN_IF_ERROR(WriteDurably(RealFileSystem(), path, file.bytes));
    names.push_back(file.name);
  }
  Say(output, Amount(lines.size(), "line") + " in " + Amount(files.size(), "file") +
                  "; the commands are in " + JoinPath(arguments.out, "README"));
  Say(output, kNotJudged);
  Answer(output, {{"files", std::move(names)}, {"judged", false}});
  return {};
}

}  // namespace

int RunBundleShowCommand(const BundleArguments& arguments, const Output& output) {
  const Status status = ShowBundle(arguments, output);
  if (!status) return FailAndSayWhatToDo(output, "farm bundle show", status.error());
  return static_cast<int>(ExitCode::kProved);
}

int RunBundleExportCommand(const BundleArguments& arguments, const Output& output) {
  const Status status = ExportTo(arguments, output);
  if (!status) return FailAndSayWhatToDo(output, "farm bundle export", status.error());
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
