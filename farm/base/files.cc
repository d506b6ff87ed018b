#include "farm/base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/found_file.h"

namespace farm {
namespace {

// Small beside what it costs to open a file (else more is spent on clearing it than on reading),
// and at home in the processor's cache: pieces of 256 KiB took half as long again.
constexpr std::size_t kPieceBytes = 64 << 10;

Error SystemError(std::string_view doing, const std::string& path) {
  const int number = errno;
  return Error{number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
               std::string(doing) + " " + path + ": " + std::strerror(number)};
}

// Links are not followed.
std::optional<mode_t> ModeOf(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode;
}

bool IsDirectory(const std::string& path) {
  const std::optional<mode_t> mode = ModeOf(path);
  return mode && S_ISDIR(*mode);
}

constexpr std::string_view kUnfinished = ".part.";
constexpr std::size_t kUnfinishedRandomBytes = 8;
constexpr std::string_view kDigits = "0123456789";

// Where a file is written before it gets its name: nobody can put anything there beforehand.
Result<std::string> UnfinishedPath(const std::string& path) {
  std::string random(kUnfinishedRandomBytes, '\0');
  while (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    if (errno != EINTR) return SystemError("finding a name beside", path);
  }
  return path + std::string(kUnfinished) + HexEncode(random);
}

bool ConsistsOf(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

bool IsUnfinished(std::string_view name) {
  const std::size_t at = name.rfind(kUnfinished);
  if (at == 0 || at == std::string_view::npos) return false;
  const std::string_view rest = name.substr(at + kUnfinished.size());
  const std::size_t dot = rest.find('.');
  if (dot != std::string_view::npos) {  // as it was named before
    return ConsistsOf(rest.substr(0, dot), kDigits) && ConsistsOf(rest.substr(dot + 1), kDigits);
  }
  return rest.size() == 2 * kUnfinishedRandomBytes && ConsistsOf(rest, "0123456789abcdef");
}

class RealWritableFile final : public WritableFile {
 public:
  RealWritableFile(int descriptor, std::string path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  RealWritableFile(const RealWritableFile&) = delete;
  RealWritableFile& operator=(const RealWritableFile&) = delete;
  ~RealWritableFile() override { close(descriptor_); }

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return SystemError("writing", path_);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Status Sync() override {
    if (fsync(descriptor_) != 0) return SystemError("syncing", path_);
    return {};
  }

 private:
  int descriptor_;
  std::string path_;
};

// A file open for reading, from its beginning.
class OpenedFile {
 public:
  static Result<OpenedFile> Open(const std::string& path, int flags) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
    if (descriptor < 0) return SystemError("reading", path);
    return OpenedFile(descriptor, path);
  }
  static Result<OpenedFile> OpenFound(const std::string& path) {
    ASSIGN_OR_RETURN(OpenedFile file, Open(path, O_NONBLOCK));
    RETURN_IF_ERROR(file.CheckRegular());
    return file;
  }
  OpenedFile(OpenedFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
  OpenedFile& operator=(OpenedFile&&) = delete;
  ~OpenedFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  Status CheckRegular() const {
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) return SystemError("reading", path_);
    if (S_ISREG(status.st_mode)) return {};
    return Error{ErrorCode::kInvalidInput,
                 path_ + ": is a pipe, a device or a folder, want a regular file"};
  }

  Status ReadInPieces(const std::function<Status(std::string_view)>& sink) const {
    std::string piece(kPieceBytes, '\0');
    while (true) {
      const ssize_t count = read(descriptor_, piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return SystemError("reading", path_);
      if (count == 0) return {};
      RETURN_IF_ERROR(sink(std::string_view(piece.data(), static_cast<std::size_t>(count))));
    }
  }

  Result<std::string> ReadWhole(std::uint64_t bytes_max) const {
    std::string content;
    RETURN_IF_ERROR(ReadInPieces([&](std::string_view piece) -> Status {
      if (content.size() + piece.size() > bytes_max) {
        return Error{ErrorCode::kLimitExceeded,
                     path_ + " has more than " + std::to_string(bytes_max) + " bytes"};
      }
      content += piece;
      return {};
    }));
    return content;
  }

 private:
  OpenedFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  int descriptor_;
  std::string path_;
};

class RealFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) override {
    return CreateWith(path, truncate ? O_TRUNC : O_EXCL, 0644);
  }

  Result<std::unique_ptr<WritableFile>> CreateSecret(const std::string& path) override {
    return CreateWith(path, O_EXCL, 0600);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) return SystemError("renaming to", to);
    return {};
  }

  Status Exchange(const std::string& one, const std::string& other) override {
    if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) {
      return SystemError("exchanging " + one + " and", other);
    }
    return {};
  }

  Status Remove(const std::string& path) override {
    if (std::remove(path.c_str()) != 0) return SystemError("removing", path);
    return {};
  }

  Status SyncDirectory(const std::string& path) override {
    const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return SystemError("opening directory", path);
    const int failed = fsync(descriptor);
    const int number = errno;
    close(descriptor);
    errno = number;
    if (failed != 0) return SystemError("syncing directory", path);
    return {};
  }

  Status MakeDirectory(const std::string& path) override {
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      return SystemError("making directory", path);
    }
    return {};
  }

 private:
  static Result<std::unique_ptr<WritableFile>> CreateWith(const std::string& path, int flag,
                                                          mode_t mode) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flag, mode);
    if (descriptor < 0) return SystemError("creating", path);
    return std::unique_ptr<WritableFile>(new RealWritableFile(descriptor, path));
  }
};

