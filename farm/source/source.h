// Sources into the store, with their identities: importers for a Debian source package, an archive,
// a git commit and a directory, and the way to have every raw file of a manifest at hand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/result.h"
#include "farm/manifest/manifest.h"
#include "farm/store/blob_store.h"
#include "farm/store/tree.h"

namespace farm {

// A source as a manifest names it; its raw files are in the store.
struct ImportedSource {
  ManifestSource source;  // name, tree, files, origin: ready for a manifest
  TreeIdentity tree;      // both identities; tree.Swhid() for people
};

// Unpacks a source from its files (in the store) with the toolchain's own dpkg-source or tar in
// the sandbox, exactly as a step's prepare does, and identifies the tree.  farm/execute has one:
// SandboxUnpacker.
using Unpacker = std::function<Result<TreeIdentity>(const ManifestSource&)>;

// A .dsc and the files it lists (Checksums-Sha256), all in the .dsc's directory.  A clear-signed
// .dsc is taken; its signature is not what we trust.
// Errors: kInvalidInput (not a .dsc), kMismatch exit 22 (a file with another digest or size),
// kNotFound exit 22 (a file is missing, named), the unpacker's.
Result<ImportedSource> ImportDebian(const std::string& name, const std::string& dsc_path,
                                    BlobStore& blobs, const Unpacker& unpack);

// One archive file (tar, plain or compressed), all of it below one first directory.  Every entry is
// checked by ReadArchive's rules before anything is unpacked.
Result<ImportedSource> ImportArchive(const std::string& name, const std::string& path,
                                     const std::string& url, BlobStore& blobs,
                                     const Unpacker& unpack);

// A directory of this machine: becomes a canonical tar with every time `mtime` (the manifest's
// source_date_epoch).  Errors: what CheckTreeAdmissible refuses, by name.
Result<ImportedSource> ImportDirectory(const std::string& name, const std::string& path,
                                       UnixSeconds mtime, BlobStore& blobs);

// One commit (SHA-1, 40 hex) of a repository of this machine, bare or not; never a remote.  Read
// with libgit2; every object's id is checked; becomes a canonical tar as a directory does.
// `.gitattributes` change nothing.  Errors: kNotFound (no such commit), kMismatch (an object that
// is not what its id says), kInvalidInput (submodule, or what CheckTreeAdmissible refuses).
struct GitCommit {
  std::string repository;  // path
  std::string commit;
  std::string url;  // for people
};
Result<ImportedSource> ImportGit(const std::string& name, const GitCommit& commit,
                                 UnixSeconds mtime, BlobStore& blobs);

// Gets the files of a Debian source into `directory`, each under its name, as well as it can, e.g.
// with farm/toolchain's FetchDebianSource; kNotFound is taken as "not all".  May be empty: nothing
// is fetched.
using DebianFetch = std::function<Status(const DebianOrigin&, const std::string& directory)>;

// Puts every raw file of the manifest into `blobs`: what is there stays; else a file of that digest
// in one of `search_directories` (by name, then by size and digest); else `fetch`.
// Errors: kNotFound exit 22, naming each missing file and its source; kUnavailable.
Status FetchSourceFiles(const Manifest& manifest, BlobStore& blobs,
                        const std::vector<std::string>& search_directories,
                        const DebianFetch& fetch);

}  // namespace farm
