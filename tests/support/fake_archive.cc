#include "tests/support/fake_archive.h"

#include <cstddef>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

ProcessResult Ended(int code, std::string output, std::string errors) {
  ProcessResult result;
  result.exit_code = code;
  result.output = std::move(output);
  result.error_output = std::move(errors);
  return result;
}

}  // namespace

FakeArchive::FakeArchive(TemporaryDirectory directory) : directory_(std::move(directory)) {
  const std::string parts = JoinPath(directory_.path(), "sources.list.d");
  CHECK(MakeDirectories(parts, 0755));
  CHECK(WriteDurably(RealFileSystem(), JoinPath(parts, "a.list"),
                     "deb http://archive.example/debian bookworm main\n"
                     "deb http://archive.example/debian-security bookworm-security main\n"));
}

AptPlace FakeArchive::Place() {
  AptPlace place;
  place.directory = JoinPath(directory(), "apt");
  place.etc_apt = directory();
  place.run = [this](const ProcessSpec& spec) { return Run(spec); };
  return place;
}

void FakeArchive::Add(const std::string& base, const std::string& name, const std::string& version,
                      const std::string& architecture) {
  const std::string bytes = "the package " + name;
  const std::string pool = "pool/main/" + (name.starts_with("lib") ? name.substr(0, 4) : "x") +
                           "/" + name + "/" + name + "_" + version.substr(version.find(':') + 1) +
                           "_" + architecture + ".deb";
  packages[base] += "Package: " + name + "\nVersion: " + version +
                    "\nArchitecture: " + architecture + "\nFilename: " + pool +
                    "\nSize: " + std::to_string(bytes.size()) + "\nSHA256: " + Sha256(bytes).Hex() +
                    "\n\n";
  files[base + pool] = bytes;
  urls_[name] = base + pool;
}

std::string FakeArchive::Uri(const std::string& name) {
  return "'" + UrlOf(name) + "' " + BaseName(UrlOf(name)) + " 1 MD5Sum:0\n";
}

Result<ProcessResult> FakeArchive::Run(const ProcessSpec& spec) {
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
  installed[words[2]] = ReadFile(spec.working_directory + "/state/status", 1 << 20).value();
  return Ended(0, print_uris[words[2]], "");
}

std::string FakeArchive::Targets(const std::vector<std::string>& words) {
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

Result<ProcessResult> FakeArchive::DownloadAll(const std::vector<std::string>& words) {
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

}  // namespace farm
