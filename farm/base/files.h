// The file system as the farm uses it: one seam, so that tests can lose unsynced bytes and names,
// fill the disk and fail a sync (DESIGN section 10).  Paths are the caller's; no globals.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/result.h"

namespace farm {

// A file open for writing, from its beginning.  Nothing counts before Sync() has succeeded.
// Not thread-safe.  After any error the file must not be used again ("fsync fails: stop").
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Errors: kUnavailable (I/O, disk full), naming the path.
  virtual Status Append(std::string_view bytes) = 0;
  virtual Status Sync() = 0;
};

// What a crash test simulates the loss of.  Thread-safe.  All errors name the path; kNotFound where
// a file is missing, kUnavailable for everything else the system refuses.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Creates (mode 0644).  Unless `truncate`, nothing may have the name, not even a link.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) = 0;
  // Creates for its owner alone (mode 0600 from the first moment); nothing may have the name.
  virtual Result<std::unique_ptr<WritableFile>> CreateSecret(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // Each of the two, which are there, gets the other's name in one step (renameat2).  Not every
  // file system can do it: kUnavailable.
  virtual Status Exchange(const std::string& one, const std::string& other) = 0;
  virtual Status Remove(const std::string& path) = 0;  // a file or an empty directory
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual Status MakeDirectory(const std::string& path) = 0;  // one level; exists is success
};

// The machine's file system; lives as long as the program.
FileSystem& RealFileSystem();

// Writes a file so that after success the whole content survives a crash under `path`, and after
// failure the old content (or nothing) is there: temporary name, sync, rename, sync directory.
// That name is `<path>.part.<16 random hex digits>`: who can write into the folder cannot know it
// before, and what has it already is never written to.  A failure removes the file.  A crash leaves
// it to RemoveUnfinished, or for good in a folder where others write too: there nobody can tell it
// from what they are writing.
Status WriteDurably(FileSystem& files, const std::string& path, std::string_view bytes);
// The same for a private key or a PIN: at no moment, and after no crash, is there a file with any
// of its bytes that others than its owner may open.  What had the name before, whoever could open
// it, is not written to.
Status WriteSecretDurably(FileSystem& files, const std::string& path, std::string_view bytes);

// Removes the files that a crash in the middle of WriteDurably has left in a folder, also under the
// names that it gave before, `<path>.part.<process>.<number>`.  For whoever is alone in writing
// there, and holds its lock.
// Errors: kNotFound (no such folder), kUnavailable.
Status RemoveUnfinished(FileSystem& files, const std::string& directory);

// mkdir -p (mode 0755) whose names survive a crash: that of `path` too where somebody has made it
// and died before he could sync it.  What lies in a directory that we may not write is not ours.
Status MakeDirectoriesDurably(FileSystem& files, const std::string& path);

// Reads a whole file of at most `bytes_max`.  Follows links.
// Errors: kNotFound, kLimitExceeded, kUnavailable.
Result<std::string> ReadFile(const std::string& path, std::uint64_t bytes_max);

// Hands a file's bytes to `sink` in pieces; constant memory.
Status ReadFileInPieces(const std::string& path,
                        const std::function<Status(std::string_view)>& sink);

bool FileExists(const std::string& path);
Result<std::uint64_t> FileSize(const std::string& path);
// Names in a directory, sorted by byte value, without "." and "..".
Result<std::vector<std::string>> ListDirectory(const std::string& path);
// mkdir -p with `mode` for what it makes.
Status MakeDirectories(const std::string& path, unsigned mode);
// Whether everything printed on standard output has been taken: an answer cut short by a full disk
// is no answer.  Errors: kUnavailable exit 30.
Status FlushStandardOutput();
// rm -rf of what belongs to us; never follows links.
Status RemoveTree(const std::string& path);
// The same through the seam.
Status RemoveTree(FileSystem& files, const std::string& path);
// "a/b" + "c" -> "a/b/c".
std::string JoinPath(std::string_view directory, std::string_view name);
std::string DirectoryName(std::string_view path);  // "." if there is none
std::string BaseName(std::string_view path);

// A directory of its own under `parent` (TMPDIR or /tmp if empty), removed with the object.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> Make(const std::string& parent);
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace farm
