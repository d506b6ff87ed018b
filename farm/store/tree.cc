#include "farm/store/tree.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/store/tree_walk.h"
#include "farm/store/unicode.h"

namespace farm {
namespace {

constexpr std::size_t kProblemsMax = 20;  // enough to mend a tree in one go

// Both ids of one git object, as raw bytes.
struct ObjectIds {
  std::string sha256;
  std::string sha1;
};

// A git object whose size is known before its content: "<type> <size>\0<content>".
class ObjectHash {
 public:
  ObjectHash(std::string_view type, std::uint64_t size) {
    Update(std::string(type) + " " + std::to_string(size) + '\0');
  }
  void Update(std::string_view bytes) {
    sha256_.Update(bytes);
    sha1_.Update(bytes);
  }
  ObjectIds Finish() { return {std::string(sha256_.Finish().bytes()), sha1_.Finish()}; }

 private:
  Sha256Stream sha256_;
  Sha1Stream sha1_;
};

struct TreeEntry {
  std::string name;
  std::string_view mode;
  ObjectIds ids;
};

// git compares names as if a directory's ended in '/'.
bool GitOrder(const TreeEntry& a, const TreeEntry& b) {
  const std::string slash = "/";
  return a.name + (a.mode == "40000" ? slash : "") < b.name + (b.mode == "40000" ? slash : "");
}

ObjectIds IdsOfTree(std::vector<TreeEntry> entries) {
  std::sort(entries.begin(), entries.end(), GitOrder);
  std::string sha256_body;
  std::string sha1_body;
  for (const TreeEntry& entry : entries) {
    const std::string head = std::string(entry.mode) + " " + entry.name + '\0';
    sha256_body += head + entry.ids.sha256;
    sha1_body += head + entry.ids.sha1;
  }
  // The two bodies hold ids of different length, so each has a hash of its own.
  Sha256Stream sha256;
  sha256.Update("tree " + std::to_string(sha256_body.size()) + '\0');
  sha256.Update(sha256_body);
  Sha1Stream sha1;
  sha1.Update("tree " + std::to_string(sha1_body.size()) + '\0');
  sha1.Update(sha1_body);
  return {std::string(sha256.Finish().bytes()), sha1.Finish()};
}

Result<TreeEntry> EntryOf(const TreeItem& item) {
  if (S_ISLNK(item.status.st_mode)) {
    ObjectHash hash("blob", item.target.size());
    hash.Update(item.target);
    return TreeEntry{item.name, "120000", hash.Finish()};
  }
  if (!S_ISREG(item.status.st_mode)) {
    return Error{ErrorCode::kInvalidInput,
                 Printable(item.path, 200) + ": neither file, directory nor symbolic link"};
  }
  ObjectHash hash("blob", static_cast<std::uint64_t>(item.status.st_size));
  RETURN_IF_ERROR(ReadItem(item, [&](std::string_view piece) -> Status {
    hash.Update(piece);
    return {};
  }));
  const bool executable = (item.status.st_mode & S_IXUSR) != 0;
  return TreeEntry{item.name, executable ? "100755" : "100644", hash.Finish()};
}

Error Problems(const std::vector<std::string>& problems) {
  return Error{ErrorCode::kInvalidInput, Join(problems, "\n")};
}

bool IsGitDirectory(const std::string& key) { return key == ".git"; }

bool HasControlCharacter(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// Problems of one directory's names; `path` is the directory's.
void CheckNames(const std::string& path, const std::vector<std::string>& names,
                std::vector<std::string>& problems) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : names) {
    const std::string where = Printable(path.empty() ? name : path + "/" + name, 200);
    if (!IsUtf8(name)) {
      problems.push_back(where + ": the name is not UTF-8");
      continue;
    }
    if (HasControlCharacter(name)) problems.push_back(where + ": a control character in the name");
    const std::string key = NameKey(name);
    if (IsGitDirectory(key)) problems.push_back(where + ": a name that git keeps for itself");
    const auto [other, fresh] = seen.emplace(key, name);
    if (!fresh) {
      problems.push_back(where + ": some file systems cannot tell it from " +
                         Printable(other->second, 200) +
                         " (equal after case folding or normalisation)");
    }
  }
}

// What the id does not see: of a file with two names, writing to one changes the other.
void CheckFile(const TreeItem& item, std::vector<std::string>& problems) {
  const std::string where = Printable(item.path, 200);
  if (item.status.st_nlink > 1) {
    problems.push_back(where +
                       ": is a hard link to another file; sources must hold separate files");
  }
  if ((item.status.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0) {
    problems.push_back(where + ": has a setuid, setgid or sticky bit; want none");
  }
}

void CheckItem(const TreeItem& item, std::vector<std::string>& problems) {
  const mode_t mode = item.status.st_mode;
  if (S_ISLNK(mode) && !LinkStaysInside(item.path, item.target)) {
    problems.push_back(Printable(item.path, 200) + ": a link to " + Printable(item.target, 200) +
                       ", which is absolute or outside the tree");
  }
  if (S_ISREG(mode)) CheckFile(item, problems);
  if (!S_ISLNK(mode) && !S_ISREG(mode) && !S_ISDIR(mode)) {
    problems.push_back(Printable(item.path, 200) + ": a device, socket or FIFO");
  }
}

// Opens `path`, calls `use` and closes.
template <typename T>
Result<T> WithDirectory(const std::string& path, Result<T> (*use)(int)) {
  ASSIGN_OR_RETURN(const int directory, OpenDirectory(path));
  auto result = use(directory);
  close(directory);
  if (!result) return Wrap(path, result.error());
  return result;
}

}  // namespace

Result<TreeIdentity> IdentifyTree(int directory) {
  std::vector<std::vector<TreeEntry>> levels;
  std::vector<std::string> names;  // of the directories that are open below the top
  ObjectIds top;
  TreeVisitor visitor;
  visitor.enter = [&](const std::string&, const std::vector<std::string>&) -> Status {
    levels.emplace_back();
    return {};
  };
  visitor.item = [&](const TreeItem& item) -> Status {
    if (S_ISDIR(item.status.st_mode)) {
      names.push_back(item.name);
      return {};
    }
    ASSIGN_OR_RETURN(TreeEntry entry, EntryOf(item));
    levels.back().push_back(std::move(entry));
    return {};
  };
  visitor.leave = [&](const std::string&) -> Status {
    ObjectIds ids = IdsOfTree(std::move(levels.back()));
    levels.pop_back();
    if (levels.empty()) {
      top = std::move(ids);
      return {};
    }
    levels.back().push_back(TreeEntry{names.back(), "40000", std::move(ids)});
    names.pop_back();
    return {};
  };
  RETURN_IF_ERROR(WalkTree(directory, visitor));
  return TreeIdentity{HexEncode(top.sha256), HexEncode(top.sha1)};
}

Result<TreeIdentity> IdentifyTreeAt(const std::string& path) {
  return WithDirectory<TreeIdentity>(path, IdentifyTree);
}

Status CheckTreeAdmissible(int directory) {
  std::vector<std::string> problems;
  const auto go_on = [&]() -> Status {
    if (problems.size() < kProblemsMax) return {};
    problems.resize(kProblemsMax);
    return Problems(problems);
  };
  TreeVisitor visitor;
  visitor.enter = [&](const std::string& path, const std::vector<std::string>& names) {
    CheckNames(path, names, problems);
    return go_on();
  };
  visitor.item = [&](const TreeItem& item) {
    CheckItem(item, problems);
    return go_on();
  };
  RETURN_IF_ERROR(WalkTree(directory, visitor));
  if (!problems.empty()) return Problems(problems);
  return {};
}

Status CheckTreeAdmissibleAt(const std::string& path) {
  return WithDirectory<void>(path, CheckTreeAdmissible);
}

bool LinkStaysInside(std::string_view path, std::string_view target) {
  if (target.empty() || target.front() == '/') return false;
  auto depth = std::count(path.begin(), path.end(), '/');
  for (const std::string& part : Split(target, '/')) {
    if (part == "..") --depth;
    if (part != ".." && part != "." && !part.empty()) ++depth;
    if (depth < 0) return false;
  }
  return true;
}

}  // namespace farm
