#include "farm/store/blob_store.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr std::string_view kFormat = "farm-store/1\n";

std::string BlobsDirectory(const std::string& store) { return JoinPath(store, "blobs"); }
std::string PartialDirectory(const std::string& store) { return JoinPath(store, "partial"); }
std::string ShardDirectory(const std::string& store, const std::string& hex) {
  return JoinPath(BlobsDirectory(store), hex.substr(0, 2));
}

Error NoSuchBlob(const Digest& digest) {
  return Error{ErrorCode::kNotFound, "no blob " + digest.Text() + " in the store"};
}

// Unique among all writers of all processes, and after a crash.
std::string PartialName() {
  static std::atomic<unsigned> serial{0};
  return std::to_string(getpid()) + "." + std::to_string(++serial) + "." +
         HexEncode(RandomBytes(8));
}

Status MakeStore(FileSystem& files, const std::string& directory) {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  RETURN_IF_ERROR(files.SyncDirectory(DirectoryName(directory)));
  RETURN_IF_ERROR(files.MakeDirectory(PartialDirectory(directory)));
  RETURN_IF_ERROR(files.MakeDirectory(BlobsDirectory(directory)));
  for (int shard = 0; shard < 256; ++shard) {
    const std::string name = HexEncode(std::string(1, static_cast<char>(shard)));
    RETURN_IF_ERROR(files.MakeDirectory(JoinPath(BlobsDirectory(directory), name)));
  }
  RETURN_IF_ERROR(files.SyncDirectory(BlobsDirectory(directory)));
  // Last, so that a store with a format is whole; this syncs `directory` too.
  return WriteDurably(files, JoinPath(directory, "format"), kFormat);
}

}  // namespace

BlobWriter::BlobWriter(const BlobStore& store, std::string path, std::unique_ptr<WritableFile> file)
    : store_(store), path_(std::move(path)), file_(std::move(file)) {}

BlobWriter::~BlobWriter() {
  if (path_.empty()) return;
  file_.reset();
  (void)store_.files_.Remove(path_);
}

Status BlobWriter::Append(std::string_view piece) {
  CHECK(file_ != nullptr);
  hash_.Update(piece);
  size_ += piece.size();
  return file_->Append(piece);
}

Result<StoredBlob> BlobWriter::Commit() {
  CHECK(file_ != nullptr);
  return Publish(hash_.Finish());
}

Result<StoredBlob> BlobWriter::CommitAs(const Digest& expected) {
  CHECK(file_ != nullptr);
  const Digest found = hash_.Finish();
  if (found != expected) {
    return Error{ErrorCode::kMismatch, "the bytes are " + found.Text() + " (" +
                                           std::to_string(size_) + " bytes), want " +
                                           expected.Text()};
  }
  return Publish(found);
}

Result<StoredBlob> BlobWriter::Publish(const Digest& digest) {
  RETURN_IF_ERROR(file_->Sync());
  file_.reset();
  // Over a blob that is there already: the same bytes, or what a bad disk has left of them.
  const std::string place = store_.PathOf(digest);
  RETURN_IF_ERROR(store_.files_.Rename(path_, place));
  path_.clear();
  RETURN_IF_ERROR(store_.files_.SyncDirectory(DirectoryName(place)));
  return StoredBlob{digest, size_};
}

BlobStore::BlobStore(FileSystem& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

Result<std::unique_ptr<BlobStore>> BlobStore::Open(FileSystem& files,
                                                   const std::string& directory) {
  const std::string format_path = JoinPath(directory, "format");
  if (!FileExists(format_path)) {
    if (auto made = MakeStore(files, directory); !made) {
      return Wrap("making store " + directory, made.error());
    }
  }
  ASSIGN_OR_RETURN(const std::string format, ReadFile(format_path, 4096));
  if (format != kFormat) {
    return Error{ErrorCode::kInvalidInput,
                 format_path + ": found " + Printable(format, 40) + ", want farm-store/1"};
  }
  return std::unique_ptr<BlobStore>(new BlobStore(files, directory));
}

Result<std::unique_ptr<BlobWriter>> BlobStore::NewWriter() {
  const std::string path = JoinPath(PartialDirectory(directory_), PartialName());
  ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file, files_.Create(path, false));
  return std::unique_ptr<BlobWriter>(new BlobWriter(*this, path, std::move(file)));
}

