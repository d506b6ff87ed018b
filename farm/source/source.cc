#include "farm/source/source.h"

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/source/debian_control.h"
#include "farm/store/archive.h"

namespace farm {
namespace {

Error Missing(Error error) {
  error.exit = ExitCode::kInputMissing;
  return error;
}

// The identities, once the source's files are in the store.
Result<ImportedSource> Identified(ManifestSource source, const Unpacker& unpack) {
  auto identity = unpack(source);
  if (!identity) return Wrap("importing " + source.name, identity.error());
  source.tree = identity->sha256;
  return ImportedSource{std::move(source), *identity};
}

// Errors name the file: missing, or not what the .dsc says.
Status PutListedFile(const SourceFile& file, const std::string& directory, BlobStore& blobs) {
  const std::string path = JoinPath(directory, file.name);
  const auto size = FileSize(path);
  if (!size) return Missing(size.error());
  if (*size != file.size) {
    return Error{ErrorCode::kMismatch, path + " has " + std::to_string(*size) +
                                           " bytes, the .dsc says " + std::to_string(file.size)};
  }
  RETURN_IF_ERROR(blobs.PutFileAs(path, file.digest));
  return {};
}

// All of an archive lies below one directory: `tar --strip-components=1` would drop the rest.
Status CheckOneTop(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<ArchiveEntry> entries, ListArchive(path));
  std::string top;
  for (const ArchiveEntry& entry : entries) {
    const std::size_t slash = entry.path.find('/');
    const std::string first = entry.path.substr(0, slash);
    if (slash == std::string::npos && entry.kind != EntryKind::kDirectory) {
      return Error{ErrorCode::kInvalidInput, path + ": entry " + Printable(entry.path, 200) +
                                                 " lies beside the first directory"};
    }
    if (!top.empty() && first != top) {
      return Error{ErrorCode::kInvalidInput, path + ": two first directories, " +
                                                 Printable(top, 200) + " and " +
                                                 Printable(first, 200) + ", want one"};
    }
    top = first;
  }
  if (top.empty()) return Error{ErrorCode::kInvalidInput, path + ": the archive is empty"};
  return {};
}

}  // namespace

Result<ImportedSource> ImportDebian(const std::string& name, const std::string& dsc_path,
                                    BlobStore& blobs, const Unpacker& unpack) {
  auto text = ReadFile(dsc_path, kDscBytesMax);
  if (!text)
    return text.error().code == ErrorCode::kNotFound ? Missing(text.error()) : text.error();
  ASSIGN_OR_RETURN(const DebianControl control, ParseDsc(*text, dsc_path));
  ASSIGN_OR_RETURN(const StoredBlob dsc, blobs.PutBytes(*text));
  ManifestSource source;
  source.name = name;
  source.origin = DebianOrigin{control.source, control.version};
  source.files = {{BaseName(dsc_path), dsc.digest, dsc.size}};
  for (const SourceFile& file : control.files) {
    RETURN_IF_ERROR(PutListedFile(file, DirectoryName(dsc_path), blobs));
    source.files.push_back(file);
  }
  return Identified(std::move(source), unpack);
}

Result<ImportedSource> ImportArchive(const std::string& name, const std::string& path,
                                     const std::string& url, BlobStore& blobs,
                                     const Unpacker& unpack) {
  // The store's copy is what is looked at and unpacked: `path` may change meanwhile.
  ASSIGN_OR_RETURN(const StoredBlob blob, blobs.PutFile(path));
  if (auto checked = CheckOneTop(blobs.PathOf(blob.digest)); !checked) {
    return Wrap("importing " + path, checked.error());
  }
  ManifestSource source;
  source.name = name;
  source.origin = ArchiveOrigin{url};
  source.files = {{BaseName(path), blob.digest, blob.size}};
  return Identified(std::move(source), unpack);
}

Result<ImportedSource> ImportDirectory(const std::string& name, const std::string& path,
                                       UnixSeconds mtime, BlobStore& blobs) {
  if (auto admissible = CheckTreeAdmissibleAt(path); !admissible) {
    return Wrap("importing " + path, admissible.error());
  }
  ASSIGN_OR_RETURN(const TreeIdentity before, IdentifyTreeAt(path));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, blobs.NewWriter());
  RETURN_IF_ERROR(WriteTarOfDirectory(
      path, mtime, [&](std::string_view bytes) { return writer->Append(bytes); }));
  ASSIGN_OR_RETURN(const StoredBlob blob, writer->Commit());
  // What was read into the tar is what was checked, or neither counts.
  ASSIGN_OR_RETURN(const TreeIdentity after, IdentifyTreeAt(path));
  if (before != after) {
    return Error{ErrorCode::kUnavailable, path + " changed while it was imported; try again"};
  }
  ManifestSource source;
  source.name = name;
  source.tree = before.sha256;
  source.origin = DirectoryOrigin{path};
  source.files = {{name + ".tar", blob.digest, blob.size}};
  return ImportedSource{std::move(source), before};
}

}  // namespace farm
