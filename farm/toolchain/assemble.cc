#include "farm/toolchain/assemble.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/json/json.h"
#include "farm/toolchain/assemble_script.h"
#include "farm/toolchain/assembly_run.h"
#include "farm/toolchain/kept_tree.h"

namespace farm {
namespace {

constexpr char kFacts[] = "assembled.json";
constexpr std::uint64_t kFactsBytesMax = 4096;  // six short fields

std::string PartialOf(const std::string& directory) { return directory + ".partial"; }

Error Mismatch(std::string message) {
  return Error{ErrorCode::kMismatch, std::move(message), ExitCode::kInputMissing};
}

Status MakeDirectoryWithMode(FileSystem& files, const std::string& path, mode_t mode) {
  RETURN_IF_ERROR(files.MakeDirectory(path));
  if (chmod(path.c_str(), mode) != 0) {
    return Error{ErrorCode::kUnavailable, path + ": cannot set its mode"};
  }
  return {};
}

// The same bytes under another name: a hard link where the system lets us, and where the sandbox's
// user could read it; else a copy.
Status LinkOrCopy(FileSystem& files, const std::string& from, const std::string& to) {
  struct stat status = {};
  if (stat(from.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0 &&
      link(from.c_str(), to.c_str()) == 0) {
    return {};
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, files.Create(to, false));
  RETURN_IF_ERROR(
      ReadFileInPieces(from, [&file](std::string_view piece) { return file->Append(piece); }));
  if (chmod(to.c_str(), 0644) != 0) {
    return Error{ErrorCode::kUnavailable, to + ": cannot set its mode"};
  }
  return {};
}

// The folder that the assembler reads: packages, their list, and the script.
Status MakeRepository(FileSystem& files, const AssembleRequest& request,
                      const std::string& repository) {
  RETURN_IF_ERROR(MakeDirectoryWithMode(files, repository, 0755));
  for (const LockedPackage& package : request.lock.packages) {
    const std::string who = "package " + package.name + " " + package.version + ": ";
    const auto path = request.packages.find(package.sha256);
    if (path == request.packages.end() || !FileExists(path->second)) {
      return Error{ErrorCode::kNotFound, who + package.sha256.Text() + " is not here",
                   ExitCode::kInputMissing};
    }
    const std::string name = JoinPath(repository, package.sha256.Hex() + ".deb");
    RETURN_IF_ERROR(LinkOrCopy(files, path->second, name));
    ASSIGN_OR_RETURN(const FileDigest found, DigestOfFile(name));
    if (found.digest != package.sha256) {
      return Mismatch(who + "want " + package.sha256.Text() + ", found " + found.digest.Text());
    }
    if (found.size != static_cast<std::uint64_t>(package.size)) {
      return Mismatch(who + "want " + std::to_string(package.size) + " bytes, found " +
                      std::to_string(found.size));
    }
  }
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"packages.list", PackagesList(request.lock)},
        {"assemble.sh", std::string(AssembleScript())}}) {
    const std::string path = JoinPath(repository, name);
    RETURN_IF_ERROR(WriteDurably(files, path, text));
    if (chmod(path.c_str(), 0644) != 0) {
      return Error{ErrorCode::kUnavailable, path + ": cannot set its mode"};
    }
  }
  return {};
}

Status RunAssembler(const AssembleRequest& request, const AssemblySandbox& sandbox,
                    const std::string& partial, const Progress& progress) {
  AssemblyRun run;
  run.work = JoinPath(partial, "build");
  run.view = JoinPath(partial, "repository");
  run.view_at = "/mnt";
  run.command = {"/bin/bash",
                 "/mnt/assemble.sh",
                 "/mnt",
                 "/build",
                 request.lock.requested.suites.front(),
                 request.lock.requested.architecture,
                 std::to_string(request.lock.requested.source_date_epoch),
                 "tar",
                 "image"};
  if (request.keeps.tree) run.command.push_back("tree");
  return RunInAssembly(run, sandbox, progress);
}

Status Compare(const char* what, const Digest& want, const Digest& found) {
  if (want == found) return {};
  return Mismatch(std::string(what) + ": the lock says " + want.Text() + ", assembled here " +
                  found.Text());
}

Status CompareWithLock(const Lock& lock, const Assembled& assembled) {
  if (lock.IsDraft()) return {};
  RETURN_IF_ERROR(Compare("root tar", lock.root_tar, assembled.root_tar));
  RETURN_IF_ERROR(Compare("image", lock.image, assembled.image));
  if (lock.image_size == assembled.image_size) return {};
  return Mismatch("image: the lock says " + std::to_string(lock.image_size) +
                  " bytes, assembled here " + std::to_string(assembled.image_size));
}

