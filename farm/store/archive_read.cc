#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/store/archive.h"
#include "farm/store/tree.h"
#include "farm/store/tree_walk.h"
#include "farm/store/unicode.h"

namespace farm {
namespace {

constexpr std::size_t kNameBytesMax = 4096;  // Linux's PATH_MAX
constexpr std::size_t kReadBytes = 1 << 16;

struct ArchiveCloser {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using ArchiveHandle = std::unique_ptr<struct archive, ArchiveCloser>;

Error Refused(std::string_view entry, const std::string& why) {
  return Error{ErrorCode::kInvalidInput, "entry " + Printable(entry, 200) + ": " + why};
}

// libarchive's text for a name depends on the locale for some formats; its UTF-8 does not.
std::string TextOf(const char* utf8, const char* raw) {
  return utf8 != nullptr ? utf8 : raw != nullptr ? raw : "";
}

// What libarchive says of its last failure; it does not always say something.
std::string Reason(struct archive* archive) {
  const char* const text = archive_error_string(archive);
  return text != nullptr ? Printable(text, 200) : "damaged";
}

Result<ArchiveHandle> OpenArchive(const std::string& path) {
  ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(path));
  if (size == 0) return Error{ErrorCode::kInvalidInput, path + ": empty, not an archive"};
  ArchiveHandle archive(archive_read_new());
  CHECK(archive != nullptr);
  // Not "all": some filters start programs of the machine.
  archive_read_support_format_tar(archive.get());
  archive_read_support_format_zip(archive.get());
  archive_read_support_filter_gzip(archive.get());
  archive_read_support_filter_bzip2(archive.get());
  archive_read_support_filter_xz(archive.get());
  archive_read_support_filter_lzma(archive.get());
  archive_read_support_filter_zstd(archive.get());
  if (archive_read_open_filename(archive.get(), path.c_str(), kReadBytes) != ARCHIVE_OK) {
    return Error{ErrorCode::kInvalidInput, path + ": not an archive: " + Reason(archive.get())};
  }
  return archive;
}

// The names of an archive so far, and what each of them is.
class Names {
 public:
  // Refuses a name that is there already, that some file system cannot tell from another one, or
  // that lies below something that is no directory.
  Status Add(const ArchiveEntry& entry) {
    for (std::size_t slash = entry.path.find('/'); slash != std::string::npos;
         slash = entry.path.find('/', slash + 1)) {
      RETURN_IF_ERROR(AddOne(entry.path.substr(0, slash), EntryKind::kDirectory, true));
    }
    return AddOne(entry.path, entry.kind, false);
  }
  bool IsFile(const std::string& path) const {
    const auto found = names_.find(NameKey(path));
    return found != names_.end() && found->second.path == path &&
           (found->second.kind == EntryKind::kFile || found->second.kind == EntryKind::kHardLink);
  }

 private:
  struct Known {
    std::string path;
    EntryKind kind;
  };

  Status AddOne(const std::string& path, EntryKind kind, bool is_parent) {
    const auto [found, fresh] = names_.emplace(NameKey(path), Known{path, kind});
    if (fresh) return {};
    const Known& known = found->second;
    if (known.path != path) {
      return Refused(path, "some file systems cannot tell it from " + Printable(known.path, 200) +
                               " (equal after case folding or normalisation)");
    }
    if (is_parent && known.kind != EntryKind::kDirectory) {
      return Refused(path, "has entries below it but is no directory");
    }
    // A directory may stand there again: its own entry may come after what lies in it.
    if (!is_parent && (kind != EntryKind::kDirectory || known.kind != EntryKind::kDirectory)) {
      return Refused(path, "stands in the archive twice");
    }
    return {};
  }

