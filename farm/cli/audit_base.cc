#include "farm/cli/audit_base.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/approved_manifest.h"
#include "farm/cli/describe.h"
#include "farm/cli/git_repository.h"

namespace farm {
namespace {

constexpr std::string_view kNow = "now";
constexpr std::string_view kBefore = "before";

Status CheckBase(const ReadManifest& base, const ReadManifest& now) {
  if (base.manifest.product != now.manifest.product) {
    return Error{ErrorCode::kMismatch,
                 "the base is of product " + base.manifest.product + ", the manifest of " +
                     now.manifest.product + "; an approval by diff is since the same product",
                 ExitCode::kApproval};
  }
  if (base.digest == now.digest) {
    return Error{ErrorCode::kInvalidInput,
                 "the base is this very manifest, " + now.digest.Text() +
                     ": there is nothing to compare; approve it without --diff"};
  }
  return {};
}

Result<ReadManifest> FindBase(const std::string& named, const ReadManifest& now, FarmClient* farm) {
  const auto digest = Digest::Parse(named);
  if (!named.empty() && !digest) return ReadManifestFile(named, "");
  if (farm == nullptr) {
    return Error{ErrorCode::kInvalidInput,
                 "no farm to ask for the base; name it with --config FILE or --farm URL, or give "
                 "the base's own file with --base FILE"};
  }
  if (digest) return FetchReadManifest(*farm, *digest);
  ASSIGN_OR_RETURN(const ApprovedManifest approved, LastApprovedManifest(*farm, now));
  return FetchReadManifest(*farm, ManifestDigest(approved.manifest));
}

Status AddTree(const std::string& repository, std::string_view branch, const ReadManifest& of,
               const ManifestSource& source, const TreeUnpacker& unpack) {
  ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(""));
  auto unpacked = unpack(source, scratch.path());
  const std::string whose =
      of.manifest.product + " " + of.manifest.version + ", source " + source.name;
  if (!unpacked) return Wrap(whose, unpacked.error());
  const auto tree =
      AddGitBranch(repository, *unpacked,
                   {std::string(branch), whose, of.manifest.source_date_epoch, source.tree});
  if (!tree) return Wrap(whose, tree.error());
  return {};
}

}  // namespace

Result<ReadManifest> ReadBase(const std::string& named, const ReadManifest& now, FarmClient* farm) {
  ASSIGN_OR_RETURN(ReadManifest base, FindBase(named, now, farm));
  RETURN_IF_ERROR(CheckBase(base, now));
  return base;
}

std::vector<std::string> DescribeChanges(const ReadManifest& base, const ReadManifest& now) {
  std::vector<std::string> changes = DescribeManifestDifference(base.manifest, now.manifest);
  for (const std::string& line : Split(DescribeLockDifference(base.lock, now.lock), '\n')) {
    if (!line.empty()) changes.push_back("toolchain: " + line);
  }
  return changes;
}

Result<std::vector<std::string>> ChangedFiles(const ReadManifest& base, const ReadManifest& now,
                                              const TreeUnpacker& unpack) {
  std::vector<std::string> lines;
  for (const ManifestSource& source : now.manifest.sources) {
    const std::vector<ManifestSource>& old = base.manifest.sources;
    const auto before = std::find_if(
        old.begin(), old.end(), [&](const ManifestSource& one) { return one.name == source.name; });
    if (before != old.end() && before->tree == source.tree) continue;
    ASSIGN_OR_RETURN(const TemporaryDirectory repository, TemporaryDirectory::Make(""));
    RETURN_IF_ERROR(MakeGitRepository(repository.path()));
    RETURN_IF_ERROR(AddTree(repository.path(), kNow, now, source, unpack));
    if (before != old.end()) {
      RETURN_IF_ERROR(AddTree(repository.path(), kBefore, base, *before, unpack));
    }
    ASSIGN_OR_RETURN(
        const std::vector<std::string> files,
        DifferingFiles(repository.path(), before == old.end() ? "" : std::string(kBefore),
                       std::string(kNow)));
    for (const std::string& file : files) lines.push_back("source " + source.name + ": " + file);
  }
  return lines;
}

}  // namespace farm
