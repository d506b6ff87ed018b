#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "farm/execute/execute.h"
#include "farm/store/tree.h"

namespace farm {
namespace {

constexpr int kBuildDescriptor = 3;  // the work directory, opened by farm-sandbox

int Fail(const std::string& message) {
  std::fprintf(stderr, "identify-tree: %s\n", message.c_str());
  return static_cast<int>(ExitCode::kUsage);
}

// Below the work directory, through no link: what is in there was made by strangers' code.
Result<TreeIdentity> IdentifyBelow(const char* path) {
  struct open_how how {};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const int directory =
      static_cast<int>(syscall(SYS_openat2, kBuildDescriptor, path, &how, sizeof how));
  if (directory < 0) {
    return Error{ErrorCode::kNotFound, std::string("not there: ") + std::strerror(errno)};
  }
  Result<TreeIdentity> identity = [&]() -> Result<TreeIdentity> {
    RETURN_IF_ERROR(CheckTreeAdmissible(directory));
    return IdentifyTree(directory);
  }();
  close(directory);
  return identity;
}

}  // namespace

int IdentifyTreeMain(int argc, char** argv) {
  int first = 2;
  const bool with_sha1 = argc > first && std::string_view(argv[first]) == "--sha1";
  if (with_sha1) ++first;
  if (argc <= first) return Fail("want paths below the directory open as descriptor 3");
  std::string text;
  for (int i = first; i < argc; ++i) {
    const auto identity = IdentifyBelow(argv[i]);
    if (!identity) {  // an answer too: it goes where the caller looks
      std::printf("%s: %s\n", argv[i], identity.error().message.c_str());
      return static_cast<int>(ExitCode::kInputMissing);
    }
    text += std::string(argv[i]) + " " + identity->sha256;
    if (with_sha1) text += " " + identity->sha1;
    text += "\n";
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return Fail("cannot write the answer");
  }
  return 0;
}

}  // namespace farm