using CreatedFile = Result<std::unique_ptr<WritableFile>>;

// WriteDurably into the file that `create` makes under the name it is given.
Status WriteDurablyInto(FileSystem& files, const std::string& path, std::string_view bytes,
                        const std::function<CreatedFile(const std::string&)>& create) {
  ASSIGN_OR_RETURN(const std::string temporary, UnfinishedPath(path));
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, create(temporary));
  Status done = file->Append(bytes);
  if (done) done = file->Sync();
  file.reset();
  if (done) done = files.Rename(temporary, path);
  if (!done) {
    (void)files.Remove(temporary);
    return done;
  }
  return files.SyncDirectory(DirectoryName(path));
}

}  // namespace

FileSystem& RealFileSystem() {
  static RealFiles files;
  return files;
}

Status WriteDurably(FileSystem& files, const std::string& path, std::string_view bytes) {
  return WriteDurablyInto(files, path, bytes,
                          [&](const std::string& name) { return files.Create(name, false); });
}

Status WriteSecretDurably(FileSystem& files, const std::string& path, std::string_view bytes) {
  return WriteDurablyInto(files, path, bytes,
                          [&](const std::string& name) { return files.CreateSecret(name); });
}

Status RemoveUnfinished(FileSystem& files, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {
    if (!IsUnfinished(name)) continue;
    const std::string path = JoinPath(directory, name);
    const std::optional<mode_t> mode = ModeOf(path);
    if (mode && S_ISREG(*mode)) RETURN_IF_ERROR(files.Remove(path));
  }
  return {};
}

Status MakeDirectoriesDurably(FileSystem& files, const std::string& path) {
  std::vector<std::string> levels = {path};  // from the last up to one that is there
  while (levels[0].size() > 1 && levels[0].back() == '/') levels[0].pop_back();
  while (!FileExists(levels.back())) levels.push_back(DirectoryName(levels.back()));
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    const std::string parent = DirectoryName(*level);
    if (level != levels.rbegin()) RETURN_IF_ERROR(files.MakeDirectory(*level));
    if (access(parent.c_str(), W_OK) == 0) RETURN_IF_ERROR(files.SyncDirectory(parent));
  }
  return {};
}

Status ReadFileInPieces(const std::string& path,
                        const std::function<Status(std::string_view)>& sink) {
  ASSIGN_OR_RETURN(const OpenedFile file, OpenedFile::Open(path, 0));
  return file.ReadInPieces(sink);
}

Result<std::string> ReadFile(const std::string& path, std::uint64_t bytes_max) {
  ASSIGN_OR_RETURN(const OpenedFile file, OpenedFile::Open(path, 0));
  return file.ReadWhole(bytes_max);
}

Result<bool> IsThere(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return true;
  const bool leads_nowhere = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
  if (!leads_nowhere) return SystemError("looking for", path);
  if (!ModeOf(path)) return false;
  return Error{ErrorCode::kInvalidInput,
               path + ": is a link that leads nowhere; mend it or take it away"};
}

Result<std::string> ReadFoundFile(const std::string& path, std::uint64_t bytes_max) {
  ASSIGN_OR_RETURN(const OpenedFile file, OpenedFile::OpenFound(path));
  return file.ReadWhole(bytes_max);
}

Status ReadFoundFileInPieces(const std::string& path,
                             const std::function<Status(std::string_view)>& sink) {
  ASSIGN_OR_RETURN(const OpenedFile file, OpenedFile::OpenFound(path));
  return file.ReadInPieces(sink);
}

bool FileExists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

Result<std::uint64_t> FileSize(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return SystemError("reading", path);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::vector<std::string>> ListDirectory(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return SystemError("reading directory", path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

Status FlushStandardOutput() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return {};
  return Error{ErrorCode::kUnavailable,
               "not all of the answer could be written to standard output"};
}

Status MakeDirectories(const std::string& path, unsigned mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!part.empty() && mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return SystemError("making directory", part);
    }
    if (end == std::string::npos) return {};
  }
}

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return Error{ErrorCode::kUnavailable, "removing " + path + ": " + error.message()};
  return {};
}

Status RemoveTree(FileSystem& files, const std::string& path) {
  if (!ModeOf(path)) return {};
  if (!IsDirectory(path)) return files.Remove(path);
  std::vector<std::string> waiting = {path};  // what is in a directory goes before it
  while (!waiting.empty()) {
    const std::string directory = waiting.back();
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
    for (const std::string& name : names) {
      const std::string below = JoinPath(directory, name);
      if (IsDirectory(below)) {
        waiting.push_back(below);
      } else {
        RETURN_IF_ERROR(files.Remove(below));
      }
    }
    if (waiting.back() != directory) continue;
    RETURN_IF_ERROR(files.Remove(directory));
    waiting.pop_back();
  }
  return {};
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string DirectoryName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Result<TemporaryDirectory> TemporaryDirectory::Make(const std::string& parent) {
  const char* environment = std::getenv("TMPDIR");
  const std::string base = !parent.empty()          ? parent
                           : environment != nullptr ? std::string(environment)
                                                    : "/tmp";
  std::string pattern = JoinPath(base, "farm.XXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) return SystemError("making directory", pattern);
  return TemporaryDirectory(pattern);
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty()) (void)RemoveTree(path_);
}

}  // namespace farm
