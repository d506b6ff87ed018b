// Whatever a command leaves below /build, what is handed out lies below its folder, has no suid
// bit, and no link leads outwards.  Input: entries, each a byte of what, a byte of where, a byte of
// mode, a byte of length, the bytes of its name or of a link's target.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/collect.h"
#include "sandbox/output_writer.h"
#include "sandbox/text.h"

namespace {

namespace fs = std::filesystem;

void Check(bool good) {
  if (!good) std::abort();
}

struct Folders {
  fs::path base;
  fs::path build;
  fs::path out;
};

Folders MakeFolders() {
  const char* place = std::getenv("TEST_TMPDIR");
  std::string pattern = std::string(place == nullptr ? "/tmp" : place) + "/outputs_XXXXXX";
  Check(mkdtemp(pattern.data()) != nullptr);
  Folders folders{pattern, fs::path(pattern) / "build", fs::path(pattern) / "out"};
  fs::create_directories(folders.build / "out");
  fs::create_directory(folders.out);
  return folders;
}

// Makes one thing in one of the folders made so far; what cannot be made is left out.
void Plant(std::vector<std::string>* folders, const uint8_t* head, const std::string& text) {
  std::string name = text.substr(0, text.find('\0'));
  if (name.find('/') != std::string::npos || name == "." || name == "..") name = "name";
  const std::string folder = (*folders)[head[1] % folders->size()];
  const std::string path = folder + "/" + name;
  const std::string any = folder + "/" + std::to_string(head[1]);
  int failed = 0;
  switch (head[0] % 7) {
    case 0: {
      int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
      if (fd < 0) return;
      failed = ftruncate(fd, head[2]);
      failed = fchmod(fd, static_cast<mode_t>(head[2]) << 4 | 0400);
      close(fd);
      break;
    }
    case 1:
      if (mkdir(path.c_str(), 0755) == 0) folders->push_back(path);
      break;
    case 2:
      failed = symlink(text.c_str(), any.c_str());
      break;
    case 3:
      failed = mkfifo(path.c_str(), 0644);
      break;
    case 4:
      failed = link(path.c_str(), any.c_str());
      break;
    case 5:
      failed = rename(path.c_str(), any.c_str());
      break;
    default:
      failed = chmod(folder.c_str(), 04000 | 0700 | head[2]);
      break;
  }
  static_cast<void>(failed);
}

// Links are followed here as a reader of the outputs would.
void CheckOutputs(const fs::path& out) {
  const std::string inside = fs::canonical(out).string();
  for (const auto& entry : fs::recursive_directory_iterator(out)) {
    struct stat status = {};
    Check(lstat(entry.path().c_str(), &status) == 0);
    Check(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode));
    Check((status.st_mode & 07000) == 0);
    Check(sandbox::IsPlainText(entry.path().filename().string()));
    if (!S_ISLNK(status.st_mode)) continue;
    std::error_code dangling;
    const fs::path target = fs::canonical(entry.path(), dangling);
    Check(dangling || target.string().rfind(inside, 0) == 0);
  }
}

// Takes what comes over the channel as the launcher does. False: nothing is handed out.
bool TakeAll(int channel, sandbox::OutputWriter* writer) {
  while (true) {
    sandbox::Result<sandbox::Message> message = sandbox::Receive(channel);
    if (!message.ok() || message->kind == sandbox::Kind::kRefused) return false;
    if (message->kind != sandbox::Kind::kEntry) return writer->Finish().ok();
    bool over_limit = false;
    if (!writer->Take(*message, &over_limit).ok() || over_limit) return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Folders place = MakeFolders();
  std::vector<std::string> folders = {(place.build / "out").string()};
  for (std::size_t at = 0; at + 4 <= size;) {
    const std::size_t length = std::min<std::size_t>(data[at + 3], size - at - 4);
    Plant(&folders, data + at, std::string(reinterpret_cast<const char*>(data) + at + 4, length));
    at += 4 + length;
  }
  sandbox::Result<sandbox::ChannelPair> channel = sandbox::MakeChannel();
  sandbox::Result<sandbox::OutputWriter> writer =
      sandbox::OutputWriter::Open(place.out.string(), 10000);
  Check(channel.ok() && writer.ok());
  sandbox::Spec spec;
  spec.outputs = {"out"};
  std::thread collector([&] {
    sandbox::UniqueFd build(open(place.build.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    sandbox::Status collected =
        sandbox::CollectOutputsFrom(build.get(), spec, channel->second.get());
    static_cast<void>(collected.ok());  // a failure closes the channel
    channel->second.reset();
  });
  const bool taken = TakeAll(channel->first.get(), &*writer);
  channel->first.reset();
  collector.join();
  if (!taken) {
    writer->Discard();
    Check(fs::is_empty(place.out));
  }
  CheckOutputs(place.out);
  fs::remove_all(place.base);
  return 0;
}
