// Pinned packages -> a root file system, assembled here, by assembler 1 (assemble.sh), in the
// sandbox's assembly profile: no network, never the host's root, nothing of the host but its /usr.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "farm/base/digest.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/toolchain/apt.h"
#include "farm/toolchain/lock.h"

namespace farm {

// The way into the sandbox.  With a monitor (`monitor_fd`) or as root (`subid_count` > 0) the
// mapped root is an id of that range; else the caller's own range of /etc/subuid is used
// (rootless).
struct AssemblySandbox {
  std::string launcher;  // farm-sandbox
  int monitor_fd = -1;
  std::uint32_t subid_base = 0;
  std::uint32_t subid_count = 0;
  std::function<bool()> cancelled;  // may be empty
  RunCommand run = RunProcess;      // or a test's own
  // Where files are written outside the sandbox (what is made within is removed and moved on the
  // machine's own file system); or a test's own.
  FileSystem* files = &RealFileSystem();
};

// What stays on disk.  All digests are made and checked, whatever stays.
struct AssemblyKeeps {
  bool tar = false;    // DIR/root.tar
  bool image = false;  // DIR/root.erofs, for whoever can mount it
  bool tree = false;   // DIR/root, unpacked; owned by the mapped ids, to be used read-only
};

struct AssembleRequest {
  Lock lock;  // a draft is assembled without comparison: for `farm toolchain lock` only
  std::map<Digest, std::string> packages;  // host paths by sha256, as FetchPackages returns them
  std::string directory;  // DIR: must not exist, its parent must; appears when all is checked
  AssemblyKeeps keeps;
};

struct Assembled {
  Digest lock;  // LockDigest of the lock, complete, of whose packages this was assembled
  Digest root_tar;
  Digest image;
  std::int64_t image_size = 0;
  std::string tar_path;  // empty: not kept
  std::string image_path;
  std::string tree_path;
  std::int64_t milliseconds = 0;
};

// Checks every package's digest again, assembles under DIR.partial, compares root tar and image
// with the lock, looks at a kept tree as FindAssembled does, notes the lock's digest in
// DIR/assembled.json (FORMAT.md), and renames.  One call at a time for one DIR; what a crash has
// left there is removed. `progress` gets a line a step and what the assembler's programs complain
// about. Errors: kNotFound exit 22 (a package is missing, named), kMismatch exit 22 (a package, the
// tar, the image or that of the tree has another digest: both are named; the image is empty),
// kUnavailable exit 30 (no sandbox here, with the remedy; disk full; a tool failed, with its last
// words), kUnavailable exit 26 (cancelled).
Result<Assembled> AssembleRoot(const AssembleRequest& request, const AssemblySandbox& sandbox,
                               const Progress& progress);

// What AssembleRoot has left in DIR for this very lock, by its digest: a lock of other packages
// that says the same of its root finds nothing here.  The lock is no draft.  Checked again: a kept
// image and tar are hashed (a second for 500 MB); of a kept tree an image is made anew, in the
// sandbox, and hashed (some seconds and DIR.check, as large as the image), so that a tree is the
// lock's or is refused.  What is not kept is not there to be hashed: its digest is the one that
// AssembleRoot found. Errors: kNotFound (not assembled yet, or by a program that noted no lock, or
// less is kept than `keeps` asks for), kMismatch exit 22 (changed on disk, or DIR is another
// lock's): remove it with RemoveAssembled; kUnavailable exit 30 (no sandbox here, disk full),
// kUnavailable exit 26 (cancelled).
Result<Assembled> FindAssembled(const Lock& lock, const std::string& directory,
                                const AssemblyKeeps& keeps, const AssemblySandbox& sandbox);

// Removes DIR, DIR.partial and DIR.check, whose files may belong to the mapped ids.
Status RemoveAssembled(const std::string& directory, const AssemblySandbox& sandbox);

// The draft, no longer one.
Lock CompleteLock(const Lock& draft, const Assembled& assembled);

// assemble.sh as it stands in this program, and its digest.
std::string_view AssembleScript();
Digest AssembleScriptDigest();

// The assembler's list (FORMAT.md), its files named <64 hex>.deb.
std::string PackagesList(const Lock& lock);

}  // namespace farm
