#include "farm/release/ledger.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/file_lock.h"
#include "farm/base/mutex.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr int kLedgerFormat = 1;  // PRAGMA user_version
constexpr char kSchema[] =
    "CREATE TABLE effects (release TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " epoch INTEGER NOT NULL, digest TEXT NOT NULL, note TEXT NOT NULL,"
    " PRIMARY KEY (release, kind, key)) WITHOUT ROWID;"
    "CREATE TABLE payloads (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL);"
    "PRAGMA user_version = 1;";

struct DatabaseCloser {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct StatementCloser {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, DatabaseCloser>;
using Query = std::unique_ptr<sqlite3_stmt, StatementCloser>;

std::string TextColumn(sqlite3_stmt* query, int column) {
  const auto* text = static_cast<const char*>(sqlite3_column_blob(query, column));
  return text == nullptr
             ? std::string()
             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(query, column)));
}

}  // namespace

struct Ledger::State {
 public:
  State(FileLock lock, Database database, const LedgerOptions& options)
      : lock_(std::move(lock)),
        where_(JoinPath(options.directory, "farm.db")),
        fault_(options.fault_for_test),
        database_(std::move(database)) {}

  Status Begin(FileSystem& files, const LedgerOptions& options);

  std::uint64_t epoch() const { return epoch_; }
  bool broken() const {
    MutexLock lock(mutex_);
    return broken_;
  }
  Status Insert(const std::string& release, const std::vector<NewEffect>& effects);
  Result<std::vector<Effect>> Rows(const std::string& release) const;
  Result<std::vector<std::string>> Releases() const;
  Result<std::string> Payload(const Digest& digest) const;

 private:
  Error Failure(std::string_view doing) const REQUIRES(mutex_) {
    const int code = sqlite3_errcode(database_.get());
    if (code != SQLITE_FULL) broken_ = true;
    return Error{ErrorCode::kUnavailable,
                 std::string(doing) + " " + where_ + ": " + sqlite3_errmsg(database_.get())};
  }
  Status Execute(const char* sql) const REQUIRES(mutex_) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return Failure("writing");
    }
    return {};
  }
  Result<Query> Prepare(const char* sql, const std::vector<std::string_view>& texts) const
      REQUIRES(mutex_);
  Status InsertOne(const std::string& release, const NewEffect& effect) REQUIRES(mutex_);
  Result<std::string> OneValue(const char* sql) const REQUIRES(mutex_);

  const FileLock lock_;
  const std::string where_;
  const std::function<Status(LedgerMoment)> fault_;
  std::uint64_t epoch_ = 0;
  mutable Mutex mutex_;
  const Database database_ GUARDED_BY(mutex_);
  mutable bool broken_ GUARDED_BY(mutex_) = false;
};

Result<Query> Ledger::State::Prepare(const char* sql,
                                     const std::vector<std::string_view>& texts) const {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) {
    return Failure("reading");
  }
  Query query(raw);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (sqlite3_bind_text(raw, static_cast<int>(i) + 1, texts[i].data(),
                          static_cast<int>(texts[i].size()), SQLITE_TRANSIENT) != SQLITE_OK) {
      return Failure("reading");
    }
  }
  return query;
}

Result<std::string> Ledger::State::OneValue(const char* sql) const {
  ASSIGN_OR_RETURN(const Query query, Prepare(sql, {}));
  if (sqlite3_step(query.get()) != SQLITE_ROW) return Failure("reading");
  return TextColumn(query.get(), 0);
}

// Opens or makes the tables; takes the next epoch.
Status Ledger::State::Begin(FileSystem& files, const LedgerOptions& options) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(
      Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = "
              "EXTRA;"));
  // Not moved out of its Result: gcc 12 then takes it for uninitialised.
  const Result<std::string> format = OneValue("PRAGMA user_version");
  if (!format) return format.error();
  if (*format == "0") {
    RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
    RETURN_IF_ERROR(Execute(kSchema));
    RETURN_IF_ERROR(Execute("COMMIT"));
    RETURN_IF_ERROR(files.SyncDirectory(options.directory));
  } else if (*format != std::to_string(kLedgerFormat)) {
    return Error{ErrorCode::kInvalidInput, where_ + ": format " + *format + ", this farmd reads " +
                                               std::to_string(kLedgerFormat)};
  }
  ASSIGN_OR_RETURN(const std::string newest, OneValue("SELECT IFNULL(MAX(epoch), 0) FROM effects"));
  ASSIGN_OR_RETURN(std::uint64_t last, ParseDecimal(newest, INT64_MAX));
  RETURN_IF_ERROR(RemoveUnfinished(files, options.directory));
  const std::string path = JoinPath(options.directory, "epoch");
  if (FileExists(path)) {
    ASSIGN_OR_RETURN(std::string text, ReadFile(path, 64));
    if (text.ends_with('\n')) text.pop_back();
    auto stored = ParseDecimal(text, INT64_MAX);
    if (!stored) return Wrap(path, stored.error());
    last = std::max<std::uint64_t>(last, *stored);
  }
  epoch_ = std::max<std::uint64_t>(last + 1, static_cast<std::uint64_t>(options.now));
  return WriteDurably(files, path, std::to_string(epoch_) + "\n");
}

