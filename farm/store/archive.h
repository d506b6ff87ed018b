// Archives in and out.  Reading (tar with any usual compression, zip) goes through libarchive and
// trusts no name; writing is our own canonical tar: the same entries give the same bytes, always.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/store/blob_store.h"  // ByteSink

namespace farm {

// ---- in ---------------------------------------------------------------------------------------

enum class EntryKind { kFile, kDirectory, kSymbolicLink, kHardLink };

struct ArchiveEntry {
  std::string path;  // normal form: no leading "./" or "/", no trailing "/", no ".."
  EntryKind kind = EntryKind::kFile;
  bool executable = false;
  std::uint64_t size = 0;
  UnixSeconds mtime = 0;
  std::string target;  // of a link; a hard link's is a path as above
};

constexpr std::uint64_t kArchiveEntriesMax = 2'000'000;
constexpr std::uint64_t kArchiveBytesMax = std::uint64_t{64} << 30;  // unpacked: stops bombs

// Normal form of an entry's name.  Errors: kInvalidInput naming it (absolute, "..", empty, not
// UTF-8, a zero byte, longer than 4096 bytes).
Result<std::string> NormalEntryName(std::string_view name);

// Streams the content of the entry at hand to a sink; may be called once or not at all.
using EntryContent = std::function<Status(const ByteSink&)>;

// Calls `visit` for each entry in the archive's order; the entry "." is left out.  Refused by name:
// what NormalEntryName refuses, absolute and escaping links, devices, sockets, FIFOs, two entries
// with the same name, or with names equal after case folding or normalisation.
// Errors: kInvalidInput (also: not an archive), kLimitExceeded, kNotFound, kUnavailable, and
// whatever `visit` returns.
Status ReadArchive(const std::string& path,
                   const std::function<Status(const ArchiveEntry&, const EntryContent&)>& visit);

Result<std::vector<ArchiveEntry>> ListArchive(const std::string& path);

// Unpacks into `directory` (must exist and be empty), without its first `strip_components` path
// parts.  Files get mode 0755 or 0644, the entry's time, the caller's owner.  What ReadArchive
// refuses is refused; then what was unpacked so far stays, and is the caller's to remove.
Status UnpackArchive(const std::string& path, const std::string& directory, int strip_components);

// ---- out --------------------------------------------------------------------------------------

// A regular file of a canonical tar.
struct TarMember {
  std::string name;  // normal form
  bool executable = false;
  std::string host_file;  // where its bytes are, e.g. BlobStore::PathOf; empty: `bytes`
  std::string bytes;
};

// Canonical tar: members sorted by name, owner 0 without names, modes 0644/0755, every time
// `mtime`; ustar headers, a pax header before entries whose name, target or size does not fit;
// two zero blocks at the end, no padding after them.
// Errors: kInvalidInput (name twice or not normal), kNotFound, kUnavailable, and the sink's.
Status WriteTar(std::vector<TarMember> members, UnixSeconds mtime, const ByteSink& sink);

// The same of everything in a directory: files, symbolic links, directories (an empty one too).
// Unpacked it has the identity of `directory`.  Errors also: what IdentifyTree refuses.
Status WriteTarOfDirectory(const std::string& directory, UnixSeconds mtime, const ByteSink& sink);

}  // namespace farm
