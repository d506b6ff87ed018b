#include "sandbox/remove.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include "sandbox/authority.h"
#include "sandbox/channel.h"

namespace sandbox {
namespace {

struct Closer {
  void operator()(DIR* directory) const { closedir(directory); }
};

// One folder being emptied, its name in its parent.
struct Level {
  std::unique_ptr<DIR, Closer> stream;
  std::string name;
};

Status Enter(int parent, const std::string& name, std::vector<Level>* levels) {
  int fd = OpenAt2(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0,
                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  DIR* stream = fd < 0 ? nullptr : fdopendir(fd);
  if (stream == nullptr) {
    Status failed = SystemError("opening " + name);
    if (fd >= 0) close(fd);
    return failed;
  }
  levels->push_back({std::unique_ptr<DIR, Closer>(stream), name});
  return {};
}

// Moves the folder `name` of `parent` into `top`, under a name that is free there. Of the names
// numbered from `*names_tried` on, which is then past the one taken.
Status MoveUp(int parent, const std::string& name, int top, std::uint64_t* names_tried) {
  while (true) {
    const std::string free = ".farm-sandbox-remove-" + std::to_string((*names_tried)++);
    if (renameat(parent, name.c_str(), top, free.c_str()) == 0) return {};
    // An empty folder of that name would be replaced.
    bool is_taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
    if (!is_taken) return SystemError("moving " + name);
  }
}

// In the child: the rest of the launcher's life has no part in it.
[[noreturn]] void RemoveInside(int channel, int directory) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  Status status;
  if (Status opened = Send(channel, Kind::kOpened); !opened.ok()) _exit(1);
  Result<Message> mapped = Receive(channel);
  if (!mapped.ok()) _exit(1);
  if (mapped->numbers[0] != 0 &&
      (setgroups(0, nullptr) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)) {
    status = SystemError("becoming user 0 inside");
  }
  if (status.ok()) status = EmptyDirectory(directory, OnFailure::kGoOn);
  Status sent = status.ok() ? Send(channel, Kind::kCollected)
                            : Send(channel, Kind::kFailed, {}, status.message());
  _exit(sent.ok() ? 0 : 1);
}

Status EmptyInNamespace(Authority& authority, int directory) {
  Result<ChannelPair> pair = MakeChannel();
  if (!pair.ok()) return pair.status();
  int raw = -1;
  pid_t pid = Clone(CLONE_NEWUSER | CLONE_PIDFD, &raw);
  if (pid < 0) return SystemError("making a user namespace (see farm-sandbox doctor)");
  if (pid == 0) {
    int channel = pair->second.get();
    if (!CloseAllExcept({channel, directory}).ok()) _exit(1);
    RemoveInside(channel, directory);
  }
  UniqueFd pidfd(raw);
  pair->second.reset();
  auto talk = [&]() -> Status {
    Result<Message> opened = Receive(pair->first.get());
    if (!opened.ok()) return opened.status();
    Result<bool> range = authority.MapIds({pid, pidfd.get()});
    if (!range.ok()) return range.status();
    Status sent = Send(pair->first.get(), Kind::kMapped, {*range});
    if (!sent.ok()) return sent;
    Result<Message> done = Receive(pair->first.get());
    if (!done.ok()) return done.status();
    return done->kind == Kind::kFailed ? Status::Failed(done->text) : Status();
  };
  Status status = talk();
  PidfdSendSignal(pidfd.get(), SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Status EmptyDirectory(int directory, OnFailure on_failure) {
  bool stop = on_failure == OnFailure::kStop;
  std::vector<Level> levels;
  if (Status status = Enter(directory, ".", &levels); !status.ok()) return status;
  std::uint64_t names_tried = 0;
  bool has_moved = false;
  while (true) {
    int at = dirfd(levels.back().stream.get());
    dirent* entry = readdir(levels.back().stream.get());
    if (entry != nullptr) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (unlinkat(at, name.c_str(), 0) == 0) continue;
      if (errno != EISDIR && stop) return SystemError("removing " + name);
      bool is_deep = levels.size() >= kRemoveDepthMax;
      Status status =
          is_deep ? MoveUp(at, name, directory, &names_tried) : Enter(at, name, &levels);
      if (!status.ok() && stop) return status;
      has_moved = has_moved || (is_deep && status.ok());
      continue;
    }
    if (levels.size() > 1) {
      std::string name = levels.back().name;
      levels.pop_back();
      int parent = dirfd(levels.back().stream.get());
      if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && stop) {
        return SystemError("removing " + name);
      }
      continue;
    }
    // What was moved here is not deep any more: each folder is moved once at most.
    if (!has_moved) return {};
    has_moved = false;
    rewinddir(levels.back().stream.get());
  }
}

Status RemoveTree(const Spec& identity, const std::string& path) {
  UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) return SystemError("opening " + path);
  Result<std::unique_ptr<Authority>> authority = OpenAuthority(identity);
  if (!authority.ok()) return authority.status();
  // First what belongs to the mapped ids, then what belongs to the caller, then the folder itself.
  Status emptied = EmptyInNamespace(**authority, directory.get());
  if (!emptied.ok()) return Status::Failed(path + ": " + emptied.message());
  Status rest = EmptyDirectory(directory.get(), OnFailure::kStop);
  if (!rest.ok()) return Status::Failed(path + ": " + rest.message());
  if (rmdir(path.c_str()) != 0) return SystemError("removing " + path);
  return {};
}

}  // namespace sandbox
