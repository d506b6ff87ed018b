// The machine's files, and somebody who hears of each change before it is made.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "farm/base/files.h"

namespace farm {

// Thread-safe if the hook is.
class HookedFiles final : public FileSystem {
 public:
  // `step`: "create", "secret created", "rename", "rename done", "sync directory".  `path`: what is
  // made, or loses its name, or has it now.  An error is the change's, which is not made then (but
  // what is done already).
  using Hook = std::function<Status(const std::string& step, const std::string& path)>;
  Hook hook;

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool truncate) override {
    RETURN_IF_ERROR(Pass("create", path));
    return RealFileSystem().Create(path, truncate);
  }
  Result<std::unique_ptr<WritableFile>> CreateSecret(const std::string& path) override {
    RETURN_IF_ERROR(Pass("create", path));
    auto file = RealFileSystem().CreateSecret(path);
    if (file) RETURN_IF_ERROR(Pass("secret created", path));
    return file;
  }
  Status Rename(const std::string& from, const std::string& to) override {
    RETURN_IF_ERROR(Pass("rename", from));
    RETURN_IF_ERROR(RealFileSystem().Rename(from, to));
    return Pass("rename done", to);
  }
  Status Exchange(const std::string& one, const std::string& other) override {
    return RealFileSystem().Exchange(one, other);
  }
  Status Remove(const std::string& path) override { return RealFileSystem().Remove(path); }
  Status SyncDirectory(const std::string& path) override {
    RETURN_IF_ERROR(Pass("sync directory", path));
    return RealFileSystem().SyncDirectory(path);
  }
  Status MakeDirectory(const std::string& path) override {
    return RealFileSystem().MakeDirectory(path);
  }

 private:
  Status Pass(const std::string& step, const std::string& path) {
    return hook ? hook(step, path) : Status();
  }
};

}  // namespace farm
