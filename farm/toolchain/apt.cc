#include "farm/toolchain/apt.h"

#include <algorithm>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/control.h"

namespace farm {
namespace {

constexpr char kAptHelper[] = "/usr/lib/apt/apt-helper";
constexpr std::size_t kDownloadsAtOnce = 100;  // keeps argv small and progress alive

// Read after the machine's own files, so that proxies and validity rules stay theirs and places and
// hooks are ours.  `#clear` takes away hooks that other packages have put there.
std::string Configuration(const std::string& directory, const std::string& architecture) {
  return "#clear APT::Update::Pre-Invoke;\n"
         "#clear APT::Update::Post-Invoke;\n"
         "#clear APT::Update::Post-Invoke-Success;\n"
         "#clear DPkg::Pre-Install-Pkgs;\n"
         "#clear APT::Architectures;\n"
         "#clear APT::Default-Release;\n"
         "Dir::Etc::sourcelist \"/dev/null\";\n"
         "Dir::Etc::sourceparts \"" +
         directory +
         "/sources\";\n"
         "Dir::Etc::preferences \"/dev/null\";\n"
         "Dir::Etc::preferencesparts \"/dev/null\";\n"
         "Dir::State \"" +
         directory +
         "/state\";\n"
         "Dir::State::status \"" +
         directory +
         "/state/status\";\n"
         "Dir::Cache \"" +
         directory +
         "/cache\";\n"
         "Dir::Cache::archives \"" +
         directory +
         "/cache/archives\";\n"
         "Dir::Cache::pkgcache \"\";\n"
         "Dir::Cache::srcpkgcache \"\";\n"
         "APT::Architecture \"" +
         architecture +
         "\";\n"
         "APT::Architectures { \"" +
         architecture +
         "\"; };\n"
         "APT::Install-Recommends \"false\";\n"
         "APT::Install-Suggests \"false\";\n"
         "APT::Update::Error-Mode \"any\";\n"
         "Acquire::Languages \"none\";\n"
         "Acquire::Retries \"3\";\n";
}

std::string Basis(std::string_view uri) {
  std::string base(uri);
  if (!base.ends_with('/')) base += '/';
  return base;
}

// The last lines that begin with "E:", or the end of everything.
std::string AptComplaint(const ProcessResult& result) {
  std::string complaint;
  for (const std::string& line : Split(result.error_output, '\n')) {
    if (line.starts_with("E:")) complaint += (complaint.empty() ? "" : "; ") + line.substr(3);
  }
  if (result.timed_out) complaint = "no answer in time";
  if (complaint.empty()) complaint = "exit code " + std::to_string(result.exit_code);
  return Printable(complaint, 1000);
}

Error Unavailable(std::string message) {
  return Error{ErrorCode::kUnavailable, std::move(message), ExitCode::kUnavailable};
}

// Calls `progress` for each full line of a stream.
std::function<void(std::string_view)> LineByLine(const Progress& progress) {
  if (!progress) return {};
  return [progress, rest = std::string()](std::string_view piece) mutable {
    rest += piece;
    for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1)) {
      progress(std::string_view(rest).substr(0, end));
    }
  };
}

bool SaysGone(std::string_view reason) {
  return reason.find("404") != std::string_view::npos ||
         reason.find("410") != std::string_view::npos ||
         reason.find("File not found") != std::string_view::npos ||
         reason.find("Hash Sum mismatch") != std::string_view::npos ||
         reason.find("unexpected size") != std::string_view::npos;
}

}  // namespace

std::string ArchiveUrl(std::string_view base, std::string_view file) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+";
  std::string url = Basis(base);
  for (const char c : file) {
    if (kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += "%" + HexEncode(std::string_view(&c, 1));
    }
  }
  return url;
}

std::string UnescapeUrl(std::string_view url) {
  std::string text;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '%' && i + 2 < url.size()) {
      std::string digits(url.substr(i + 1, 2));
      for (char& c : digits) c = static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
      if (const auto byte = HexDecode(digits)) {
        text += *byte;
        i += 2;
        continue;
      }
    }
    text += url[i];
  }
  return text;
}