Result<StoredBlob> BlobStore::PutBytes(std::string_view bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, NewWriter());
  RETURN_IF_ERROR(writer->Append(bytes));
  return writer->Commit();
}

Result<StoredBlob> BlobStore::PutFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, NewWriter());
  RETURN_IF_ERROR(
      ReadFileInPieces(path, [&](std::string_view piece) { return writer->Append(piece); }));
  return writer->Commit();
}

Result<StoredBlob> BlobStore::PutFileAs(const std::string& path, const Digest& expected) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, NewWriter());
  RETURN_IF_ERROR(
      ReadFileInPieces(path, [&](std::string_view piece) { return writer->Append(piece); }));
  auto stored = writer->CommitAs(expected);
  if (!stored) return Wrap(path, stored.error());
  return stored;
}

Status BlobStore::Get(const Digest& digest, const ByteSink& sink) const {
  if (!Has(digest)) return NoSuchBlob(digest);
  Sha256Stream hash;
  RETURN_IF_ERROR(ReadFileInPieces(PathOf(digest), [&](std::string_view piece) {
    hash.Update(piece);
    return sink(piece);
  }));
  const Digest found = hash.Finish();
  if (found == digest) return {};
  return Error{ErrorCode::kMismatch, "blob " + digest.Text() + " has changed on disk: it is " +
                                         found.Text() + " now; remove " + PathOf(digest) +
                                         " and put it again"};
}

Result<std::string> BlobStore::GetBytes(const Digest& digest, std::uint64_t bytes_max) const {
  std::string bytes;
  RETURN_IF_ERROR(Get(digest, [&](std::string_view piece) -> Status {
    if (bytes.size() + piece.size() > bytes_max) {
      return Error{ErrorCode::kLimitExceeded, "blob " + digest.Text() + " has more than " +
                                                  std::to_string(bytes_max) + " bytes"};
    }
    bytes += piece;
    return {};
  }));
  return bytes;
}

bool BlobStore::Has(const Digest& digest) const { return FileExists(PathOf(digest)); }

Result<std::uint64_t> BlobStore::Size(const Digest& digest) const {
  if (!Has(digest)) return NoSuchBlob(digest);
  return FileSize(PathOf(digest));
}

std::string BlobStore::PathOf(const Digest& digest) const {
  const std::string hex = digest.Hex();
  return JoinPath(ShardDirectory(directory_, hex), hex);
}

Result<std::vector<Digest>> BlobStore::List() const {
  std::vector<Digest> digests;
  ASSIGN_OR_RETURN(const std::vector<std::string> shards,
                   ListDirectory(BlobsDirectory(directory_)));
  for (const std::string& shard : shards) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names,
                     ListDirectory(JoinPath(BlobsDirectory(directory_), shard)));
    for (const std::string& name : names) {
      auto digest = Digest::ParseHex(name);
      if (!digest) return Wrap("store " + directory_ + ": stray file " + name, digest.error());
      digests.push_back(*digest);
    }
  }
  return digests;
}

Status BlobStore::Remove(const Digest& digest) {
  if (!Has(digest)) return NoSuchBlob(digest);
  RETURN_IF_ERROR(files_.Remove(PathOf(digest)));
  return files_.SyncDirectory(DirectoryName(PathOf(digest)));
}

Status BlobStore::RemovePartial() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   ListDirectory(PartialDirectory(directory_)));
  for (const std::string& name : names) {
    RETURN_IF_ERROR(files_.Remove(JoinPath(PartialDirectory(directory_), name)));
  }
  return {};
}

}  // namespace farm
