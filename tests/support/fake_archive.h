// An archive in memory and an apt that answers from it, with faults to switch on.  What it prints
// has the form that apt 2.6 was seen to print.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/base/result.h"
#include "farm/toolchain/apt.h"

namespace farm {

// Two archives, http://archive.example/debian/ (suite bookworm) and .../debian-security/
// (bookworm-security).  Outlives every place it gave.
class FakeArchive {
 public:
  // `directory` holds the machine's entries and, for Place(), apt's own folder.
  explicit FakeArchive(TemporaryDirectory directory);

  const std::string& directory() const { return directory_.path(); }
  AptPlace Place();

  // A package whose bytes are "the package NAME", in the index of `base` and as a file.  Of two
  // versions UrlOf and Uri know the later one.
  void Add(const std::string& base, const std::string& name, const std::string& version,
           const std::string& architecture);
  const std::string& UrlOf(const std::string& name) { return urls_.at(name); }
  // Its line of --print-uris.
  std::string Uri(const std::string& name);

  std::map<std::string, std::string> packages;    // base -> index
  std::string sources;                            // index of source packages, first archive
  std::map<std::string, std::string> files;       // URL -> bytes
  std::map<std::string, std::string> origins;     // base -> Origin, if not Debian
  std::map<std::string, std::string> print_uris;  // install, build-dep -> what apt prints
  std::map<std::string, std::string> asked;       // install, build-dep -> what it was asked
  std::map<std::string, std::string> installed;   // and what it believed to be installed
  std::string update_error;
  std::string install_error;
  bool silent = false;         // nobody answers
  bool checks_digests = true;  // false: an apt that lets other bytes through

 private:
  Result<ProcessResult> Run(const ProcessSpec& spec);
  std::string Targets(const std::vector<std::string>& words);
  Result<ProcessResult> DownloadAll(const std::vector<std::string>& words);

  TemporaryDirectory directory_;
  std::map<std::string, std::string> urls_;
};

}  // namespace farm
