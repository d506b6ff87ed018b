// What an auditor checks for himself before he signs: every raw input, and what each source is when
// it is unpacked.
#pragma once

#include <vector>

#include "farm/base/result.h"
#include "farm/cli/inputs.h"
#include "farm/cli/output.h"
#include "farm/source/source.h"
#include "farm/store/blob_store.h"
#include "farm/store/tree.h"

namespace farm {

// Hashes every raw input again, from its bytes in the store.
// Errors: exit 22 naming the first input that is missing, or that has other bytes or another size
// than the manifest or its lock says.
Status HashInputs(const ReadManifest& read, const BlobStore& store, const Output& output);

// Unpacks every source and compares what it is with what the manifest says: its tree, and for a
// source from git also the SHA-1 tree, by which people look the commit up elsewhere.  (The commit
// itself is not in the files, so it is checked by `farm source import` alone.)
// Returns the identities in the order of the sources.
// Errors: kMismatch exit 22 naming the source, what it is and what was wanted; the unpacker's.
Result<std::vector<TreeIdentity>> IdentifySources(const std::vector<ManifestSource>& sources,
                                                  const Unpacker& unpack);

}  // namespace farm
