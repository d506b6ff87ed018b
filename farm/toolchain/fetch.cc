#include "farm/toolchain/fetch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/control.h"

namespace farm {
namespace {

// True if `path` has these bytes; removes it if it has others.
Result<bool> HaveAlready(const std::string& path, const Digest& sha256) {
  if (!FileExists(path)) return false;
  ASSIGN_OR_RETURN(const FileDigest found, DigestOfFile(path));
  if (found.digest == sha256) return true;
  RETURN_IF_ERROR(RemoveTree(path));
  return false;
}

Error NoAnswer(const std::vector<const Lost*>& unanswered) {
  return Error{ErrorCode::kUnavailable,
               "could not fetch " + std::to_string(unanswered.size()) + " of the files, first " +
                   unanswered.front()->file + ": " + unanswered.front()->reason,
               ExitCode::kUnavailable};
}

std::vector<const Lost*> Unanswered(const std::vector<Lost>& lost) {
  std::vector<const Lost*> unanswered;
  for (const Lost& one : lost) {
    if (!one.gone) unanswered.push_back(&one);
  }
  return unanswered;
}

// The lines of Checksums-Sha256: " <hex> <size> <name>".
Result<std::vector<DebianSourceFile>> ChecksumLines(const std::string& field) {
  std::vector<DebianSourceFile> files;
  for (const std::string& line : Split(field, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> words = Split(line, ' ');
    if (words.size() != 3) {
      return Error{ErrorCode::kInvalidInput, "Checksums-Sha256: " + Printable(line, 100)};
    }
    DebianSourceFile file;
    ASSIGN_OR_RETURN(file.sha256, Digest::ParseHex(words[0]));
    ASSIGN_OR_RETURN(const unsigned long long size, ParseDecimal(words[1], kPackageBytesMax));
    file.size = static_cast<std::int64_t>(size);
    file.name = words[2];
    files.push_back(std::move(file));
  }
  std::stable_partition(files.begin(), files.end(),
                        [](const DebianSourceFile& file) { return file.name.ends_with(".dsc"); });
  return files;
}

}  // namespace

Result<FetchedPackages> FetchPackages(const Lock& lock, const AptPlace& place,
                                      const std::string& directory, const Progress& progress) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  FetchedPackages fetched;
  std::vector<Download> downloads;
  std::map<std::string, const LockedPackage*> by_file;
  for (const LockedPackage& package : lock.packages) {
    const std::string path = JoinPath(directory, package.sha256.Hex() + ".deb");
    fetched.paths[package.sha256] = path;
    ASSIGN_OR_RETURN(const bool have, HaveAlready(path, package.sha256));
    if (have) continue;
    downloads.push_back({package.file, package.sha256, package.size, path});
    by_file[package.file] = &package;
  }
  if (downloads.empty()) return fetched;

  ASSIGN_OR_RETURN(const Apt apt,
                   Apt::Open(place, lock.requested.suites, lock.requested.architecture));
  ASSIGN_OR_RETURN(const std::vector<Lost> lost, apt.Get(downloads, progress));
  RETURN_IF_ERROR(RealFileSystem().SyncDirectory(directory));
  if (const auto unanswered = Unanswered(lost); !unanswered.empty()) return NoAnswer(unanswered);
  for (const Lost& one : lost) {
    const LockedPackage& package = *by_file.at(one.file);
    fetched.paths.erase(package.sha256);
    fetched.lost.push_back({package, one.reason});
  }
  std::sort(
      fetched.lost.begin(), fetched.lost.end(),
      [](const LostPackage& a, const LostPackage& b) { return a.package.name < b.package.name; });
  fetched.downloaded = downloads.size() - lost.size();
  return fetched;
}

std::string DescribeLost(const std::vector<LostPackage>& lost) {
  std::string text;
  for (const LostPackage& one : lost) {
    text += one.package.name + " " + one.package.version + " (" + one.reason + ")\n";
  }
  if (!lost.empty()) {
    text +=
        "The archive no longer has these. Put the .deb files beside the others, each named "
        "<sha256>.deb, or make a new lock: farm toolchain lock --refresh\n";
  }
  return text;
}

std::string PoolDirectory(std::string_view package) {
  const std::size_t length = package.starts_with("lib") && package.size() > 3 ? 4 : 1;
  return "pool/main/" + std::string(package.substr(0, length)) + "/" + std::string(package);
}

Status FetchDebianSource(const DebianSourceRequest& request, const AptPlace& place,
                         const std::string& directory, const Progress& progress) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  const std::string pool = PoolDirectory(request.package);
  std::vector<Download> downloads;
  for (const DebianSourceFile& file : request.files) {
    if (file.name.empty() || file.name.find('/') != std::string::npos || file.name[0] == '.') {
      return Error{ErrorCode::kInvalidInput,
                   "source file " + Printable(file.name, 80) + ": want a plain file name"};
    }
    const std::string path = JoinPath(directory, file.name);
    ASSIGN_OR_RETURN(const bool have, HaveAlready(path, file.sha256));
    if (!have) downloads.push_back({pool + "/" + file.name, file.sha256, file.size, path});
  }
  if (downloads.empty()) return {};

  ASSIGN_OR_RETURN(const Apt apt, Apt::Open(place, request.suites, request.architecture));
  ASSIGN_OR_RETURN(std::vector<Lost> lost, apt.Get(downloads, progress));
  // Security's own archive keeps its sources below pool/updates.
  std::vector<Download> again;
  for (const Lost& one : lost) {
    const auto download = std::find_if(downloads.begin(), downloads.end(),
                                       [&one](const Download& d) { return d.file == one.file; });
    Download moved = *download;
    moved.file = "pool/updates/" + moved.file.substr(std::string_view("pool/").size());
    again.push_back(std::move(moved));
  }
  if (!again.empty() && Unanswered(lost).empty()) {
    ASSIGN_OR_RETURN(lost, apt.Get(again, progress));
  }
  RETURN_IF_ERROR(RealFileSystem().SyncDirectory(directory));
  if (lost.empty()) return {};
  if (const auto unanswered = Unanswered(lost); !unanswered.empty()) return NoAnswer(unanswered);
  std::string names;
  for (const Lost& one : lost) {
    names += (names.empty() ? "" : ", ") + BaseName(one.file) + " (" + one.reason + ")";
  }
  return Error{
      ErrorCode::kNotFound,
      "source " + request.package + " " + request.version + ": the archive does not have " + names,
      ExitCode::kInputMissing};
}

Result<std::vector<DebianSourceFile>> ListDebianSource(const DebianSourceRequest& request,
                                                       const AptPlace& place,
                                                       const Progress& progress) {
  ASSIGN_OR_RETURN(Apt apt, Apt::Open(place, request.suites, request.architecture));
  RETURN_IF_ERROR(apt.Update(progress));
  std::string checksums;
  RETURN_IF_ERROR(apt.ForEachStanza("Sources", [&](std::string_view stanza, std::string_view) {
    if (!checksums.empty() || ControlField(stanza, "Package") != request.package ||
        ControlField(stanza, "Version") != request.version) {
      return;
    }
    checksums = ControlField(stanza, "Checksums-Sha256");
  }));
  if (checksums.empty()) {
    return Error{ErrorCode::kNotFound,
                 "source " + request.package + " " + request.version + ": not in " +
                     Join(request.suites, ", "),
                 ExitCode::kInputMissing};
  }
  return ChecksumLines(checksums);
}

}  // namespace farm