  std::map<std::string, Known> names_;
};

Result<ArchiveEntry> Convert(struct archive_entry* in) {
  ArchiveEntry out;
  const std::string name = TextOf(archive_entry_pathname_utf8(in), archive_entry_pathname(in));
  ASSIGN_OR_RETURN(out.path, NormalEntryName(name));
  out.executable = (archive_entry_mode(in) & S_IXUSR) != 0;
  out.mtime = archive_entry_mtime_is_set(in) ? archive_entry_mtime(in) : 0;
  const char* hard_link = archive_entry_hardlink(in);
  if (archive_entry_hardlink_utf8(in) != nullptr || hard_link != nullptr) {
    out.kind = EntryKind::kHardLink;
    auto target = NormalEntryName(TextOf(archive_entry_hardlink_utf8(in), hard_link));
    if (!target) return Refused(out.path, "a hard link to " + target.error().message);
    out.target = *target;
    return out;
  }
  switch (archive_entry_filetype(in)) {
    case AE_IFREG:
      out.kind = EntryKind::kFile;
      out.size =
          archive_entry_size_is_set(in) ? static_cast<std::uint64_t>(archive_entry_size(in)) : 0;
      return out;
    case AE_IFDIR:
      out.kind = EntryKind::kDirectory;
      return out;
    case AE_IFLNK:
      out.kind = EntryKind::kSymbolicLink;
      out.target = TextOf(archive_entry_symlink_utf8(in), archive_entry_symlink(in));
      if (!LinkStaysInside(out.path, out.target)) {
        return Refused(out.path, "a link to " + Printable(out.target, 200) +
                                     ", which is absolute or outside the archive");
      }
      return out;
    default:
      return Refused(out.path, "a device, socket or FIFO");
  }
}

Status StreamContent(struct archive* archive, const std::string& path, std::uint64_t& bytes_left,
                     const ByteSink& sink) {
  std::string piece(1 << 20, '\0');
  while (true) {
    const la_ssize_t count = archive_read_data(archive, piece.data(), piece.size());
    // Also for ARCHIVE_RETRY: of sparse blocks out of order it comes for ever.
    if (count < 0) return Refused(path, Reason(archive));
    if (count == 0) return {};
    if (static_cast<std::uint64_t>(count) > bytes_left) {
      return Error{ErrorCode::kLimitExceeded, "entry " + Printable(path, 200) +
                                                  ": the archive unpacks to more than " +
                                                  std::to_string(kArchiveBytesMax) + " bytes"};
    }
    bytes_left -= static_cast<std::uint64_t>(count);
    RETURN_IF_ERROR(sink(std::string_view(piece.data(), static_cast<std::size_t>(count))));
  }
}

bool IsTop(const std::string& name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }) &&
         name.front() == '.' && name.find("..") == std::string::npos;
}

// ---- unpacking --------------------------------------------------------------------------------

Error UnpackError(std::string_view doing, const std::string& path) {
  const int number = errno;
  const bool foreign = number == ELOOP || number == ENOTDIR || number == EEXIST ||
                       number == EXDEV || number == ENAMETOOLONG;
  return Error{foreign ? ErrorCode::kInvalidInput : ErrorCode::kUnavailable,
               std::string(doing) + " " + Printable(path, 200) + ": " + std::strerror(number)};
}

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

// Makes entries below one directory; no name leads out of it, whatever lies there.
class Unpacker {
 public:
  explicit Unpacker(int top) : top_(top) {}

  Status Make(const ArchiveEntry& entry, const EntryContent& content) {
    ASSIGN_OR_RETURN(const Descriptor parent, Parent(entry.path));
    const std::string name = BaseName(entry.path);
    switch (entry.kind) {
      case EntryKind::kDirectory:
        if (mkdirat(parent.get(), name.c_str(), 0755) == 0 || errno == EEXIST) return {};
        return UnpackError("making directory", entry.path);
      case EntryKind::kSymbolicLink:
        if (symlinkat(entry.target.c_str(), parent.get(), name.c_str()) == 0) return {};
        return UnpackError("making link", entry.path);
      case EntryKind::kHardLink: {
        ASSIGN_OR_RETURN(const Descriptor target, Parent(entry.target));
        if (linkat(target.get(), BaseName(entry.target).c_str(), parent.get(), name.c_str(), 0) ==
            0) {
          return {};
        }
        return UnpackError("making hard link", entry.path);
      }
      case EntryKind::kFile:
        return MakeFile(parent.get(), name, entry, content);
    }
    return {};
  }

 private:
  // The directory that holds `path`, made if it is missing.
  Result<Descriptor> Parent(const std::string& path) {
    Descriptor directory(OpenBeneath(top_, "."));
    if (directory.get() < 0) return UnpackError("opening", path);
    const std::vector<std::string> parts = Split(path, '/');
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      if (mkdirat(directory.get(), parts[i].c_str(), 0755) != 0 && errno != EEXIST) {
        return UnpackError("making directory for", path);
      }
      Descriptor next(OpenBeneath(directory.get(), parts[i].c_str()));
      if (next.get() < 0) return UnpackError("opening directory of", path);
      directory = std::move(next);
    }
    return directory;
  }

  static int OpenBeneath(int directory, const char* name) {
    struct open_how how {};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(syscall(SYS_openat2, directory, name, &how, sizeof how));
  }

  static Status MakeFile(int parent, const std::string& name, const ArchiveEntry& entry,
                         const EntryContent& content) {
    const Descriptor file(
        openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return UnpackError("creating", entry.path);
    RETURN_IF_ERROR(content([&](std::string_view bytes) -> Status {
      while (!bytes.empty()) {
        const ssize_t count = write(file.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return UnpackError("writing", entry.path);
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
      return {};
    }));
    const struct timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    if (fchmod(file.get(), entry.executable ? 0755 : 0644) != 0 ||
        futimens(file.get(), times) != 0) {
      return UnpackError("setting mode and time of", entry.path);
    }
    return {};
  }

  int top_;
};

// The path without its first parts; empty if nothing is left.
std::string Stripped(const std::string& path, int components) {
  std::size_t begin = 0;
  for (int i = 0; i < components; ++i) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string::npos) return "";
    begin = slash + 1;
  }
  return path.substr(begin);
}

}  // namespace

