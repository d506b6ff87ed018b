#include "farm/release/ledger_copy.h"

#include <algorithm>
#include <utility>

#include "farm/crypto/hash.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::string_view kFormat = "farm-rows/1";
constexpr std::string_view kEnding = ".json";

CopiedRelease CopyOf(const std::string& release, const std::vector<Effect>& rows) {
  CopiedRelease copied{release, {}};
  for (const Effect& row : rows) {
    copied.rows.push_back(
        {row.kind, row.key, row.note, row.digest.IsZero() ? "" : row.digest.Text()});
  }
  return copied;
}

}  // namespace

Result<CopiedRelease> ParseCopiedRelease(std::string_view text, const std::string& where) {
  ASSIGN_OR_RETURN(const Json json, ParseJson(text, where, kCopyBytesMax));
  JsonFields fields(json, where);
  CopiedRelease copied;
  fields.Format(kFormat);
  copied.id = fields.String("release");
  for (const Json& one : fields.Array("rows", kCopyRowsMax)) {
    JsonFields row(one, fields.Where("rows"));
    CopiedRow copy;
    copy.digest = row.String("digest");
    copy.key = row.String("key");
    copy.kind = row.String("kind");
    copy.note = row.String("note");
    RETURN_IF_ERROR(row.Finish());
    copied.rows.push_back(std::move(copy));
  }
  RETURN_IF_ERROR(fields.Finish());
  return copied;
}

std::string WriteCopiedRelease(const CopiedRelease& copied) {
  Json list = Json::array();
  for (const CopiedRow& row : copied.rows) {
    list.push_back(
        {{"digest", row.digest}, {"key", row.key}, {"kind", row.kind}, {"note", row.note}});
  }
  return WriteCanonicalJson({{"format", kFormat}, {"release", copied.id}, {"rows", list}});
}

Result<std::unique_ptr<LedgerCopy>> LedgerCopy::Open(FileSystem& files, BlobStore& store,
                                                     std::string directory) {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  for (const std::string& name : names) {  // what a crash left half-written
    if (!name.ends_with(kEnding)) RETURN_IF_ERROR(files.Remove(JoinPath(directory, name)));
  }
  return std::unique_ptr<LedgerCopy>(new LedgerCopy(files, store, std::move(directory)));
}

std::string LedgerCopy::PathOf(const std::string& release) const {
  return JoinPath(directory_, Sha256(release).Hex() + std::string(kEnding));
}

Status LedgerCopy::Restore(const std::string& path, Ledger& ledger) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kCopyBytesMax));
  ASSIGN_OR_RETURN(const CopiedRelease copied, ParseCopiedRelease(text, path));
  if (PathOf(copied.id) != path) {
    return Error{ErrorCode::kInvalidInput, path + ": release: the file has another one's name"};
  }
  ASSIGN_OR_RETURN(const std::vector<Effect> known, ledger.Rows(copied.id));
  std::vector<NewEffect> lost;
  for (const CopiedRow& row : copied.rows) {
    const bool there = std::ranges::any_of(
        known, [&](const Effect& one) { return one.kind == row.kind && one.key == row.key; });
    if (there) continue;
    NewEffect effect{row.kind, row.key, row.note, ""};
    if (!row.digest.empty()) {
      ASSIGN_OR_RETURN(const Digest digest, Digest::Parse(row.digest));
      ASSIGN_OR_RETURN(effect.payload, store_.GetBytes(digest, kPayloadBytesMaxInLedger));
    }
    lost.push_back(std::move(effect));
  }
  return lost.empty() ? Status() : ledger.Insert(copied.id, lost);
}

Status LedgerCopy::Unite(Ledger& ledger) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory_));
  for (const std::string& name : names) {
    const std::string path = JoinPath(directory_, name);
    if (Status status = Restore(path, ledger); !status) {
      if (status.error().code == ErrorCode::kUnavailable) return status.error();
      return Wrap(
          "the copy of the database's rows cannot be read; bring file or blob back from a "
          "backup, or move the file away (then only the log knows of that release): " +
              path,
          status.error());
    }
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> releases, ledger.Releases());
  for (const std::string& release : releases) {
    ASSIGN_OR_RETURN(const std::vector<Effect> rows, ledger.Rows(release));
    RETURN_IF_ERROR(Keep(release, rows, ledger));
  }
  return {};
}

Status LedgerCopy::Keep(const std::string& release, const std::vector<Effect>& rows,
                        const Ledger& ledger) {
  const std::string path = PathOf(release);
  const std::string text = WriteCopiedRelease(CopyOf(release, rows));
  if (text.size() > kCopyBytesMax) {
    return Error{ErrorCode::kLimitExceeded, release + ": its rows have " +
                                                std::to_string(text.size()) + " bytes, at most " +
                                                std::to_string(kCopyBytesMax)};
  }
  if (FileExists(path)) {
    const auto old = ReadFile(path, kCopyBytesMax);
    if (old && *old == text) return {};
  }
  for (const Effect& row : rows) {
    if (row.digest.IsZero() || store_.Has(row.digest)) continue;
    ASSIGN_OR_RETURN(const std::string payload, ledger.Payload(row.digest));
    RETURN_IF_ERROR(store_.PutBytes(payload));
  }
  return WriteDurably(files_, path, text);
}

}  // namespace farm
