#include "farm/toolchain/kept_tree.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/assembly_run.h"

namespace farm {
namespace {

// The same mkfs.erofs as in assemble.sh; a test holds the two together.  The image says nothing of
// times, so they are looked at: every one is the epoch.
constexpr const char* kScript = R"SCRIPT(set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TZ=UTC SOURCE_DATE_EPOCH=$1
readonly IMAGE_UUID=dc713512-ec3b-8a46-866a-87a1025925ea
if [ "$(find /root -printf '%T@\n' | sort -u)" != "$SOURCE_DATE_EPOCH.0000000000" ]; then
  echo "a file's time is not the epoch" >&2
  exit 22
fi
mkfs.erofs --quiet -x -1 -T "$SOURCE_DATE_EPOCH" -U "$IMAGE_UUID" /build/root.erofs /root >&2
)SCRIPT";

std::string CheckOf(const std::string& directory) { return directory + ".check"; }

Error Changed(const KeptTree& kept, const std::string& how) {
  return Error{ErrorCode::kMismatch, kept.tree + ": not as it was assembled: " + how,
               ExitCode::kInputMissing};
}

Status MakeWritable(const std::string& path, mode_t mode) {
  RETURN_IF_ERROR(RealFileSystem().MakeDirectory(path));
  if (chmod(path.c_str(), mode) == 0) return {};
  return Error{ErrorCode::kUnavailable, path + ": cannot set its mode"};
}

Status Check(const KeptTree& kept, const AssemblySandbox& sandbox) {
  const std::string check = CheckOf(kept.directory);
  RETURN_IF_ERROR(RemoveKeptTreeCheck(kept.directory, sandbox));
  // Closed: within it lies a folder that everybody may write to.
  RETURN_IF_ERROR(MakeWritable(check, 0700));
  AssemblyRun run;
  run.work = JoinPath(check, "build");
  run.view = kept.tree;
  run.view_at = "/root";
  run.command = {"/bin/bash", "-c", kScript, "check", std::to_string(kept.source_date_epoch)};
  RETURN_IF_ERROR(MakeWritable(run.work, 0777));
  if (const Status made = RunInAssembly(run, sandbox, {}); !made) {
    if (made.error().code == ErrorCode::kMismatch) return Changed(kept, made.error().message);
    return Wrap("checking " + kept.tree, made.error());
  }
  ASSIGN_OR_RETURN(const FileDigest found, DigestOfFile(JoinPath(run.work, "root.erofs")));
  if (found.digest == kept.image) return {};
  return Changed(kept, "want image " + kept.image.Text() + ", found " + found.digest.Text());
}

}  // namespace

Status CheckKeptTree(const KeptTree& kept, const AssemblySandbox& sandbox) {
  const int lock = open(kept.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) {
    if (lock >= 0) close(lock);
    return Error{ErrorCode::kUnavailable, kept.directory + ": cannot be locked"};
  }
  Status checked = Check(kept, sandbox);
  Status removed = RemoveKeptTreeCheck(kept.directory, sandbox);
  close(lock);
  if (!checked) return checked;
  return removed;
}

Status RemoveKeptTreeCheck(const std::string& directory, const AssemblySandbox& sandbox) {
  const std::string check = CheckOf(directory);
  RETURN_IF_ERROR(RemoveInAssembly(JoinPath(check, "build"), sandbox));
  return RemoveTree(check);
}

}  // namespace farm
