// Test support: an archive in memory and an apt that answers from it, with faults to switch on.
// What it prints has the form that apt 2.6 was seen to print.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/apt.h"

namespace farm {

class FakeArchive {
 public:
  explicit FakeArchive(TemporaryDirectory directory) : directory_(std::move(directory)) {
    WriteEntries(directory_.path(),
                 "deb http://archive.example/debian bookworm main\n"
                 "deb http://archive.example/debian-security bookworm-security main\n");
  }

  static void WriteEntries(const std::string& etc_apt, const std::string& text) {
    CHECK(MakeDirectories(JoinPath(etc_apt, "sources.list.d"), 0755));
    CHECK(WriteDurably(RealFileSystem(), JoinPath(etc_apt, "sources.list.d/a.list"), text));
  }

  const std::string& directory() const { return directory_.path(); }

  AptPlace Place() {
    AptPlace place;
    place.directory = JoinPath(directory(), "apt");
    place.etc_apt = directory();
    place.run = [this](const ProcessSpec& spec) { return Run(spec); };
    return place;
  }

  // A package whose bytes are "the package NAME", in the index and as a file.
  void Add(const std::string& base, const std::string& name, const std::string& version,
           const std::string& architecture) {
    const std::string bytes = "the package " + name;
    const std::string pool = "pool/main/" + (name.starts_with("lib") ? name.substr(0, 4) : "x") +
                             "/" + name + "/" + name + "_" +
                             version.substr(version.find(':') + 1) + "_" + architecture + ".deb";
    packages[base] += "Package: " + name + "\nVersion: " + version +
                      "\nArchitecture: " + architecture + "\nFilename: " + pool +
                      "\nSize: " + std::to_string(bytes.size()) +
                      "\nSHA256: " + Sha256(bytes).Hex() + "\n\n";
    files[base + pool] = bytes;
    urls_[name] = base + pool;
  }
  const std::string& UrlOf(const std::string& name) { return urls_.at(name); }
  std::string Uri(const std::string& name) {
    return "'" + UrlOf(name) + "' " + BaseName(UrlOf(name)) + " 1 MD5Sum:0\n";
  }

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
  static ProcessResult Ended(int code, std::string output, std::string errors) {
    ProcessResult result;
    result.exit_code = code;
    result.output = std::move(output);
    result.error_output = std::move(errors);
    return result;
  }

  Result<ProcessResult> Run(const ProcessSpec& spec) {
    CHECK(spec.argv.size() >= 4 && spec.argv[1] == "-c" && FileExists(spec.argv[2]));
    const std::vector<std::string> words(spec.argv.begin() + 3, spec.argv.end());
    if (words[0] == "update") return Ended(update_error.empty() ? 0 : 100, "", update_error);
    if (words[0] == "indextargets") return Ended(0, Targets(words), "");
    if (words[0] == "cat-file") {
      spec.on_output(words[1] == "sources" ? sources : packages[words[1]]);
      return Ended(0, "", "");
    }
    if (words[0] == "download-file") return DownloadAll(words);
    CHECK(words[0] == "--yes" && words[1] == "--print-uris");
    if (!install_error.empty()) return Ended(100, "", install_error);
    asked[words[2]] = Join({words.begin() + 3, words.end()}, " ");
    installed[words[2]] = ReadFile(Place().directory + "/state/status", 1 << 20).value();
    return Ended(0, print_uris[words[2]], "");
  }

  std::string Targets(const std::vector<std::string>& words) {
    const bool by_file = words[2].starts_with("$(FILENAME)");
    if (by_file && words[3] == "Created-By: Sources") {
      return "sources|http://archive.example/debian/\n";
    }
    std::string lines;
    for (const char* base :
         {"http://archive.example/debian/", "http://archive.example/debian-security/"}) {
      const std::string origin = origins.contains(base) ? origins[base] : "Debian";
      lines += (by_file ? base : origin) + "|" + base + "\n";
    }
    return lines;
  }

  Result<ProcessResult> DownloadAll(const std::vector<std::string>& words) {
    std::string errors;
    for (std::size_t i = 1; i + 2 < words.size(); i += 3) {
      const auto found = files.find(UnescapeUrl(words[i]));
      std::string reason;
      if (silent) {
        reason = "Could not connect to archive.example:80";
      } else if (found == files.end()) {
        reason = "404  Not Found [IP: 192.0.2.1 80]";
      } else if (checks_digests && "SHA256:" + Sha256(found->second).Hex() != words[i + 2]) {
        reason = "Hash Sum mismatch\n   Hashes of expected file:";
      } else {
        CHECK(WriteDurably(RealFileSystem(), words[i + 1], found->second));
        continue;
      }
      errors += "E: Failed to fetch " + words[i] + "  " + reason + "\n";
    }
    if (errors.empty()) return Ended(0, "", "");
    return Ended(100, "", errors + "E: Download Failed\n");
  }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> urls_;
};

}  // namespace farm
