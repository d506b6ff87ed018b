// Any bytes are an archive or an error; what an archive gives are distinct names in normal form,
// links that stay inside, hard links to files that came before.
#include "farm/store/archive.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "farm/store/tree.h"

namespace {

constexpr std::uint64_t kUnpackedBytesMax = 8 << 20;  // a bomb's rest is not worth the time

void CheckEntry(const farm::ArchiveEntry& entry,
                const std::map<std::string, farm::EntryKind>& before) {
  CHECK(*farm::NormalEntryName(entry.path) == entry.path);
  const auto same = before.find(entry.path);
  CHECK(same == before.end() ||
        (entry.kind == farm::EntryKind::kDirectory && same->second == farm::EntryKind::kDirectory));
  if (entry.kind == farm::EntryKind::kSymbolicLink) {
    CHECK(farm::LinkStaysInside(entry.path, entry.target));
  }
  if (entry.kind == farm::EntryKind::kHardLink) {
    const auto target = before.find(entry.target);
    CHECK(target != before.end() && (target->second == farm::EntryKind::kFile ||
                                     target->second == farm::EntryKind::kHardLink));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = memfd_create("archive", MFD_CLOEXEC);
  CHECK(file >= 0 && write(file, data, size) == static_cast<ssize_t>(size));
  std::map<std::string, farm::EntryKind> entries;
  std::uint64_t bytes = 0;
  (void)farm::ReadArchive(
      "/proc/self/fd/" + std::to_string(file),
      [&](const farm::ArchiveEntry& entry, const farm::EntryContent& content) -> farm::Status {
        CheckEntry(entry, entries);
        entries[entry.path] = entry.kind;
        return content([&](std::string_view piece) -> farm::Status {
          bytes += piece.size();
          if (bytes <= kUnpackedBytesMax) return {};
          return farm::Error{farm::ErrorCode::kLimitExceeded, "enough"};
        });
      });
  close(file);
  return 0;
}