std::string FactsText(const Assembled& assembled) {
  return WriteCanonicalJson(Json{{"format", "farm-assembled/1"},
                                 {"lock", assembled.lock.Text()},
                                 {"rootTar", assembled.root_tar.Text()},
                                 {"image", assembled.image.Text()},
                                 {"imageSize", assembled.image_size},
                                 {"milliseconds", assembled.milliseconds}});
}

Result<Assembled> ParseFacts(const std::string& text) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(text, kFacts, kFactsBytesMax));
  JsonFields fields(value, kFacts);
  fields.Format("farm-assembled/1");
  if (!fields.Has("lock")) {
    return Error{
        ErrorCode::kNotFound,
        std::string(kFacts) + ": an older program wrote it; of which lock it does not say"};
  }
  Assembled assembled;
  assembled.lock = fields.DigestOf("lock");
  assembled.root_tar = fields.DigestOf("rootTar");
  assembled.image = fields.DigestOf("image");
  assembled.image_size = fields.Integer("imageSize", 1, kImageBytesMax);
  assembled.milliseconds = fields.Integer("milliseconds", 0, kJsonIntegerMax);
  RETURN_IF_ERROR(fields.Finish());
  return assembled;
}

void SetPaths(const std::string& directory, const AssemblyKeeps& keeps, Assembled& assembled) {
  if (keeps.tar) assembled.tar_path = JoinPath(directory, "root.tar");
  if (keeps.image) assembled.image_path = JoinPath(directory, "root.erofs");
  if (keeps.tree) assembled.tree_path = JoinPath(directory, "root");
}

// What the mapped ids have written cannot be synced file by file, and must not die after its name.
Status SyncFileSystemOf(const std::string& directory) {
  const int descriptor = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && syncfs(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  if (synced) return {};
  return Error{ErrorCode::kUnavailable, directory + ": cannot be synced", ExitCode::kUnavailable};
}

// From the finished `build` below the partial folder to DIR.
Result<Assembled> Publish(const AssembleRequest& request, const AssemblySandbox& sandbox,
                          const std::string& partial, std::int64_t milliseconds) {
  const std::string build = JoinPath(partial, "build");
  const std::string tar = JoinPath(build, "root.tar");
  const std::string image = JoinPath(build, "root.erofs");
  ASSIGN_OR_RETURN(const FileDigest tar_digest, DigestOfFile(tar));
  ASSIGN_OR_RETURN(const FileDigest image_digest, DigestOfFile(image));
  Assembled assembled;
  assembled.root_tar = tar_digest.digest;
  assembled.image = image_digest.digest;
  assembled.image_size = static_cast<std::int64_t>(image_digest.size);
  assembled.milliseconds = milliseconds;
  RETURN_IF_ERROR(CompareWithLock(request.lock, assembled));
  // No lock can say so: a draft would stay one.
  if (assembled.image_size == 0) return Mismatch("image: what was assembled here is empty");
  assembled.lock = LockDigest(CompleteLock(request.lock, assembled));
  if (!request.keeps.tar) RETURN_IF_ERROR(RealFileSystem().Remove(tar));
  if (!request.keeps.image) RETURN_IF_ERROR(RealFileSystem().Remove(image));
  if (request.keeps.tree) {
    // Tar and image were hashed; the tree lies beside them, and builds will see it.
    RETURN_IF_ERROR(CheckKeptTree(
        {build, JoinPath(build, "root"), request.lock.requested.source_date_epoch, assembled.image},
        sandbox));
  }
  if (chmod(build.c_str(), 0755) != 0) {
    return Error{ErrorCode::kUnavailable, build + ": cannot set its mode"};
  }
  RETURN_IF_ERROR(WriteDurably(*sandbox.files, JoinPath(build, kFacts), FactsText(assembled)));
  RETURN_IF_ERROR(SyncFileSystemOf(build));
  RETURN_IF_ERROR(RealFileSystem().Rename(build, request.directory));
  RETURN_IF_ERROR(RealFileSystem().SyncDirectory(DirectoryName(request.directory)));
  SetPaths(request.directory, request.keeps, assembled);
  return assembled;
}

// The launcher removes what belongs to the mapped ids; it could not enter the closed folder above.
Status RemovePartial(const std::string& directory, const AssemblySandbox& sandbox) {
  const std::string build = JoinPath(PartialOf(directory), "build");
  RETURN_IF_ERROR(RemoveKeptTreeCheck(build, sandbox));
  RETURN_IF_ERROR(RemoveInAssembly(build, sandbox));
  return RemoveTree(PartialOf(directory));
}

Status CheckFile(const std::string& path, const Digest& want) {
  if (!FileExists(path)) return Error{ErrorCode::kNotFound, path + ": not kept"};
  ASSIGN_OR_RETURN(const FileDigest found, DigestOfFile(path));
  if (found.digest == want) return {};
  return Mismatch(path + ": want " + want.Text() + ", found " + found.digest.Text());
}

}  // namespace

