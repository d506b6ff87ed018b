#include "sandbox/descriptor.h"

#include <fcntl.h>

namespace sandbox {

Status WriteControlFile(int directory, const char* path, std::string_view text) {
  UniqueFd fd(openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return SystemError(std::string("opening ") + path);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return SystemError("writing \"" + std::string(text) + "\" to " + path);
  }
  return {};
}

}  // namespace sandbox
