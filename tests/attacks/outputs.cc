#include "tests/attacks/outputs.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <system_error>

#include "tests/attacks/behaviours/behaviour.h"
#include "tests/attacks/scene.h"

namespace attacks {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kContentBytesMax = 1 << 20;  // none of the behaviours leaves more to read

bool IsPlainName(const std::string& name) {
  for (unsigned char c : name) {
    if (c < 0x20 || c >= 0x7f) return false;
  }
  return true;
}

bool StaysInside(const fs::path& link, const fs::path& out) {
  fs::path target = fs::read_symlink(link);
  if (target.is_absolute()) return false;
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(link.parent_path() / target, error);
  fs::path top = fs::canonical(out, error);
  return resolved == top || resolved.string().starts_with(top.string() + "/");
}

std::string FindHarmOfFile(const fs::path& path, const struct stat& status) {
  if (status.st_nlink > 1) return "two names of one file";
  if (static_cast<std::size_t>(status.st_size) > kContentBytesMax) return "";
  std::string content = ReadFile(path);
  if (content.find(behaviour::kSecret) != std::string::npos) return "the secret";
  usleep(20000);
  if (ReadFile(path) != content) return "it still changes";
  return "";
}

std::string FindHarmOfEntry(const fs::path& path, const fs::path& out) {
  struct stat status = {};
  // It may be gone by now, as a daemon swaps it.
  if (lstat(path.c_str(), &status) != 0) return "it still changes";
  if (!IsPlainName(path.filename())) return "a name that is not plain";
  if (S_ISLNK(status.st_mode)) return StaysInside(path, out) ? "" : "a link that leads out";
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return "a special file";
  if ((status.st_mode & (S_ISUID | S_ISGID)) != 0) return "a set-id bit";
  if (llistxattr(path.c_str(), nullptr, 0) > 0) return "an attribute";
  return S_ISREG(status.st_mode) ? FindHarmOfFile(path, status) : "";
}

std::string FindHarmBelow(const fs::path& out) {
  std::string harm = FindHarmOfEntry(out, out);
  if (!harm.empty() || fs::is_symlink(out)) return harm;
  for (auto at = fs::recursive_directory_iterator(out); at != fs::recursive_directory_iterator();
       ++at) {
    if (at.depth() > kOutputDepthMax) return "folders too deep";
    harm = FindHarmOfEntry(at->path(), out);
    if (!harm.empty()) return harm;
  }
  // Of two names that differ in their case, both must be there, each with its own content.
  if (fs::exists(out / "Name") || fs::exists(out / "name")) {
    if (ReadFile(out / "Name") != "upper" || ReadFile(out / "name") != "lower") {
      return "one name took the other's place";
    }
  }
  return "";
}

}  // namespace

std::string FindHarm(const fs::path& out) {
  if (fs::symlink_status(out).type() == fs::file_type::not_found) return "";
  try {
    return FindHarmBelow(out);
  } catch (const fs::filesystem_error&) {
    return "it still changes";
  }
}

}  // namespace attacks
