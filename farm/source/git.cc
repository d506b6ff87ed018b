#include <git2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/source/source.h"

namespace farm {
namespace {

constexpr int kGitDepthMax = kTreeDepthMax;

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using RepositoryHandle = std::unique_ptr<git_repository, Freer<git_repository_free>>;
using DatabaseHandle = std::unique_ptr<git_odb, Freer<git_odb_free>>;
using ObjectHandle = std::unique_ptr<git_odb_object, Freer<git_odb_object_free>>;

// Starts libgit2 for as long as it lives.
class Library {
 public:
  Library() {
    git_libgit2_init();
    // Repositories of other users may be read: nothing of their configuration is used.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { git_libgit2_shutdown(); }
};

std::string LastError() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "unknown" : Printable(error->message, 300);
}

std::string Hex(const git_oid& id) {
  return HexEncode({reinterpret_cast<const char*>(id.id), GIT_OID_RAWSZ});
}

// Reads objects and checks each against its name.
class Objects {
 public:
  explicit Objects(git_odb* database) : database_(database) {}

  Result<std::string> Read(const git_oid& id, git_object_t type) const {
    git_odb_object* raw = nullptr;
    const int failed = git_odb_read(&raw, database_, &id);
    const ObjectHandle object(raw);
    if (failed == GIT_ENOTFOUND) {
      return Error{ErrorCode::kNotFound, "object " + Hex(id) + " is not in the repository"};
    }
    if (failed == GIT_EMISMATCH) return NotWhatItSays(id);
    if (failed != 0)
      return Error{ErrorCode::kUnavailable, "object " + Hex(id) + ": " + LastError()};
    const std::string_view bytes(static_cast<const char*>(git_odb_object_data(object.get())),
                                 git_odb_object_size(object.get()));
    if (git_odb_object_type(object.get()) != type) {
      return Error{ErrorCode::kMismatch,
                   "object " + Hex(id) + " is a " +
                       git_object_type2string(git_odb_object_type(object.get())) + ", want a " +
                       git_object_type2string(type)};
    }
    Sha1Stream hash;
    hash.Update(std::string(git_object_type2string(type)) + " " + std::to_string(bytes.size()) +
                '\0');
    hash.Update(bytes);
    if (HexEncode(hash.Finish()) != Hex(id)) return NotWhatItSays(id);
    return std::string(bytes);
  }

