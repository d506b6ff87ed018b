// Pinned files from the archive: what a lock or a source names by digest is had by its place in the
// archive, without asking any index, so that it can be had as long as the file is there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/toolchain/apt.h"
#include "farm/toolchain/lock.h"

namespace farm {

// A pinned package that the archive no longer has, or has with other bytes.
struct LostPackage {
  LockedPackage package;
  std::string reason;  // apt's words
};

struct FetchedPackages {
  std::map<Digest, std::string> paths;  // by sha256; each checked just now
  std::vector<LostPackage> lost;        // sorted by name; empty if the lock can be assembled
  std::size_t downloaded = 0;           // how many were not there before
};

// Makes every package of the lock lie at DIRECTORY/<64 hex>.deb.  What lies there with the right
// digest stays; what has another digest is removed and fetched again; what cannot be had is in
// `lost`, and what was got is kept in every case.  `directory` is made if missing.
// Errors: kUnavailable exit 30 (no answer, disk full): nothing is known to be lost, try again.
Result<FetchedPackages> FetchPackages(const Lock& lock, const AptPlace& place,
                                      const std::string& directory, const Progress& progress);

// "libssl3 3.0.20-1~deb12u2 (404  Not Found)", one line each, with what to do.
std::string DescribeLost(const std::vector<LostPackage>& lost);

// A file of a Debian source package.
struct DebianSourceFile {
  std::string name;  // no slash
  Digest sha256;
  std::int64_t size = 0;

  friend bool operator==(const DebianSourceFile&, const DebianSourceFile&) = default;
};

struct DebianSourceRequest {
  std::string package;
  std::string version;
  std::vector<std::string> suites;      // whose archives to try
  std::string architecture;             // of the machine's apt; any will do
  std::vector<DebianSourceFile> files;  // the .dsc and what it lists
};

// Makes every file lie at DIRECTORY/<name>, with the right digest.
// Errors: kNotFound exit 22, naming every file that the archive does not have; kUnavailable
// exit 30. What could be got is kept.
Status FetchDebianSource(const DebianSourceRequest& request, const AptPlace& place,
                         const std::string& directory, const Progress& progress);

// The same source's files as the archive's signed index lists them, the .dsc first; request.files
// is not looked at.  For importing; later fetches use the digests in the manifest. Errors:
// kNotFound exit 22 (no such source in these suites), kUnavailable exit 30.
Result<std::vector<DebianSourceFile>> ListDebianSource(const DebianSourceRequest& request,
                                                       const AptPlace& place,
                                                       const Progress& progress);

// "pool/main/libf/libfoo": where Debian's archive keeps the source package `package`.
std::string PoolDirectory(std::string_view package);

}  // namespace farm
