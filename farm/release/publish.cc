#include "farm/release/publish.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/found_file.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/tlog_proof.h"

namespace farm {
namespace {

constexpr std::string_view kPartial = ".partial";
constexpr std::string_view kRootEnding = ".json";

// A name that is one plain component of a path.
Status CheckComponent(const std::string& name) {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidInput, "\"" + name + "\" cannot be a name of a published file"};
  }
  return {};
}

// What has the name, left by a crash or put there by another, is not written to: it could be a link
// or a pipe.
Result<std::unique_ptr<WritableFile>> CreateAnew(FileSystem& files, const std::string& path) {
  const Status removed = files.Remove(path);
  if (!removed && removed.error().code != ErrorCode::kNotFound) return removed.error();
  return files.Create(path, false);
}

Status WriteSynced(FileSystem& files, const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, CreateAnew(files, path));
  RETURN_IF_ERROR(file->Append(bytes));
  return file->Sync();
}

std::string LineFile(const std::string& name) { return name + ".sigstore.jsonl"; }
std::string ProofFile(const std::string& name) { return name + ".tlog-proof"; }

// The proof that the first of these lines is in the log, for programs that know logs only.
Result<std::string> ProofOf(std::string_view lines) {
  ASSIGN_OR_RETURN(const Bundle first,
                   ParseBundleLine(lines.substr(0, lines.find('\n')), "the line to be published"));
  ASSIGN_OR_RETURN(const TlogProof proof, TlogProofOf(first));
  return WriteTlogProof(proof);
}

Result<bool> HasNewerRoot(const std::string& folder, std::int64_t version) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  return std::ranges::any_of(names, [&](std::string_view name) {
    if (!name.ends_with(kRootEnding)) return false;  // what a crash has left, or nobody's
    name.remove_suffix(kRootEnding.size());
    const auto number = ParseDecimal(name, 1ULL << 53);
    return number && static_cast<std::int64_t>(*number) > version;
  });
}

// The release comes first, and every line that it names is there.
bool NamesLinesOf(const std::string& bundle_file, const Release& release, const Digest& digest) {
  const auto lines = ParseBundleFile(bundle_file, "published lines");
  if (!lines || lines->front().PaeDigest() != digest) return false;
  std::set<Digest> found;
  for (const Bundle& line : *lines) found.insert(line.PaeDigest());
  std::set<Digest> wanted = {digest, release.request, release.intent};
  wanted.insert(release.records.begin(), release.records.end());
  wanted.insert(release.approvals.begin(), release.approvals.end());
  return std::ranges::includes(found, wanted);
}

// The kit is the one that its own line says, of this release.
bool HoldsKit(const std::string& path, const Digest& release) {
  const auto text = ReadFoundFile(LineFile(path), kBundleFileBytesMax);
  if (!text) return false;
  const auto lines = ParseBundleFile(*text, "line of the kit");
  if (!lines || lines->size() != 1) return false;
  const auto entry = ParseStatementAs<KitEntry>(lines->front().envelope.payload, "kit entry");
  const auto file = DigestOfFoundFile(path);
  return entry && file && entry->release == release && entry->file == BaseName(path) &&
         entry->digest == file->digest && entry->size == file->size;
}

}  // namespace

std::string PublishedTree::Target(const std::string& product, const std::string& version) const {
  return JoinPath(JoinPath(directory_, product), version);
}

bool PublishedTree::Holds(const Release& release, const Digest& digest) const {
  const auto view = ViewManifest(release.manifest);
  if (!view || release.artifacts.empty()) return false;
  const std::string target = Target(view->product, view->version);
  std::optional<std::string> lines;
  for (const Artifact& artifact : release.artifacts) {
    const std::string path = JoinPath(target, artifact.name);
    const auto found = DigestOfFoundFile(path);
    if (!found || found->digest != artifact.digest || found->size != artifact.size) return false;
    for (const std::string& place :
         {LineFile(path), JoinPath(directory_, LineFile("by-digest/" + artifact.digest.Hex()))}) {
      const auto text = ReadFoundFile(place, kBundleFileBytesMax);
      if (!text || (lines && *lines != *text)) return false;
      lines = *text;
    }
  }
  return NamesLinesOf(*lines, release, digest) &&
         HoldsKit(JoinPath(target, view->product + "-" + view->version + ".farmkit"), digest);
}

Status PublishedTree::Prepare(const std::string& product) {
  RETURN_IF_ERROR(files_.MakeDirectory(directory_));
  for (const std::string& name :
       {product, std::string("root"), std::string("by-digest"), std::string(kPartial)}) {
    RETURN_IF_ERROR(CheckComponent(name == kPartial ? "partial" : name));
    RETURN_IF_ERROR(files_.MakeDirectory(JoinPath(directory_, name)));
  }
  return files_.SyncDirectory(directory_);
}

Status PublishedTree::WriteIfDifferent(const std::string& path, const std::string& bytes) {
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string old, ReadFoundFile(path, kBundleFileBytesMax));
    if (old == bytes) return {};
  }
  return PutFile(path, bytes);
}

// By way of .partial, so that a crash leaves nothing half-written where people look.
Status PublishedTree::PutFile(const std::string& path, const std::string& bytes) {
  const std::string partial =
      JoinPath(directory_, std::string(kPartial) + "/" + Sha256(path).Hex() + ".file");
  RETURN_IF_ERROR(WriteSynced(files_, partial, bytes));
  RETURN_IF_ERROR(files_.Rename(partial, path));
  return files_.SyncDirectory(DirectoryName(path));
}

