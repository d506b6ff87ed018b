#include <algorithm>
#include <functional>
#include <map>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/source/source.h"

namespace farm {
namespace {

struct Wanted {
  const ManifestSource* source;
  const SourceFile* file;
};

// Files of the search directories (not of what lies below them), by size.
using BySize = std::multimap<std::uint64_t, std::string>;

BySize ListCandidates(const std::vector<std::string>& directories) {
  BySize candidates;
  for (const std::string& directory : directories) {
    const auto names = ListDirectory(directory);
    if (!names) continue;  // a directory that is not there has nothing
    for (const std::string& name : *names) {
      const std::string path = JoinPath(directory, name);
      if (const auto size = FileSize(path)) candidates.emplace(*size, path);
    }
  }
  return candidates;
}

// Puts the file from wherever bytes of that digest are; the one of the same name is looked at
// first. Errors: kUnavailable; found nowhere is success with `found` unchanged.
Status PutFrom(const SourceFile& file, const BySize& candidates, BlobStore& blobs, bool& found) {
  const auto [begin, end] = candidates.equal_range(file.size);
  std::vector<std::string> paths;
  for (auto it = begin; it != end; ++it) paths.push_back(it->second);
  std::stable_partition(paths.begin(), paths.end(),
                        [&](const std::string& path) { return BaseName(path) == file.name; });
  for (const std::string& path : paths) {
    // Another file of that size, or one that went away or may not be read: look on.
    const auto digest = DigestOfFile(path);
    if (!digest || digest->digest != file.digest) continue;
    RETURN_IF_ERROR(blobs.PutFileAs(path, file.digest));
    found = true;
    return {};
  }
  return {};
}

// What is still missing afterwards.
Result<std::vector<Wanted>> PutAll(const std::vector<Wanted>& wanted,
                                   const std::vector<std::string>& directories, BlobStore& blobs) {
  const BySize candidates = ListCandidates(directories);
  std::vector<Wanted> missing;
  for (const Wanted& one : wanted) {
    bool found = blobs.Has(one.file->digest);
    if (!found) RETURN_IF_ERROR(PutFrom(*one.file, candidates, blobs, found));
    if (!found) missing.push_back(one);
  }
  return missing;
}

Error MissingFiles(const std::vector<Wanted>& missing) {
  std::vector<std::string> lines;
  for (const Wanted& one : missing) {
    lines.push_back("source " + one.source->name + ": " + one.file->name + " (" +
                    std::to_string(one.file->size) + " bytes, " + one.file->digest.Text() +
                    ") is missing");
  }
  return Error{ErrorCode::kNotFound, Join(lines, "\n"), ExitCode::kInputMissing};
}

}  // namespace

Status FetchSourceFiles(const Manifest& manifest, BlobStore& blobs,
                        const std::vector<std::string>& search_directories,
                        const DebianFetch& fetch) {
  std::vector<Wanted> wanted;
  for (const ManifestSource& source : manifest.sources) {
    for (const SourceFile& file : source.files) wanted.push_back({&source, &file});
  }
  ASSIGN_OR_RETURN(std::vector<Wanted> missing, PutAll(wanted, search_directories, blobs));
  std::vector<std::string> reasons;
  for (const ManifestSource& source : manifest.sources) {
    const auto* debian = std::get_if<DebianOrigin>(&source.origin);
    const bool incomplete = std::any_of(missing.begin(), missing.end(),
                                        [&](const Wanted& one) { return one.source == &source; });
    if (debian == nullptr || !incomplete || !fetch) continue;
    ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(""));
    const Status fetched = fetch(*debian, scratch.path());
    if (!fetched && fetched.error().code != ErrorCode::kNotFound) {
      return Wrap("source " + source.name, fetched.error());
    }
    if (!fetched) reasons.push_back(fetched.error().message);
    ASSIGN_OR_RETURN(missing, PutAll(missing, {scratch.path()}, blobs));
  }
  if (missing.empty()) return {};
  Error error = MissingFiles(missing);
  for (const std::string& reason : reasons) error.message += "\n" + reason;
  return error;
}

}  // namespace farm
