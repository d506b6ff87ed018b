#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/store/archive.h"
#include "farm/store/tree_walk.h"

namespace farm {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::uint64_t kUstarSizeMax = 077777777777;  // 11 octal digits

// One header block, POSIX.1-2017 pax, "ustar Interchange Format".
class Header {
 public:
  Header() { block_.fill('\0'); }
  void Text(std::size_t offset, std::string_view text) {
    std::memcpy(block_.data() + offset, text.data(), text.size());
  }
  // `digits` octal digits and a zero byte.
  void Octal(std::size_t offset, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i > 0; --i, value >>= 3) {
      block_[offset + i - 1] = static_cast<char>('0' + (value & 7));
    }
  }
  std::string_view Finish() {
    std::memset(block_.data() + 148, ' ', 8);
    std::uint64_t sum = 0;
    for (const char c : block_) sum += static_cast<unsigned char>(c);
    Octal(148, 6, sum);
    block_[154] = '\0';
    return {block_.data(), block_.size()};
  }

 private:
  std::array<char, kBlockBytes> block_;
};

struct HeaderFields {
  std::string name;
  char type = '0';
  unsigned mode = 0644;
  std::uint64_t size = 0;
  std::string target;
};

// "LENGTH key=value\n", its own length included.
std::string PaxRecord(std::string_view key, std::string_view value) {
  const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
  std::size_t length = rest.size();
  while (length != rest.size() + std::to_string(length).size()) {
    length = rest.size() + std::to_string(length).size();
  }
  return std::to_string(length) + rest;
}

class TarStream {
 public:
  TarStream(UnixSeconds mtime, const ByteSink& sink) : mtime_(mtime), sink_(sink) {}

  Status Head(HeaderFields fields) {
    std::string pax;
    std::string prefix;
    if (fields.name.size() > 100 && !SplitName(fields.name, prefix)) {
      pax += PaxRecord("path", fields.name);
      fields.name.resize(100);
    }
    if (fields.target.size() > 100) {
      pax += PaxRecord("linkpath", fields.target);
      fields.target.resize(100);
    }
    if (fields.size > kUstarSizeMax) pax += PaxRecord("size", std::to_string(fields.size));
    if (!pax.empty()) {
      RETURN_IF_ERROR(Block({"././@PaxHeader", 'x', 0644, pax.size(), ""}, ""));
      RETURN_IF_ERROR(sink_(pax));
      RETURN_IF_ERROR(Pad(pax.size()));
    }
    return Block(fields, prefix);
  }
  Status Pad(std::uint64_t size) {
    static const std::string zeros(kBlockBytes, '\0');
    const std::size_t used = size % kBlockBytes;
    return used == 0 ? Status() : sink_(std::string_view(zeros).substr(used));
  }
  Status End() { return sink_(std::string(2 * kBlockBytes, '\0')); }

 private:
  // ustar's second place for a long name: what stands before one of its slashes.
  static bool SplitName(std::string& name, std::string& prefix) {
    for (std::size_t slash = name.find('/'); slash != std::string::npos && slash <= 155;
         slash = name.find('/', slash + 1)) {
      if (name.size() - slash - 1 > 100 || slash + 1 == name.size()) continue;
      prefix = name.substr(0, slash);
      name.erase(0, slash + 1);
      return true;
    }
    return false;
  }

  Status Block(const HeaderFields& fields, const std::string& prefix) {
    Header header;
    header.Text(0, fields.name);
    header.Octal(100, 7, fields.mode);
    header.Octal(108, 7, 0);
    header.Octal(116, 7, 0);
    header.Octal(124, 11, fields.size > kUstarSizeMax ? 0 : fields.size);
    header.Octal(136, 11, static_cast<std::uint64_t>(mtime_));
    header.Text(156, std::string(1, fields.type));
    header.Text(157, fields.target);
    header.Text(257, std::string("ustar\0"
                                 "00",
                                 8));
    header.Octal(329, 7, 0);
    header.Octal(337, 7, 0);
    header.Text(345, prefix);
    return sink_(header.Finish());
  }

  UnixSeconds mtime_;
  const ByteSink& sink_;
};

