// The archive, as this machine's own apt reaches it: its Debian entries, its proxies, its keys, but
// a state, a cache and an (empty) list of installed packages of our own.  Changes nothing on the
// machine.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/process.h"
#include "farm/base/result.h"
#include "farm/toolchain/apt_sources.h"

namespace farm {

// A line of what is going on, for people.  May be empty; called from the calling thread.
using Progress = std::function<void(std::string_view line)>;

// How a program of the machine is run: RunProcess, or a test's own archive.
using RunCommand = std::function<Result<ProcessResult>(const ProcessSpec&)>;

// Where and how apt is used.
struct AptPlace {
  std::string directory;                 // ours; made if missing, reused; one user at a time
  std::string etc_apt = "/etc/apt";      // the machine's entries
  std::vector<std::string> environment;  // added to ours, e.g. "http_proxy=..."
  RunCommand run = RunProcess;
};

// One file that apt shall get.
struct Download {
  std::string file;  // path below an archive's base, not escaped: "pool/main/a/..."
  Digest sha256;
  std::int64_t size = 0;
  std::string target;  // host path; its directory exists
};

// Why a file could not be had.
struct Lost {
  std::string file;
  std::string reason;  // apt's words: "404  Not Found", "Hash Sum mismatch"
  bool gone = false;   // the archive answered that it does not have these bytes
};

// An apt set up for some suites.  Not thread-safe.
class Apt {
 public:
  // Writes the private configuration.  Asks nobody.
  // Errors: kNotFound exit 22 (no entry for a suite), kUnavailable (disk).
  static Result<Apt> Open(const AptPlace& place, const std::vector<std::string>& suites,
                          const std::string& architecture);

  // Gets the indexes, signatures checked by apt.  Errors: kUnavailable exit 30 (apt's words).
  Status Update(const Progress& progress);

  // Output of `program -c CONFIGURATION arguments...`; program is apt-get or apt-cache.
  // Errors: kUnavailable exit 30 (apt's words), kNotFound (no apt here).
  Result<std::string> Run(const std::vector<std::string>& command) const;

  // Each stanza of the indexes of one kind ("Packages" or "Sources") after Update, with the base
  // URI of its archive ("http://archive.example/debian/").
  Status ForEachStanza(
      std::string_view kind,
      const std::function<void(std::string_view stanza, std::string_view base)>& sink) const;

  // What `install` and `build-dep` shall believe to be installed: control stanzas, or empty.
  Status SetInstalled(const std::vector<std::string>& stanzas) const;

  // Gets what it can; each file is tried at every archive in turn, and is under `target` only with
  // the right size and digest.  Returns what could not be had.
  // Errors: kUnavailable (apt does not run, disk).
  Result<std::vector<Lost>> Get(const std::vector<Download>& downloads,
                                const Progress& progress) const;

 private:
  Apt(AptPlace place, std::vector<AptEntry> entries)
      : place_(std::move(place)), entries_(std::move(entries)) {}
  ProcessSpec Command(const std::vector<std::string>& command) const;
  Status WriteSources() const;
  Status DropForeign();
  Status GetFrom(const std::string& base, const std::vector<Download>& downloads,
                 std::map<std::string, Lost>& lost, const Progress& progress) const;

  AptPlace place_;
  std::vector<AptEntry> entries_;
};

// "http://h/debian/" + "pool/a b+c" with what is not allowed in a URL's path escaped.
std::string ArchiveUrl(std::string_view base, std::string_view file);
// %2b -> +.  Malformed escapes stay as they are.
std::string UnescapeUrl(std::string_view url);

// `--print-uris` output: the (unescaped) URLs, in order.  Other lines are ignored.
std::vector<std::string> ParsePrintUris(std::string_view output);

// apt's "E: Failed to fetch URL  REASON" lines: (unescaped) URL -> reason.
std::map<std::string, std::string> ParseFetchErrors(std::string_view error_output);

}  // namespace farm