Result<std::string> NormalEntryName(std::string_view name) {
  if (name.size() > kNameBytesMax) return Refused(name, "a name of more than 4096 bytes");
  if (!IsUtf8(name)) return Refused(name, "the name is not UTF-8");
  if (name.find('\0') != std::string_view::npos) return Refused(name, "a name with a zero byte");
  if (!name.empty() && name.front() == '/') return Refused(name, "an absolute name");
  std::vector<std::string> parts;
  for (const std::string& part : Split(name, '/')) {
    if (part == "..") return Refused(name, "a name that leads out of the archive (..)");
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (parts.empty()) return Refused(name, "an empty name");
  return Join(parts, "/");
}

Status ReadArchive(const std::string& path,
                   const std::function<Status(const ArchiveEntry&, const EntryContent&)>& visit) {
  ASSIGN_OR_RETURN(const ArchiveHandle archive, OpenArchive(path));
  Names names;
  std::uint64_t entries = 0;
  std::uint64_t bytes_left = kArchiveBytesMax;
  while (true) {
    struct archive_entry* raw = nullptr;
    const int status = archive_read_next_header(archive.get(), &raw);
    if (status == ARCHIVE_EOF) return {};
    // A warning is about a name that this locale cannot hold; we take the bytes.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
      return Error{ErrorCode::kInvalidInput, path + ": " + Reason(archive.get())};
    }
    if (++entries > kArchiveEntriesMax) {
      return Error{ErrorCode::kLimitExceeded,
                   path + ": more than " + std::to_string(kArchiveEntriesMax) + " entries"};
    }
    const bool is_directory = archive_entry_filetype(raw) == AE_IFDIR;
    if (is_directory &&
        IsTop(TextOf(archive_entry_pathname_utf8(raw), archive_entry_pathname(raw)))) {
      continue;
    }
    auto entry = Convert(raw);
    if (!entry) return Wrap(path, entry.error());
    if (auto added = names.Add(*entry); !added) return Wrap(path, added.error());
    if (entry->kind == EntryKind::kHardLink && !names.IsFile(entry->target)) {
      return Wrap(path, Refused(entry->path, "a hard link to " + Printable(entry->target, 200) +
                                                 ", which is no file before it"));
    }
    RETURN_IF_ERROR(visit(*entry, [&](const ByteSink& sink) {
      return StreamContent(archive.get(), entry->path, bytes_left, sink);
    }));
  }
}

Result<std::vector<ArchiveEntry>> ListArchive(const std::string& path) {
  std::vector<ArchiveEntry> entries;
  RETURN_IF_ERROR(ReadArchive(path, [&](const ArchiveEntry& entry, const EntryContent&) -> Status {
    entries.push_back(entry);
    return {};
  }));
  return entries;
}

Status UnpackArchive(const std::string& path, const std::string& directory, int strip_components) {
  ASSIGN_OR_RETURN(const int number, OpenDirectory(directory));
  const Descriptor top(number);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  if (!names.empty()) {
    return Error{ErrorCode::kInvalidInput, directory + ": want an empty directory to unpack into"};
  }
  Unpacker unpacker(top.get());
  return ReadArchive(path, [&](const ArchiveEntry& entry, const EntryContent& content) -> Status {
    ArchiveEntry stripped = entry;
    stripped.path = Stripped(entry.path, strip_components);
    if (stripped.path.empty()) return {};
    if (entry.kind == EntryKind::kHardLink) {
      stripped.target = Stripped(entry.target, strip_components);
      if (stripped.target.empty()) return Refused(entry.path, "a hard link to what is left out");
    }
    // The text again, from where the link lies now.
    if (entry.kind == EntryKind::kSymbolicLink && !LinkStaysInside(stripped.path, entry.target)) {
      return Refused(entry.path, "a link to " + Printable(entry.target, 200) + ", left out");
    }
    return unpacker.Make(stripped, content);
  });
}

}  // namespace farm
