// What `farm-verify --state DIR` remembers, so that it never goes back: `farm-verify-memory/1`,
// the file DIR/memory.json.  FORMAT.md has the format.  Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "farm/base/digest.h"
#include "farm/base/file_lock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/verify/verify.h"

namespace farm {

constexpr std::size_t kProductsMax = 10000;       // more than a customer takes of one farm
constexpr std::size_t kLogsRememberedMax = 1024;  // as many as a root may list

// The newest release of a product that was accepted.
struct RememberedRelease {
  std::int64_t sequence = 0;
  // PAE digest.  Absent: written by a version that kept only the sequence; the next proof of that
  // sequence fills it in.
  std::optional<Digest> release = {};
};

struct Memory {
  std::int64_t root_version = 0;                      // newest seen in a proof; 0: none yet
  std::map<std::string, RememberedRelease> releases;  // by product
  SeenStatuses seen = {};
  // SignedDigest of that root.  Absent: none yet, or written by a version that kept only the
  // number; the next proof under a root of that version fills it in.
  std::optional<Digest> root = {};
};

// Errors: kInvalidInput naming the field.
Result<Memory> ParseMemory(std::string_view json, std::string_view where);
std::string WriteMemory(const Memory& memory);

// The memory of one directory, locked against other verifiers while this lives.  Not thread-safe.
class MemoryDirectory {
 public:
  // Makes the directory durably if it is missing; a missing file is an empty memory.
  // Errors: kUnavailable (I/O; held for kLockWaitMax), kInvalidInput (a damaged file, a pipe, a
  // link that leads nowhere: never silently forgotten).
  static Result<MemoryDirectory> Open(FileSystem& files, const std::string& directory);

  const Memory& memory() const { return memory_; }
  std::optional<RememberedRelease> ReleaseOf(const std::string& product) const;
  // What a verdict has proved.
  struct Proof {
    std::int64_t root_version = 0;
    Digest root;  // SignedDigest
    std::string product;
    std::int64_t sequence = 0;
    Digest release;  // PAE
  };
  // Remembers what a sound status said, proof or not: nobody can show an older one after it.
  // Durable on return.  Errors: kUnavailable, kLimitExceeded (nothing is written, nothing is lost).
  Status RememberStatuses(const SeenStatuses& seen);
  // Remembers the newer of what is known and what was proved; durable on return.
  // Errors: as above.
  Status Remember(const Proof& proof);

 private:
  MemoryDirectory(FileSystem& files, std::string path, FileLock lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}
  Status Keep(Memory next);
  FileSystem* files_;  // borrowed
  std::string path_;   // of the file
  FileLock lock_;      // the directory's file of that name
  Memory memory_;
};

}  // namespace farm