 private:
  static Error NotWhatItSays(const git_oid& id) {
    return Error{ErrorCode::kMismatch, "object " + Hex(id) + " is not what its id says"};
  }
  git_odb* database_;
};

struct TreeEntry {
  std::string mode;
  std::string name;
  git_oid id;
};

// "<mode> <name>\0<20 bytes>" again and again.
Result<std::vector<TreeEntry>> ParseTree(std::string_view bytes) {
  std::vector<TreeEntry> entries;
  while (!bytes.empty()) {
    const std::size_t blank = bytes.find(' ');
    const std::size_t zero = bytes.find('\0');
    if (blank == std::string_view::npos || zero == std::string_view::npos || blank > zero ||
        bytes.size() < zero + 1 + GIT_OID_RAWSZ) {
      return Error{ErrorCode::kInvalidInput, "a malformed tree object"};
    }
    TreeEntry entry;
    entry.mode = bytes.substr(0, blank);
    entry.name = bytes.substr(blank + 1, zero - blank - 1);
    git_oid_fromraw(&entry.id, reinterpret_cast<const unsigned char*>(bytes.data() + zero + 1));
    if (entry.name.empty() || entry.name == "." || entry.name == ".." ||
        entry.name.find('/') != std::string::npos) {
      return Error{ErrorCode::kInvalidInput,
                   "a tree with an entry named \"" + Printable(entry.name, 80) + "\""};
    }
    bytes.remove_prefix(zero + 1 + GIT_OID_RAWSZ);
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Writes a tree's files below a directory of ours that nobody else can enter.
class Checkout {
 public:
  explicit Checkout(const Objects& objects) : objects_(objects) {}

  Status Run(const git_oid& tree, const std::string& directory) {
    pending_ = {{tree, directory, "", 0}};
    while (!pending_.empty()) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      RETURN_IF_ERROR(One(next));
    }
    return {};
  }

 private:
  struct Pending {
    git_oid tree;
    std::string directory;
    std::string path;  // for messages, and from the top
    int depth;
  };

  Status One(const Pending& at) {
    if (at.depth > kGitDepthMax) {
      return Error{ErrorCode::kLimitExceeded, Printable(at.path, 200) + ": too deep"};
    }
    ASSIGN_OR_RETURN(const std::string bytes, objects_.Read(at.tree, GIT_OBJECT_TREE));
    auto entries = ParseTree(bytes);
    if (!entries) return Wrap(Printable(at.path.empty() ? "tree" : at.path, 200), entries.error());
    for (const TreeEntry& entry : *entries) {
      const std::string path = at.path.empty() ? entry.name : at.path + "/" + entry.name;
      auto made = Make(entry, JoinPath(at.directory, entry.name), path, at.depth);
      if (!made) return Wrap(Printable(path, 200), made.error());
    }
    return {};
  }

  Status Make(const TreeEntry& entry, const std::string& host_path, const std::string& path,
              int depth) {
    if (entry.mode == "40000") {
      if (mkdir(host_path.c_str(), 0755) != 0) return Twice();
      pending_.push_back({entry.id, host_path, path, depth + 1});
      return {};
    }
    if (entry.mode == "160000") {
      return Error{ErrorCode::kInvalidInput, "a submodule; import it as a source of its own"};
    }
    if (entry.mode != "100644" && entry.mode != "100755" && entry.mode != "120000") {
      return Error{ErrorCode::kInvalidInput,
                   "mode " + Printable(entry.mode, 20) + ", want 100644, 100755, 120000 or 40000"};
    }
    ASSIGN_OR_RETURN(const std::string bytes, objects_.Read(entry.id, GIT_OBJECT_BLOB));
    if (entry.mode == "120000") {
      if (bytes.find('\0') != std::string::npos || symlink(bytes.c_str(), host_path.c_str()) != 0) {
        return Error{ErrorCode::kInvalidInput, "a link that cannot be made"};
      }
      return {};
    }
    return WriteFile(host_path, bytes, entry.mode == "100755");
  }

  static Status WriteFile(const std::string& path, std::string_view bytes, bool executable) {
    {
      auto file = RealFileSystem().Create(path, false);
      if (!file) return FileExists(path) ? Twice() : file.error();
      RETURN_IF_ERROR((*file)->Append(bytes));
    }
    if (chmod(path.c_str(), executable ? 0755 : 0644) != 0) {
      return Error{ErrorCode::kUnavailable, "setting the mode of " + path};
    }
    return {};
  }

  static Error Twice() { return Error{ErrorCode::kInvalidInput, "stands in its tree twice"}; }

  const Objects& objects_;
  std::vector<Pending> pending_;
};

// The tree that a commit object names in its first line.
Result<git_oid> TreeOfCommit(const std::string& bytes) {
  git_oid tree;
  if (bytes.size() < 46 || !bytes.starts_with("tree ") || bytes[45] != '\n' ||
      git_oid_fromstrn(&tree, bytes.data() + 5, 40) != 0) {
    return Error{ErrorCode::kInvalidInput, "a malformed commit object"};
  }
  return tree;
}

Result<git_oid> ParseId(const std::string& hex) {
  git_oid id;
  if (hex.size() != 40 || !HexDecode(hex) || git_oid_fromstr(&id, hex.c_str()) != 0) {
    return Error{ErrorCode::kInvalidInput,
                 "commit \"" + Printable(hex, 80) + "\": want 40 lowercase hex digits"};
  }
  return id;
}

Result<std::string> CheckOut(const GitCommit& commit, const std::string& directory) {
  const Library library;
  ASSIGN_OR_RETURN(const git_oid id, ParseId(commit.commit));
  git_repository* raw_repository = nullptr;
  if (git_repository_open_ext(&raw_repository, commit.repository.c_str(),
                              GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr) != 0) {
    return Error{ErrorCode::kNotFound, LastError() + "; want a git repository (SHA-1)"};
  }
  const RepositoryHandle repository(raw_repository);
  git_odb* raw_database = nullptr;
  if (git_repository_odb(&raw_database, repository.get()) != 0) {
    return Error{ErrorCode::kUnavailable, LastError()};
  }
  const DatabaseHandle database(raw_database);
  const Objects objects(database.get());
  ASSIGN_OR_RETURN(const std::string bytes, objects.Read(id, GIT_OBJECT_COMMIT));
  ASSIGN_OR_RETURN(const git_oid tree, TreeOfCommit(bytes));
  RETURN_IF_ERROR(Checkout(objects).Run(tree, directory));
  return Hex(tree);
}

}  // namespace

Result<ImportedSource> ImportGit(const std::string& name, const GitCommit& commit,
                                 UnixSeconds mtime, BlobStore& blobs) {
  const std::string doing = "importing " + commit.repository;
  ASSIGN_OR_RETURN(const TemporaryDirectory scratch, TemporaryDirectory::Make(""));
  const std::string directory = JoinPath(scratch.path(), "tree");
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  const auto tree = CheckOut(commit, directory);
  if (!tree) return Wrap(doing, tree.error());
  auto imported = ImportDirectory(name, directory, mtime, blobs);
  if (!imported) return Wrap(doing, imported.error());
  // git keeps no empty directory and two modes, so the tree is the same or something is wrong.
  if (imported->tree.sha1 != *tree) {
    return Error{ErrorCode::kMismatch, doing + ": the commit's tree is " + *tree +
                                           ", what was written is " + imported->tree.sha1};
  }
  imported->source.origin = GitOrigin{commit.url, commit.commit, *tree};
  return imported;
}

}  // namespace farm
