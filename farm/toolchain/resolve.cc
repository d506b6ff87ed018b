#include "farm/toolchain/resolve.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/toolchain/control.h"

namespace farm {
namespace {

struct Candidate {
  LockedPackage package;
  std::string stanza;
};

Result<Candidate> CandidateFrom(std::string_view stanza) {
  Candidate candidate;
  LockedPackage& package = candidate.package;
  package.name = ControlField(stanza, "Package");
  package.version = ControlField(stanza, "Version");
  package.architecture = ControlField(stanza, "Architecture");
  package.file = ControlField(stanza, "Filename");
  candidate.stanza = stanza;
  const auto size = ParseDecimal(ControlField(stanza, "Size"), kPackageBytesMax);
  if (!size) return Wrap("index entry of " + Printable(package.name, 80), size.error());
  package.size = static_cast<std::int64_t>(*size);
  const auto digest = Digest::ParseHex(ControlField(stanza, "SHA256"));
  if (!digest) return Wrap("index entry of " + Printable(package.name, 80), digest.error());
  package.sha256 = *digest;
  return candidate;
}

// What apt would install now: `arguments` of apt-get, e.g. {"install", "gcc"}.
Result<std::vector<Candidate>> Closure(const Apt& apt, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"apt-get", "--yes", "--print-uris"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Result<std::string> output = apt.Run(command);
  if (!output) {
    Error error = output.error();
    if (error.message.find("Unable to") != std::string::npos ||
        error.message.find("not found") != std::string::npos ||
        error.message.find("unmet") != std::string::npos) {
      error.code = ErrorCode::kNotFound;
      error.exit = ExitCode::kInputMissing;
    }
    return error;
  }
  const std::vector<std::string> urls = ParsePrintUris(*output);
  std::set<std::string> wanted(urls.begin(), urls.end());
  std::vector<Candidate> closure;
  Status read;
  RETURN_IF_ERROR(
      apt.ForEachStanza("Packages", [&](std::string_view stanza, std::string_view base) {
        const std::string url = std::string(base) + ControlField(stanza, "Filename");
        if (!read || wanted.erase(url) == 0) return;
        Result<Candidate> candidate = CandidateFrom(stanza);
        if (candidate) {
          closure.push_back(*std::move(candidate));
        } else {
          read = candidate.error();
        }
      }));
  RETURN_IF_ERROR(read);
  if (!wanted.empty()) {
    return Error{ErrorCode::kInternal,
                 "apt chose " + Printable(*wanted.begin(), 200) + ", which no index lists"};
  }
  return closure;
}

Status CheckRequest(const LockRequest& request) {
  const auto invalid = [](std::string message) {
    return Error{ErrorCode::kInvalidInput, std::move(message)};
  };
  if (request.suites.empty()) return invalid("no suite asked for");
  if (request.names.empty() && request.build_depends_of.empty() && !request.essential) {
    return invalid("no package asked for");
  }
  for (const std::string& name : request.names) {
    if (!IsPackageName(name)) return invalid(Printable(name, 80) + " is no package name");
  }
  if (!std::is_sorted(request.names.begin(), request.names.end())) {
    return invalid("names are not sorted");
  }
  const std::string& source = request.build_depends_of;
  if (source.empty()) return {};
  const std::size_t equals = source.find('=');
  if (equals == std::string::npos || !IsPackageName(source.substr(0, equals)) ||
      !IsPackageVersion(source.substr(equals + 1))) {
    return invalid(Printable(source, 80) + ": want SOURCE=VERSION");
  }
  return {};
}

}  // namespace

Result<Lock> ResolveLock(const LockRequest& request, const AptPlace& place,
                         const Progress& progress) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(Apt apt, Apt::Open(place, request.suites, request.architecture));
  RETURN_IF_ERROR(apt.Update(progress));

  std::vector<std::string> install = {"install"};
  if (request.essential) install.push_back("?essential");
  install.insert(install.end(), request.names.begin(), request.names.end());
  std::vector<Candidate> closure;
  if (install.size() > 1) {
    ASSIGN_OR_RETURN(closure, Closure(apt, install));
  }
  if (!request.build_depends_of.empty()) {
    std::vector<std::string> installed;
    for (const Candidate& candidate : closure) installed.push_back(candidate.stanza);
    RETURN_IF_ERROR(apt.SetInstalled(installed));
    ASSIGN_OR_RETURN(std::vector<Candidate> more,
                     Closure(apt, {"build-dep", request.build_depends_of}));
    RETURN_IF_ERROR(apt.SetInstalled({}));
    std::move(more.begin(), more.end(), std::back_inserter(closure));
  }

  std::map<std::string, LockedPackage> by_name;
  for (Candidate& candidate : closure) {
    const std::string name = candidate.package.name;
    const auto [place_in_map, added] = by_name.emplace(name, candidate.package);
    if (!added && place_in_map->second != candidate.package) {
      return Error{ErrorCode::kInternal, "apt chose two packages " + name};
    }
  }
  Lock lock;
  lock.requested = request;
  for (auto& [name, package] : by_name) lock.packages.push_back(std::move(package));
  return lock;
}

}  // namespace farm