Status PublishedTree::WriteRoots(const TrustRoot& root, const std::string& root_bytes) {
  RETURN_IF_ERROR(Prepare("root"));
  const std::string path = JoinPath(directory_, "root/" + std::to_string(root.version) + ".json");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(const std::string old, ReadFoundFile(path, kTrustRootBytesMax));
    if (old != root_bytes) {
      return Error{ErrorCode::kMismatch,
                   path + " is another root of the same version; a root file is never replaced"};
    }
  }
  ASSIGN_OR_RETURN(const bool newer, HasNewerRoot(DirectoryName(path), root.version));
  if (newer) return {};
  RETURN_IF_ERROR(WriteIfDifferent(path, root_bytes));
  RETURN_IF_ERROR(
      WriteIfDifferent(JoinPath(directory_, "trusted_root.json"), WriteSigstoreTrustedRoot(root)));
  return WriteIfDifferent(JoinPath(directory_, "keyring.json"), WriteSigstoreKeyring(root));
}

Status PublishedTree::CopyBlob(const Artifact& artifact, const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, CreateAnew(files_, path));
  RETURN_IF_ERROR(
      store_.Get(artifact.digest, [&](std::string_view piece) { return file->Append(piece); }));
  RETURN_IF_ERROR(file->Sync());
  const mode_t mode = artifact.mode == "0755" ? 0755 : 0644;
  if (chmod(path.c_str(), mode) != 0) {
    return Error{ErrorCode::kUnavailable, "chmod " + path + ": " + std::strerror(errno)};
  }
  return {};
}

// What stands there already is this release, whole.
Status PublishedTree::CheckPublished(const Publication& publication) const {
  const std::string target = Target(publication.product, publication.version);
  for (const Artifact& artifact : publication.artifacts) {
    const std::string path = JoinPath(target, artifact.name);
    const auto found = DigestOfFoundFile(path);
    const auto lines = ReadFoundFile(LineFile(path), kBundleFileBytesMax);
    if (!found || found->digest != artifact.digest || !lines || *lines != publication.bundle_file) {
      return Error{ErrorCode::kMismatch,
                   target + " is there and is not this release (" + artifact.name +
                       " differs); farmd never replaces what is published: move it away"};
    }
  }
  return {};
}

Status PublishedTree::Publish(const Publication& publication) {
  for (const std::string& name : {publication.product, publication.version}) {
    RETURN_IF_ERROR(CheckComponent(name));
  }
  for (const Artifact& one : publication.artifacts) RETURN_IF_ERROR(CheckComponent(one.name));
  RETURN_IF_ERROR(Prepare(publication.product));
  ASSIGN_OR_RETURN(const std::string proof, ProofOf(publication.bundle_file));
  const std::string target = Target(publication.product, publication.version);
  if (FileExists(target)) {
    RETURN_IF_ERROR(CheckPublished(publication));
  } else {
    const std::string partial =
        JoinPath(directory_, std::string(kPartial) + "/" + Sha256(publication.bundle_file).Hex());
    RETURN_IF_ERROR(RemoveTree(partial));
    RETURN_IF_ERROR(files_.MakeDirectory(partial));
    for (const Artifact& artifact : publication.artifacts) {
      const std::string path = JoinPath(partial, artifact.name);
      RETURN_IF_ERROR(CopyBlob(artifact, path));
      RETURN_IF_ERROR(WriteSynced(files_, LineFile(path), publication.bundle_file));
      RETURN_IF_ERROR(WriteSynced(files_, ProofFile(path), proof));
    }
    RETURN_IF_ERROR(files_.SyncDirectory(partial));
    RETURN_IF_ERROR(files_.Rename(partial, target));
  }
  RETURN_IF_ERROR(files_.SyncDirectory(DirectoryName(target)));
  for (const Artifact& artifact : publication.artifacts) {
    const std::string by_digest = JoinPath(directory_, "by-digest/" + artifact.digest.Hex());
    RETURN_IF_ERROR(WriteIfDifferent(LineFile(by_digest), publication.bundle_file));
    RETURN_IF_ERROR(WriteIfDifferent(ProofFile(by_digest), proof));
    // What an older farmd has published has none.
    RETURN_IF_ERROR(WriteIfDifferent(ProofFile(JoinPath(target, artifact.name)), proof));
  }
  return {};
}

Result<KitFacts> PublishedTree::AddKit(const Publication& publication, const KitOrder& order,
                                       KitMaker& maker) {
  KitFacts kit;
  kit.name = publication.product + "-" + publication.version + ".farmkit";
  RETURN_IF_ERROR(Prepare(publication.product));
  const std::string partial = JoinPath(
      directory_, std::string(kPartial) + "/" + Sha256(publication.bundle_file).Hex() + ".kit");
  Sha256Stream hash;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, CreateAnew(files_, partial));
    RETURN_IF_ERROR(maker.WriteKit(order, store_, [&](std::string_view piece) {
      hash.Update(piece);
      kit.size += piece.size();
      return file->Append(piece);
    }));
    RETURN_IF_ERROR(file->Sync());
  }
  kit.digest = hash.Finish();
  const std::string target = Target(publication.product, publication.version);
  RETURN_IF_ERROR(files_.Rename(partial, JoinPath(target, kit.name)));
  RETURN_IF_ERROR(files_.SyncDirectory(target));
  return kit;
}

Status PublishedTree::AddKitLine(const Publication& publication, const KitFacts& kit,
                                 const std::string& line) {
  const std::string path = JoinPath(Target(publication.product, publication.version), kit.name);
  ASSIGN_OR_RETURN(const std::string proof, ProofOf(line));
  RETURN_IF_ERROR(WriteIfDifferent(ProofFile(path), proof));
  return WriteIfDifferent(LineFile(path), line + "\n");
}

}  // namespace farm
