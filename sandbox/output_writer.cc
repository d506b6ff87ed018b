#include "sandbox/output_writer.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sandbox/collect.h"
#include "sandbox/layers.h"

namespace sandbox {
namespace {

constexpr std::uint64_t kBytesForAnEntry = 16384;
constexpr std::uint64_t kEntriesOfASmallOutput = 1000;
constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

timespec ModificationTime(const Message& entry) {
  return {static_cast<time_t>(entry.numbers[3]), static_cast<long>(entry.numbers[4])};
}

}  // namespace

std::uint64_t OutputEntriesMax(std::uint64_t bytes_max) {
  if (bytes_max == 0) return kOutputEntriesMax;
  return std::clamp<std::uint64_t>(bytes_max / kBytesForAnEntry, kEntriesOfASmallOutput,
                                   kOutputEntriesMax);
}

Result<OutputWriter> OutputWriter::Open(const std::string& directory, std::uint64_t bytes_max) {
  OutputWriter writer;
  writer.root_ = UniqueFd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!writer.root_.valid()) return SystemError("--output-dir " + directory);
  writer.bytes_max_ = bytes_max;
  return writer;
}

Result<UniqueFd> OutputWriter::OpenParent(const std::string& path, std::string* name) {
  std::vector<std::string> parts = Split(path, '/');
  *name = parts.back();
  parts.pop_back();
  UniqueFd at(openat(root_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) return SystemError("opening --output-dir");
  std::string below;
  for (const std::string& part : parts) {
    below += (below.empty() ? "" : "/") + part;
    if (mkdirat(at.get(), part.c_str(), 0755) == 0) {
      made_.push_back({below, true, false, 0755, {}});
    } else if (errno != EEXIST) {
      return SystemError("making " + below);
    }
    UniqueFd next(OpenAt2(at.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, kResolve));
    if (!next.valid()) return SystemError("opening " + below);
    at = std::move(next);
  }
  return at;
}

Status OutputWriter::WriteFile(int parent, const std::string& name, const Message& entry) {
  int over_nothing = LeftOut(Layer::kOutputOverNothing) ? O_TRUNC : O_EXCL | O_NOFOLLOW;
  UniqueFd file(openat(parent, name.c_str(), O_WRONLY | O_CREAT | over_nothing | O_CLOEXEC, 0600));
  if (!file.valid()) return SystemError("creating " + entry.text);
  made_.push_back({entry.text, false, true, 0, {}});
  std::int64_t left = entry.numbers[2];
  while (left > 0) {
    ssize_t count = sendfile(file.get(), entry.fds[0].get(), nullptr,
                             static_cast<std::size_t>(std::min<std::int64_t>(left, 1 << 30)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("writing " + entry.text);
    if (count == 0) return Status::Failed(entry.text + " became shorter while it was read");
    left -= count;
  }
  timespec times[2] = {ModificationTime(entry), ModificationTime(entry)};
  mode_t mode = OutputMode(static_cast<mode_t>(entry.numbers[1])) | 0400;
  if (fchmod(file.get(), mode) != 0 || futimens(file.get(), times) != 0) {
    return SystemError("mode and time of " + entry.text);
  }
  return {};
}

Status OutputWriter::Take(const Message& entry, bool* over_limit) {
  std::size_t end = entry.text.find('\0');
  std::string path = entry.text.substr(0, end);
  if (!IsNormalAbsolute("/" + path) || path.empty()) return Status::Failed("malformed entry");
  std::string name;
  Result<UniqueFd> parent = OpenParent(path, &name);
  if (!parent.ok()) return parent.status();
  mode_t mode = OutputMode(static_cast<mode_t>(entry.numbers[1]));
  if (++entries_ > OutputEntriesMax(bytes_max_) && !LeftOut(Layer::kOutputLimit)) {
    *over_limit = true;
    return {};
  }
  switch (static_cast<EntryType>(entry.numbers[0])) {
    case EntryType::kFile: {
      std::uint64_t size = static_cast<std::uint64_t>(entry.numbers[2]);
      if (bytes_max_ != 0 && !LeftOut(Layer::kOutputLimit) &&
          (size > bytes_max_ || bytes_ > bytes_max_ - size)) {
        *over_limit = true;
        return {};
      }
      bytes_ += size;
      outputs_.push_back({path, "file", mode | 0400, entry.numbers[2]});
      if (entry.fds.empty()) return Status::Failed("malformed entry");
      return WriteFile(parent->get(), name, entry);
    }
    case EntryType::kDirectory:
      if (mkdirat(parent->get(), name.c_str(), 0700) != 0) return SystemError("making " + path);
      made_.push_back({path, true, true, mode | 0700, ModificationTime(entry)});
      outputs_.push_back({path, "directory", mode | 0700, 0});
      return {};
    case EntryType::kSymlink:
      break;
  }
  std::string target = end == std::string::npos ? "" : entry.text.substr(end + 1);
  if (symlinkat(target.c_str(), parent->get(), name.c_str()) != 0) {
    return SystemError("making the symlink " + path);
  }
  made_.push_back({path, false, true, 0, {}});
  outputs_.push_back({path, "symlink", 0777, static_cast<std::int64_t>(target.size())});
  return {};
}

Status OutputWriter::Finish() {
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
    if (!made->is_directory || !made->is_output) continue;
    UniqueFd directory(
        OpenAt2(root_.get(), made->path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, kResolve));
    timespec times[2] = {made->mtime, made->mtime};
    if (!directory.valid() || fchmod(directory.get(), made->mode) != 0 ||
        futimens(directory.get(), times) != 0) {
      return SystemError("mode and time of " + made->path);
    }
  }
  return {};
}

void OutputWriter::Discard() {
  for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
    unlinkat(root_.get(), made->path.c_str(), made->is_directory ? AT_REMOVEDIR : 0);
  }
  made_.clear();
  outputs_.clear();
}

}  // namespace sandbox
