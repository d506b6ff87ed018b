#include "farm/replay/kit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/statement.h"
#include "farm/evidence/trust_root.h"
#include "farm/manifest/manifest.h"
#include "farm/replay/kit_texts.h"
#include "farm/store/archive.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/lock.h"

namespace farm {
namespace {

// More than any lock and manifest can name.
constexpr std::size_t kRawMembersMax = kLockPackagesMax + kManifestSourcesMax * kManifestFilesMax;

constexpr std::string_view kSmallNames[] = {"README",
                                            "replay.sh",
                                            "assemble.sh",
                                            "manifest.json",
                                            "lock.json",
                                            "artifacts.txt",
                                            "evidence/release.sigstore.jsonl",
                                            "evidence/root.json",
                                            "packages/packages.list"};

// Everything that follows from the small members.
struct Parts {
  Manifest manifest;
  Lock lock;
  Release release;
};

Result<Parts> ParseParts(const KitInput& input) {
  Parts parts;
  ASSIGN_OR_RETURN(parts.manifest, ParseManifestJson(input.manifest));
  ASSIGN_OR_RETURN(parts.lock, ParseLockJson(input.lock));
  if (parts.manifest.lock != LockDigest(parts.lock)) {
    return Error{ErrorCode::kMismatch,
                 "the manifest wants lock " + parts.manifest.lock.Text() + ", lock.json is " +
                     LockDigest(parts.lock).Text(),
                 ExitCode::kInputMissing};
  }
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines,
                   ParseBundleFile(input.bundle_file, "evidence/release.sigstore.jsonl"));
  if (lines.empty())
    return Error{ErrorCode::kInvalidInput, "evidence/release.sigstore.jsonl is empty"};
  ASSIGN_OR_RETURN(parts.release, ParseStatementAs<Release>(lines.front().envelope.payload,
                                                            "the first line of the evidence"));
  return parts;
}

std::string ArtifactList(const Release& release) {
  std::string text;
  for (const Artifact& artifact : release.artifacts) {
    text += artifact.digest.Hex() + "  " + artifact.name + "\n";
  }
  return text;
}

TarMember Text(std::string name, std::string bytes, bool executable = false) {
  return TarMember{std::move(name), executable, "", std::move(bytes)};
}

// Members whose bytes follow from the input alone; `data` are those that a reader relies on.
std::vector<TarMember> SmallMembers(const KitInput& input, const Parts& parts) {
  return {Text("README", std::string(KitReadme())),
          Text("replay.sh", std::string(KitReplayScript()), true),
          Text("assemble.sh", std::string(AssembleScript()), true),
          Text("manifest.json", input.manifest),
          Text("lock.json", input.lock),
          Text("artifacts.txt", ArtifactList(parts.release)),
          Text("evidence/release.sigstore.jsonl", input.bundle_file),
          Text("evidence/root.json", input.root),
          Text("packages/packages.list", PackagesList(parts.lock))};
}

struct RawMember {
  std::string name;
  Digest digest;
  std::string what;  // for messages
};

// Packages and source files, each once.
std::vector<RawMember> RawMembers(const Parts& parts) {
  std::map<std::string, RawMember> members;
  for (const LockedPackage& package : parts.lock.packages) {
    const std::string name = "packages/" + package.sha256.Hex() + ".deb";
    members[name] = {name, package.sha256, "package " + package.name + " " + package.version};
  }
  for (const ManifestSource& source : parts.manifest.sources) {
    for (const SourceFile& file : source.files) {
      const std::string name = "sources/" + file.digest.Hex();
      members[name] = {name, file.digest, "source " + source.name + ": " + file.name};
    }
  }
  std::vector<RawMember> list;
  for (auto& [name, member] : members) list.push_back(std::move(member));
  return list;
}

// The first pass over a kit: small members into memory, raw ones into the store.
struct KitContents {
  std::uint64_t bytes_left = 0;  // a kit is not compressed: its members have no more than the file
  std::map<std::string, std::string> small;
  std::map<std::string, Digest> raw;
};

Status Count(std::string_view piece, const std::string& name, KitContents& contents) {
  if (piece.size() > contents.bytes_left) {
    return Error{ErrorCode::kInvalidInput, name + ": a kit is a plain tar, not a compressed one"};
  }
  contents.bytes_left -= piece.size();
  return {};
}

// "sources/<64 hex>" or "packages/<64 hex>.deb".
bool IsRawName(std::string_view name) {
  if (name.starts_with("sources/")) return Digest::ParseHex(name.substr(8)).has_value();
  if (!name.starts_with("packages/") || !name.ends_with(".deb")) return false;
  return Digest::ParseHex(name.substr(9, name.size() - 9 - 4)).has_value();
}

// What belongs to no kit is refused before it takes memory or disk.
Status ReadMember(const ArchiveEntry& entry, const EntryContent& content, BlobStore& blobs,
                  KitContents& contents) {
  if (entry.kind == EntryKind::kDirectory) return {};
  if (entry.kind != EntryKind::kFile) {
    return Error{ErrorCode::kInvalidInput, entry.path + ": a kit holds plain files only"};
  }
  if (IsRawName(entry.path)) {
    if (contents.raw.size() == kRawMembersMax) {
      return Error{ErrorCode::kLimitExceeded,
                   "more than " + std::to_string(kRawMembersMax) + " packages and sources"};
    }
    ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, blobs.NewWriter());
    RETURN_IF_ERROR(content([&](std::string_view piece) -> Status {
      RETURN_IF_ERROR(Count(piece, entry.path, contents));
      return writer->Append(piece);
    }));
    ASSIGN_OR_RETURN(const StoredBlob blob, writer->Commit());
    contents.raw[entry.path] = blob.digest;
    return {};
  }
  if (std::ranges::find(kSmallNames, entry.path) == std::end(kSmallNames)) {
    return Error{ErrorCode::kInvalidInput, entry.path + " is no member of a kit"};
  }
  std::string bytes;
  RETURN_IF_ERROR(content([&](std::string_view piece) -> Status {
    RETURN_IF_ERROR(Count(piece, entry.path, contents));
    if (bytes.size() + piece.size() > kBundleFileBytesMax) {
      return Error{ErrorCode::kLimitExceeded, entry.path + " is too large for what it should be"};
    }
    bytes += piece;
    return {};
  }));
  contents.small[entry.path] = std::move(bytes);
  return {};
}