std::string_view AssembleScript() { return kAssembleScript; }

Digest AssembleScriptDigest() { return Sha256(AssembleScript()); }

std::string PackagesList(const Lock& lock) {
  std::string list;
  for (const LockedPackage& package : lock.packages) {
    list += package.name + " " + package.version + " " + package.architecture + " " +
            package.sha256.Hex() + " " + std::to_string(package.size) + " " + package.sha256.Hex() +
            ".deb\n";
  }
  return list;
}

Lock CompleteLock(const Lock& draft, const Assembled& assembled) {
  Lock lock = draft;
  lock.root_tar = assembled.root_tar;
  lock.image = assembled.image;
  lock.image_size = assembled.image_size;
  return lock;
}

Result<Assembled> AssembleRoot(const AssembleRequest& request, const AssemblySandbox& sandbox,
                               const Progress& progress) {
  const auto begin = std::chrono::steady_clock::now();
  if (FileExists(request.directory)) {
    return Error{ErrorCode::kInternal, request.directory + ": is there already"};
  }
  FileSystem& files = *sandbox.files;
  const std::string partial = PartialOf(request.directory);
  RETURN_IF_ERROR(RemovePartial(request.directory, sandbox));
  // Closed: within it lies a folder that everybody may write to.
  RETURN_IF_ERROR(MakeDirectoryWithMode(files, partial, 0700));
  const auto assemble = [&]() -> Result<Assembled> {
    RETURN_IF_ERROR(MakeRepository(files, request, JoinPath(partial, "repository")));
    // Writable for the mapped root, an id that we need not know.
    RETURN_IF_ERROR(MakeDirectoryWithMode(files, JoinPath(partial, "build"), 0777));
    RETURN_IF_ERROR(RunAssembler(request, sandbox, partial, progress));
    const auto passed = std::chrono::steady_clock::now() - begin;
    return Publish(request, sandbox, partial,
                   std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
  };
  Result<Assembled> assembled = assemble();
  const Status removed = RemovePartial(request.directory, sandbox);
  if (!assembled) return Wrap("assembling the root", assembled.error());
  RETURN_IF_ERROR(removed);
  return assembled;
}

Result<Assembled> FindAssembled(const Lock& lock, const std::string& directory,
                                const AssemblyKeeps& keeps, const AssemblySandbox& sandbox) {
  const std::string facts = JoinPath(directory, kFacts);
  if (!FileExists(facts)) {
    return Error{ErrorCode::kNotFound, directory + ": no root has been assembled there"};
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(facts, kFactsBytesMax));
  ASSIGN_OR_RETURN(Assembled assembled, ParseFacts(text));
  // Another lock may say the same of its root: that it is true, only its own packages show.
  if (const Digest want = LockDigest(lock); assembled.lock != want) {
    return Mismatch(directory + ": assembled of the packages of lock " + assembled.lock.Text() +
                    ", not of " + want.Text());
  }
  RETURN_IF_ERROR(CompareWithLock(lock, assembled));
  SetPaths(directory, keeps, assembled);
  if (keeps.tar) RETURN_IF_ERROR(CheckFile(assembled.tar_path, assembled.root_tar));
  if (keeps.image) RETURN_IF_ERROR(CheckFile(assembled.image_path, assembled.image));
  if (keeps.tree && !FileExists(JoinPath(assembled.tree_path, "usr"))) {
    return Error{ErrorCode::kNotFound, assembled.tree_path + ": not kept"};
  }
  if (keeps.tree) {
    RETURN_IF_ERROR(CheckKeptTree(
        {directory, assembled.tree_path, lock.requested.source_date_epoch, assembled.image},
        sandbox));
  }
  return assembled;
}

Status RemoveAssembled(const std::string& directory, const AssemblySandbox& sandbox) {
  RETURN_IF_ERROR(RemovePartial(directory, sandbox));
  RETURN_IF_ERROR(RemoveKeptTreeCheck(directory, sandbox));
  return RemoveInAssembly(directory, sandbox);
}

}  // namespace farm