std::vector<std::string> ParsePrintUris(std::string_view output) {
  std::vector<std::string> urls;
  for (const std::string& line : Split(output, '\n')) {
    if (!line.starts_with('\'')) continue;
    const std::size_t end = line.find('\'', 1);
    if (end == std::string::npos) continue;
    urls.push_back(UnescapeUrl(std::string_view(line).substr(1, end - 1)));
  }
  return urls;
}

std::map<std::string, std::string> ParseFetchErrors(std::string_view error_output) {
  constexpr std::string_view kStart = "E: Failed to fetch ";
  std::map<std::string, std::string> reasons;
  for (const std::string& line : Split(error_output, '\n')) {
    if (!line.starts_with(kStart)) continue;
    const std::size_t space = line.find(' ', kStart.size());
    if (space == std::string::npos) continue;
    const std::string url = UnescapeUrl(line.substr(kStart.size(), space - kStart.size()));
    const std::size_t begin = std::min(line.find_first_not_of(' ', space), line.size());
    std::string reason = line.substr(begin);
    reason = reason.substr(0, reason.find(" [IP:"));
    reasons[url] = Printable(reason, 200);
  }
  return reasons;
}

Result<Apt> Apt::Open(const AptPlace& place, const std::vector<std::string>& suites,
                      const std::string& architecture) {
  ASSIGN_OR_RETURN(std::vector<AptEntry> entries, HostDebianEntries(place.etc_apt, suites));
  for (const char* below : {"sources", "state/lists/partial", "cache/archives/partial"}) {
    RETURN_IF_ERROR(MakeDirectories(JoinPath(place.directory, below), 0755));
  }
  Apt apt(place, std::move(entries));
  RETURN_IF_ERROR(WriteDurably(RealFileSystem(), JoinPath(place.directory, "apt.conf"),
                               Configuration(place.directory, architecture)));
  RETURN_IF_ERROR(apt.WriteSources());
  RETURN_IF_ERROR(apt.SetInstalled({}));
  return apt;
}

Status Apt::WriteSources() const {
  return WriteDurably(RealFileSystem(), JoinPath(place_.directory, "sources/farm.sources"),
                      SourcesText(entries_));
}

Status Apt::SetInstalled(const std::vector<std::string>& stanzas) const {
  std::string status;
  for (const std::string& stanza : stanzas) {
    const std::size_t line = stanza.find('\n');
    if (line == std::string::npos) continue;
    status += stanza.substr(0, line) + "\nStatus: install ok installed" + stanza.substr(line);
    status += "\n\n";
  }
  return WriteDurably(RealFileSystem(), JoinPath(place_.directory, "state/status"), status);
}

ProcessSpec Apt::Command(const std::vector<std::string>& command) const {
  ProcessSpec spec;
  spec.argv = {command.front(), "-c", JoinPath(place_.directory, "apt.conf")};
  spec.argv.insert(spec.argv.end(), command.begin() + 1, command.end());
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC",
                      "HOME=/nonexistent"};
  spec.environment.insert(spec.environment.end(), place_.environment.begin(),
                          place_.environment.end());
  spec.working_directory = place_.directory;
  return spec;
}

Result<std::string> Apt::Run(const std::vector<std::string>& command) const {
  ASSIGN_OR_RETURN(ProcessResult result, place_.run(Command(command)));
  if (!result.ok()) return Unavailable(Join(command, " ") + ": " + AptComplaint(result));
  return std::move(result.output);
}

Status Apt::Update(const Progress& progress) {
  ProcessSpec spec = Command({"apt-get", "update"});
  spec.on_output = LineByLine(progress);
  ASSIGN_OR_RETURN(const ProcessResult result, place_.run(spec));
  if (!result.ok()) return Unavailable("apt-get update: " + AptComplaint(result));
  return DropForeign();
}

// An archive that happens to have a suite of the same name is not Debian: its signed Release file
// says so.  Its entries are taken out, its indexes are not read.
Status Apt::DropForeign() {
  ASSIGN_OR_RETURN(const std::string targets,
                   Run({"apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)"}));
  std::set<std::string> foreign;
  for (const std::string& line : Split(targets, '\n')) {
    const std::size_t bar = line.find('|');
    if (bar != std::string::npos && line.substr(0, bar) != "Debian") {
      foreign.insert(line.substr(bar + 1));
    }
  }
  if (foreign.empty()) return {};
  const auto is_foreign = [&foreign](const AptEntry& entry) {
    return foreign.contains(Basis(entry.uri));
  };
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), is_foreign), entries_.end());
  if (entries_.empty()) {
    return Error{ErrorCode::kUntrusted, "no archive of these entries says Origin: Debian",
                 ExitCode::kInputMissing};
  }
  return WriteSources();
}