Result<std::string> Take(const KitContents& contents, const std::string& name,
                         std::size_t bytes_max) {
  const auto found = contents.small.find(name);
  if (found == contents.small.end()) {
    return Error{ErrorCode::kNotFound, "the kit has no " + name};
  }
  if (found->second.size() > bytes_max) {
    return Error{ErrorCode::kLimitExceeded,
                 name + " has more than " + std::to_string(bytes_max) + " bytes"};
  }
  return found->second;
}

// Every raw member that manifest and lock name is there with its digest, and nothing else is.
Status CheckRaw(const std::vector<RawMember>& wanted, const KitContents& contents) {
  std::set<std::string> known;
  for (const RawMember& member : wanted) {
    known.insert(member.name);
    const auto found = contents.raw.find(member.name);
    if (found == contents.raw.end()) {
      return Error{ErrorCode::kNotFound,
                   "the kit has no " + member.name + " (" + member.what + ")"};
    }
    if (found->second != member.digest) {
      return Error{ErrorCode::kMismatch, member.name + " (" + member.what + ") is " +
                                             found->second.Text() + ": the kit has been changed"};
    }
  }
  for (const auto& [name, digest] : contents.raw) {
    if (!known.contains(name)) {
      return Error{ErrorCode::kInvalidInput, name + " belongs to neither manifest nor lock"};
    }
  }
  return {};
}

}  // namespace

Result<WrittenKit> WriteKit(const KitInput& input, BlobStore& blobs, const ByteSink& sink) {
  ASSIGN_OR_RETURN(const Parts parts, ParseParts(input));
  std::vector<TarMember> members = SmallMembers(input, parts);
  for (const RawMember& member : RawMembers(parts)) {
    if (!blobs.Has(member.digest)) {
      return Error{ErrorCode::kNotFound,
                   member.what + " " + member.digest.Text() + " is not in the store"};
    }
    RETURN_IF_ERROR(blobs.Get(member.digest, [](std::string_view) -> Status { return {}; }));
    members.push_back(TarMember{member.name, false, blobs.PathOf(member.digest), ""});
  }
  WrittenKit written;
  written.file_name = parts.manifest.product + "-" + parts.manifest.version + ".farmkit";
  Sha256Stream hash;
  RETURN_IF_ERROR(WriteTar(std::move(members), parts.manifest.source_date_epoch,
                           [&](std::string_view piece) -> Status {
                             hash.Update(piece);
                             written.size += piece.size();
                             return sink(piece);
                           }));
  written.digest = hash.Finish();
  return written;
}

Result<Kit> ReadKit(const std::string& path, BlobStore& blobs) {
  ASSIGN_OR_RETURN(const FileDigest file, DigestOfFile(path));
  KitContents contents;
  contents.bytes_left = file.size;
  RETURN_IF_ERROR(ReadArchive(path, [&](const ArchiveEntry& entry, const EntryContent& content) {
    return ReadMember(entry, content, blobs, contents);
  }));
  Kit kit;
  kit.digest = file.digest;
  ASSIGN_OR_RETURN(kit.input.manifest, Take(contents, "manifest.json", kManifestBytesMax));
  ASSIGN_OR_RETURN(kit.input.lock, Take(contents, "lock.json", kLockBytesMax));
  ASSIGN_OR_RETURN(kit.input.bundle_file,
                   Take(contents, "evidence/release.sigstore.jsonl", kBundleFileBytesMax));
  ASSIGN_OR_RETURN(kit.input.root, Take(contents, "evidence/root.json", kTrustRootBytesMax));
  ASSIGN_OR_RETURN(const Parts parts, ParseParts(kit.input));
  RETURN_IF_ERROR(CheckRaw(RawMembers(parts), contents));
  for (const TarMember& member : SmallMembers(kit.input, parts)) {
    const auto found = contents.small.find(member.name);
    if (found == contents.small.end() || found->second != member.bytes) {
      kit.other_texts.push_back(member.name);
    }
  }
  return kit;
}

}  // namespace farm