Status CheckTime(UnixSeconds mtime) {
  if (mtime >= 0 && static_cast<std::uint64_t>(mtime) <= kUstarSizeMax) return {};
  return Error{ErrorCode::kInvalidInput,
               "time " + std::to_string(mtime) + ": want 0 to 8589934591 for a tar"};
}

// The order of a walk: by path parts, each by byte value.
bool WalkOrder(const TarMember& a, const TarMember& b) {
  return std::lexicographical_compare(
      a.name.begin(), a.name.end(), b.name.begin(), b.name.end(), [](char x, char y) {
        const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
        return rank(x) < rank(y);
      });
}

Status CheckNames(const std::vector<TarMember>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string normal, NormalEntryName(members[i].name));
    if (normal != members[i].name || (i > 0 && members[i - 1].name == normal)) {
      return Error{ErrorCode::kInvalidInput, "tar member " + Printable(members[i].name, 200) +
                                                 ": not in normal form, or twice"};
    }
  }
  return {};
}

Status WriteFileMember(TarStream& tar, const TarMember& member, const ByteSink& sink) {
  std::uint64_t size = member.bytes.size();
  if (!member.host_file.empty()) {
    ASSIGN_OR_RETURN(size, FileSize(member.host_file));
  }
  RETURN_IF_ERROR(tar.Head({member.name, '0', member.executable ? 0755u : 0644u, size, ""}));
  if (member.host_file.empty()) {
    RETURN_IF_ERROR(sink(member.bytes));
    return tar.Pad(size);
  }
  std::uint64_t read = 0;
  RETURN_IF_ERROR(ReadFileInPieces(member.host_file, [&](std::string_view piece) -> Status {
    read += piece.size();
    if (read > size) return Error{ErrorCode::kUnavailable, member.host_file + " is growing"};
    return sink(piece);
  }));
  if (read != size) return Error{ErrorCode::kUnavailable, member.host_file + " is shrinking"};
  return tar.Pad(size);
}

Status WriteItem(TarStream& tar, const TreeItem& item, const ByteSink& sink) {
  if (!IsUtf8(item.path)) {
    return Error{ErrorCode::kInvalidInput, Printable(item.path, 200) + ": the name is not UTF-8"};
  }
  if (S_ISDIR(item.status.st_mode)) return tar.Head({item.path + "/", '5', 0755, 0, ""});
  if (S_ISLNK(item.status.st_mode)) return tar.Head({item.path, '2', 0777, 0, item.target});
  if (!S_ISREG(item.status.st_mode)) {
    return Error{ErrorCode::kInvalidInput,
                 Printable(item.path, 200) + ": neither file, directory nor symbolic link"};
  }
  const auto size = static_cast<std::uint64_t>(item.status.st_size);
  const bool executable = (item.status.st_mode & S_IXUSR) != 0;
  RETURN_IF_ERROR(tar.Head({item.path, '0', executable ? 0755u : 0644u, size, ""}));
  RETURN_IF_ERROR(ReadItem(item, sink));
  return tar.Pad(size);
}

}  // namespace

Status WriteTar(std::vector<TarMember> members, UnixSeconds mtime, const ByteSink& sink) {
  RETURN_IF_ERROR(CheckTime(mtime));
  std::sort(members.begin(), members.end(), WalkOrder);
  RETURN_IF_ERROR(CheckNames(members));
  TarStream tar(mtime, sink);
  for (const TarMember& member : members) RETURN_IF_ERROR(WriteFileMember(tar, member, sink));
  return tar.End();
}

Status WriteTarOfDirectory(const std::string& directory, UnixSeconds mtime, const ByteSink& sink) {
  RETURN_IF_ERROR(CheckTime(mtime));
  ASSIGN_OR_RETURN(const int descriptor, OpenDirectory(directory));
  TarStream tar(mtime, sink);
  TreeVisitor visitor;
  visitor.item = [&](const TreeItem& item) { return WriteItem(tar, item, sink); };
  const Status status = WalkTree(descriptor, visitor);
  close(descriptor);
  RETURN_IF_ERROR(status);
  return tar.End();
}

}  // namespace farm