Status Apt::ForEachStanza(
    std::string_view kind,
    const std::function<void(std::string_view, std::string_view)>& sink) const {
  ASSIGN_OR_RETURN(const std::string targets,
                   Run({"apt-get", "indextargets", "--format", "$(FILENAME)|$(REPO_URI)",
                        "Created-By: " + std::string(kind)}));
  for (const std::string& line : Split(targets, '\n')) {
    const std::size_t bar = line.find('|');
    if (bar == std::string::npos) continue;
    const std::string base = Basis(line.substr(bar + 1));
    StanzaReader reader([&sink, &base](std::string_view stanza) { sink(stanza, base); });
    ProcessSpec spec = Command({kAptHelper, "cat-file", line.substr(0, bar)});
    spec.on_output = [&reader](std::string_view piece) { reader.Add(piece); };
    ASSIGN_OR_RETURN(const ProcessResult result, place_.run(spec));
    if (!result.ok()) return Unavailable("apt-helper cat-file: " + AptComplaint(result));
    RETURN_IF_ERROR(reader.Finish());
  }
  return {};
}

Result<std::vector<Lost>> Apt::Get(const std::vector<Download>& downloads,
                                   const Progress& progress) const {
  std::vector<Download> wanted = downloads;
  std::map<std::string, Lost> lost;
  std::vector<std::string> bases;
  for (const AptEntry& entry : entries_) {
    const std::string base = Basis(entry.uri);
    if (std::find(bases.begin(), bases.end(), base) == bases.end()) bases.push_back(base);
  }
  for (const std::string& base : bases) {
    for (std::size_t i = 0; i < wanted.size(); i += kDownloadsAtOnce) {
      const auto first = wanted.begin() + static_cast<std::ptrdiff_t>(i);
      const auto count = std::min(kDownloadsAtOnce, wanted.size() - i);
      RETURN_IF_ERROR(
          GetFrom(base, {first, first + static_cast<std::ptrdiff_t>(count)}, lost, progress));
    }
    wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                                [](const Download& one) { return FileExists(one.target); }),
                 wanted.end());
  }
  std::vector<Lost> result;
  for (const Download& download : wanted) result.push_back(lost[download.file]);
  return result;
}

Status Apt::GetFrom(const std::string& base, const std::vector<Download>& downloads,
                    std::map<std::string, Lost>& lost, const Progress& progress) const {
  std::vector<std::string> command = {kAptHelper, "download-file"};
  for (const Download& download : downloads) {
    command.push_back(ArchiveUrl(base, download.file));
    command.push_back(download.target + ".part");
    command.push_back("SHA256:" + download.sha256.Hex());
  }
  ProcessSpec spec = Command(command);
  spec.on_output = LineByLine(progress);
  ASSIGN_OR_RETURN(const ProcessResult result, place_.run(spec));
  const std::map<std::string, std::string> reasons = ParseFetchErrors(result.error_output);
  for (const Download& download : downloads) {
    const std::string part = download.target + ".part";
    RETURN_IF_ERROR(RemoveTree(part + ".FAILED"));
    if (FileExists(part)) {
      ASSIGN_OR_RETURN(const FileDigest found, DigestOfFile(part));
      if (found.digest == download.sha256 &&
          found.size == static_cast<std::uint64_t>(download.size)) {
        RETURN_IF_ERROR(RealFileSystem().Rename(part, download.target));
        lost.erase(download.file);
        continue;
      }
      RETURN_IF_ERROR(RemoveTree(part));
      lost[download.file] = {download.file, "other bytes: " + found.digest.Text(), true};
      continue;
    }
    const auto reason = reasons.find(UnescapeUrl(ArchiveUrl(base, download.file)));
    Lost now{download.file, reason == reasons.end() ? AptComplaint(result) : reason->second, false};
    now.gone = SaysGone(now.reason);
    // "Not answered" at one archive outweighs "not there" at another: ask again later.
    const auto before = lost.find(download.file);
    if (before == lost.end() || before->second.gone) lost[download.file] = now;
  }
  return {};
}

}  // namespace farm
