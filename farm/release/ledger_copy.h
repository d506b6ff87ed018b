// LedgerCopy: the rows of every release once more, outside the database.  The log keeps no time
// stamps, no approvals that were not carried yet, no cancellations, and not which intent the signer
// was asked about; the copy does, so a farmd with a new database goes on with every release where
// it stood, and what the signer has signed is finished once.
//   DIR/<hex sha256 of the release's id>.json   canonical JSON, always replaced as a whole:
//     {"format":"farm-rows/1","release":ID,
//      "rows":[{"digest":DIGEST,"key":KEY,"kind":KIND,"note":NOTE},...]}     sorted by kind, key
//   A payload is a blob of the store under its digest; the digest is "" where there is none.
// Rows are only ever added, and the first one of a kind and key stays: ledger and copy are two
// sets, united at every start.  Where they differ in one row the ledger's counts.
//
// What comes back after the loss of
//   the database             everything, from the copy
//   database and copy        from the log: dissents, and releases that the published tree holds
//                            whole; a release that it does not hold comes from a mirror of the tree
//                            or is made again under another version.  Requests and approvals are
//                            asked for again (`farm release`, `farm audit approve`); who has
//                            withdrawn a release may do it once more.  If the signer had signed and
//                            nobody logged it, it gives that answer to every other intent of the
//                            manifest, and releases the version by no other one: submit it with
//                            another version (after a dissent: another revision).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/release/ledger.h"
#include "farm/store/blob_store.h"

namespace farm {

constexpr std::size_t kCopyBytesMax = 16 << 20;  // a release has some 30 rows, 300 bytes each
constexpr std::size_t kCopyRowsMax = 100'000;

// A file of the copy as a value.
struct CopiedRow {
  std::string kind;
  std::string key;
  std::string note;
  std::string digest;  // of the payload, as it is written; "" where there is none
  friend bool operator==(const CopiedRow&, const CopiedRow&) = default;
};
struct CopiedRelease {
  std::string id;
  std::vector<CopiedRow> rows;
  friend bool operator==(const CopiedRelease&, const CopiedRelease&) = default;
};
// Pure.  Errors: kInvalidInput, kLimitExceeded, naming `where` and the field.
Result<CopiedRelease> ParseCopiedRelease(std::string_view text, const std::string& where);
std::string WriteCopiedRelease(const CopiedRelease& copied);

// Thread-safe but for Unite.  Errors: kUnavailable exit 30 (I/O, disk full).
class LedgerCopy {
 public:
  // Makes `directory`, whose parent must exist.  `files` and `store` outlive this.
  static Result<std::unique_ptr<LedgerCopy>> Open(FileSystem& files, BlobStore& store,
                                                  std::string directory);

  // Afterwards ledger and copy have the same rows.  Before anybody else uses `ledger`.
  // Errors: kInvalidInput (a file that is no copy), kNotFound (a payload is not in the store), each
  // naming the file.
  Status Unite(Ledger& ledger);
  // Keeps all rows of a release.  Durable when it has succeeded.
  Status Keep(const std::string& release, const std::vector<Effect>& rows, const Ledger& ledger);

 private:
  LedgerCopy(FileSystem& files, BlobStore& store, std::string directory)
      : files_(files), store_(store), directory_(std::move(directory)) {}
  std::string PathOf(const std::string& release) const;
  Status Restore(const std::string& path, Ledger& ledger);

  FileSystem& files_;
  BlobStore& store_;
  const std::string directory_;
};

}  // namespace farm