Status Ledger::State::InsertOne(const std::string& release, const NewEffect& effect) {
  std::string digest;
  if (!effect.payload.empty()) {
    digest = Sha256(effect.payload).Text();
    ASSIGN_OR_RETURN(const Query payload,
                     Prepare("INSERT OR IGNORE INTO payloads VALUES (?1, ?2)", {digest}));
    if (sqlite3_bind_blob64(payload.get(), 2, effect.payload.data(), effect.payload.size(),
                            SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(payload.get()) != SQLITE_DONE) {
      return Failure("writing");
    }
  }
  ASSIGN_OR_RETURN(const Query row,
                   Prepare("INSERT OR IGNORE INTO effects (release, kind, key, digest, note, epoch)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                           {release, effect.kind, effect.key, digest, effect.note}));
  if (sqlite3_bind_int64(row.get(), 6, static_cast<sqlite3_int64>(epoch_)) != SQLITE_OK ||
      sqlite3_step(row.get()) != SQLITE_DONE) {
    return Failure("writing");
  }
  return {};
}

Status Ledger::State::Insert(const std::string& release, const std::vector<NewEffect>& effects) {
  for (const NewEffect& effect : effects) {
    if (effect.payload.size() > kPayloadBytesMaxInLedger) {
      return Error{ErrorCode::kLimitExceeded,
                   release + ": " + effect.kind + " has " + std::to_string(effect.payload.size()) +
                       " bytes, at most " + std::to_string(kPayloadBytesMaxInLedger)};
    }
  }
  MutexLock lock(mutex_);
  if (broken_) {
    return Error{ErrorCode::kUnavailable,
                 where_ +
                     ": an earlier write failed and nobody knows what is on the disk; look at "
                     "the disk, then start farmd again"};
  }
  if (fault_) RETURN_IF_ERROR(fault_(LedgerMoment::kBeforeCommit));
  RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  for (const NewEffect& effect : effects) {
    if (Status status = InsertOne(release, effect); !status) {
      sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      return status;
    }
  }
  if (Status status = Execute("COMMIT"); !status) {
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return status;
  }
  if (fault_) RETURN_IF_ERROR(fault_(LedgerMoment::kAfterCommit));
  return {};
}

Result<std::vector<Effect>> Ledger::State::Rows(const std::string& release) const {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const Query query,
                   Prepare("SELECT kind, key, epoch, digest, note FROM effects WHERE release = ?1"
                           " ORDER BY kind, key",
                           {release}));
  std::vector<Effect> rows;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(query.get())) == SQLITE_ROW) {
    Effect row;
    row.kind = TextColumn(query.get(), 0);
    row.key = TextColumn(query.get(), 1);
    row.epoch = static_cast<std::uint64_t>(sqlite3_column_int64(query.get(), 2));
    if (const std::string digest = TextColumn(query.get(), 3); !digest.empty()) {
      auto parsed = Digest::Parse(digest);
      if (!parsed) return Wrap(where_, parsed.error());
      row.digest = *parsed;
    }
    row.note = TextColumn(query.get(), 4);
    rows.push_back(std::move(row));
  }
  if (code != SQLITE_DONE) return Failure("reading");
  return rows;
}

Result<std::vector<std::string>> Ledger::State::Releases() const {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const Query query,
                   Prepare("SELECT DISTINCT release FROM effects ORDER BY release", {}));
  std::vector<std::string> releases;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(query.get())) == SQLITE_ROW) {
    releases.push_back(TextColumn(query.get(), 0));
  }
  if (code != SQLITE_DONE) return Failure("reading");
  return releases;
}

Result<std::string> Ledger::State::Payload(const Digest& digest) const {
  MutexLock lock(mutex_);
  const std::string name = digest.Text();
  ASSIGN_OR_RETURN(const Query query,
                   Prepare("SELECT bytes FROM payloads WHERE digest = ?1", {name}));
  const int code = sqlite3_step(query.get());
  if (code == SQLITE_DONE) {
    return Error{ErrorCode::kNotFound, where_ + ": no payload " + name};
  }
  if (code != SQLITE_ROW) return Failure("reading");
  std::string bytes = TextColumn(query.get(), 0);
  if (Sha256(bytes) != digest) {
    broken_ = true;
    return Error{ErrorCode::kMismatch,
                 where_ + ": payload " + name +
                     " has changed on the disk; move the database away, farmd "
                     "rebuilds it from the log"};
  }
  return bytes;
}

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::~Ledger() = default;
std::uint64_t Ledger::epoch() const { return state_->epoch(); }
bool Ledger::broken() const { return state_->broken(); }
Status Ledger::Insert(const std::string& release, const std::vector<NewEffect>& effects) {
  return state_->Insert(release, effects);
}
Result<std::vector<Effect>> Ledger::Rows(const std::string& release) const {
  return state_->Rows(release);
}
Result<std::vector<std::string>> Ledger::Releases() const { return state_->Releases(); }
Result<std::string> Ledger::Payload(const Digest& digest) const { return state_->Payload(digest); }

Result<std::unique_ptr<Ledger>> Ledger::Open(FileSystem& files, const LedgerOptions& options) {
  RETURN_IF_ERROR(files.MakeDirectory(options.directory));
  ASSIGN_OR_RETURN(FileLock lock,
                   FileLock::Take(JoinPath(options.directory, "lock"),
                                  "another farmd runs on this directory; stop it, or give this one "
                                  "another \"database\""));
  const std::string path = JoinPath(options.directory, "farm.db");
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    return Error{ErrorCode::kUnavailable, "opening " + path + ": " + sqlite3_errstr(code)};
  }
  auto state = std::make_unique<State>(std::move(lock), std::move(database), options);
  RETURN_IF_ERROR(state->Begin(files, options));
  return std::unique_ptr<Ledger>(new Ledger(std::move(state)));
}

}  // namespace farm
