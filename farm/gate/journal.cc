#include "farm/gate/journal.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/client/closed_log.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kAnswerBytesMax = 2 * kBundleLineBytesMax;  // a line in a JSON string
constexpr std::size_t kRootKeysMax = 64;                          // as many as a root may list
constexpr std::size_t kSeenLogsMax = kLogsBeforeMax + 1;
constexpr std::size_t kSeenBytesMax = 128 << 10;  // 64 root keys of any kind that we read, 65 heads
constexpr std::string_view kAnswerFormat = "farm-journal/1";
constexpr std::string_view kSeenFormat = "farm-journal-seen/1";

std::string AnswerName(std::int64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%012lld.json", static_cast<long long>(number));
  return name;
}

// What the journal says of a signed line; everything is derived from the line itself.
Result<GivenAnswer> ReadAnswer(Bundle line, std::int64_t number, const std::string& where) {
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(line.envelope.payload, where));
  if (const auto* release = std::get_if<Release>(&statement)) {
    ASSIGN_OR_RETURN(const ManifestView manifest, ViewManifest(release->manifest));
    return GivenAnswer{number,           *release,        manifest.product,
                       manifest.version, manifest.digest, std::move(line)};
  }
  if (const auto* dissent = std::get_if<Dissent>(&statement)) {
    return GivenAnswer{number,           *dissent,          dissent->product,
                       dissent->version, dissent->manifest, std::move(line)};
  }
  return Error{ErrorCode::kInvalidInput, where + ": neither a release nor a dissent"};
}

Result<GivenAnswer> ReadAnswerFile(const std::string& path, std::int64_t number) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kAnswerBytesMax));
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, path, kAnswerBytesMax));
  JsonFields fields(json, path);
  fields.Format(kAnswerFormat);
  const std::int64_t written = fields.Integer("number", 1, kJsonIntegerMax);
  const std::string line = fields.String("line");
  RETURN_IF_ERROR(fields.Finish());
  if (written != number) {
    return Error{ErrorCode::kInvalidInput, path + ": says number " + std::to_string(written)};
  }
  ASSIGN_OR_RETURN(Bundle bundle, ParseBundleLine(line, path));
  return ReadAnswer(std::move(bundle), number, path);
}

Result<RootKeys> ReadRootKeys(const Json& json, const std::string& where) {
  JsonFields fields(json, where);
  RootKeys root_keys;
  const Json& keys = fields.Array("keys", kRootKeysMax);
  root_keys.threshold = fields.Integer("threshold", 1, kRootKeysMax);
  RETURN_IF_ERROR(fields.Finish());
  for (const Json& key : keys) {
    if (!key.is_string()) return Error{ErrorCode::kInvalidInput, where + ": a key is no string"};
    ASSIGN_OR_RETURN(const std::string spki, Base64Decode(key.get_ref<const std::string&>()));
    ASSIGN_OR_RETURN(PublicKey public_key, PublicKey::FromSpki(spki));
    root_keys.keys.push_back(std::move(public_key));
  }
  return root_keys;
}

Status ReadSeenHead(const Json& json, const std::string& where,
                    std::map<std::string, Checkpoint>& heads) {
  JsonFields fields(json, where);
  Checkpoint head;
  head.origin = fields.String("origin");
  head.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
  head.root = fields.DigestOf("root");
  if (heads.contains(head.origin)) fields.Fail("origin", "stands there twice");
  RETURN_IF_ERROR(fields.Finish());
  heads[head.origin] = head;
  return {};
}

Error LogDiverged(const LogHistory& history, const Checkpoint& seen) {
  return {ErrorCode::kMismatch,
          "log diverged: " + Printable(history.origin(), 80) + " has " +
              std::to_string(history.size()) + " entries that do not go on from the " +
              std::to_string(seen.size) + " (root " + seen.root.Short() +
              ") that this signer has read before",
          ExitCode::kLogProof};
}

}  // namespace

Journal::Journal(FileSystem& files, std::string directory, FileLock lock)
    : files_(files), directory_(std::move(directory)), lock_(std::move(lock)) {}

Result<std::unique_ptr<Journal>> Journal::Open(FileSystem& files, const std::string& directory) {
  RETURN_IF_ERROR(files.MakeDirectory(directory));
  RETURN_IF_ERROR(files.MakeDirectory(JoinPath(directory, "answers")));
  ASSIGN_OR_RETURN(FileLock lock,
                   FileLock::Take(JoinPath(directory, "lock"),
                                  "another farm-signer holds this journal; stop that one first"));
  std::unique_ptr<Journal> journal(new Journal(files, directory, std::move(lock)));
  RETURN_IF_ERROR(journal->Load());
  return journal;
}

Status Journal::Load() {
  const std::string answers = JoinPath(directory_, "answers");
  // A name that is visible but was not synced could still vanish: it counts from here on.
  RETURN_IF_ERROR(files_.SyncDirectory(answers));
  RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  RETURN_IF_ERROR(files_.SyncDirectory(DirectoryName(directory_)));
  RETURN_IF_ERROR(RemoveUnfinished(files_, answers));
  RETURN_IF_ERROR(RemoveUnfinished(files_, directory_));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(answers));
  for (const std::string& name : names) {
    const std::string path = JoinPath(answers, name);
    const auto number = static_cast<std::int64_t>(given_.size()) + 1;
    if (given_.size() == kJournalAnswersMax) {
      return Error{ErrorCode::kLimitExceeded, answers + ": more answers than a journal may hold"};
    }
    if (name != AnswerName(number)) {
      return Error{ErrorCode::kInvalidInput, "journal damaged: " + path + " is there, want " +
                                                 AnswerName(number) +
                                                 " next; restore the journal, never start anew"};
    }
    ASSIGN_OR_RETURN(GivenAnswer answer, ReadAnswerFile(path, number));
    given_.push_back(std::move(answer));
  }
  return LoadSeen();
}

Status Journal::LoadSeen() {
  const std::string path = JoinPath(directory_, "seen.json");
  if (!FileExists(path)) return {};
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kSeenBytesMax));
  ASSIGN_OR_RETURN(const Json json, ParseJson(bytes, path));
  JsonFields fields(json, path);
  fields.Format(kSeenFormat);
  seen_.root_version = fields.Integer("rootVersion", 0, kJsonIntegerMax);
  seen_.root_digest = fields.DigestOf("rootDigest");
  seen_.epoch = static_cast<std::uint64_t>(fields.Integer("epoch", 0, kJsonIntegerMax));
  // Written before there were several: of the only log.
  const Json* log = fields.Has("log") ? &fields.Object("log") : nullptr;
  const Json* logs = fields.Has("logs") ? &fields.Array("logs", kSeenLogsMax) : nullptr;
  const Json* keys = fields.Has("rootKeys") ? &fields.Object("rootKeys") : nullptr;
  RETURN_IF_ERROR(fields.Finish());
  if (keys != nullptr) {
    ASSIGN_OR_RETURN(seen_.root_keys, ReadRootKeys(*keys, fields.Where("rootKeys")));
  }
  if (log != nullptr) RETURN_IF_ERROR(ReadSeenHead(*log, fields.Where("log"), seen_.heads));
  if (logs == nullptr) return {};
  for (std::size_t i = 0; i < logs->size(); ++i) {
    const std::string where = fields.Where("logs") + "[" + std::to_string(i) + "]";
    RETURN_IF_ERROR(ReadSeenHead((*logs)[i], where, seen_.heads));
  }
  return {};
}

const GivenAnswer& Journal::Get(std::int64_t number) const {
  CHECK(number >= 1 && number <= static_cast<std::int64_t>(given_.size()));
  return given_[static_cast<std::size_t>(number - 1)];
}

Status Journal::Write(const std::string& path, const std::string& bytes) {
  if (!health_) return health_;
  if (Status written = WriteDurably(files_, path, bytes); !written) {
    health_ =
        Error{ErrorCode::kUnavailable,
              "the journal cannot be written, farm-signer must stop: " + written.error().message};
  }
  return health_;
}

Status Journal::WriteSeen(const Seen& seen) {
  Json json = {{"format", kSeenFormat},
               {"rootVersion", seen.root_version},
               {"rootDigest", seen.root_digest.Text()},
               {"epoch", static_cast<std::int64_t>(seen.epoch)}};
  if (seen.root_keys) {
    Json keys = Json::array();
    for (const PublicKey& key : seen.root_keys->keys) keys.push_back(Base64Encode(key.spki()));
    json["rootKeys"] = {{"keys", std::move(keys)}, {"threshold", seen.root_keys->threshold}};
  }
  Json logs = Json::array();
  for (const auto& [origin, head] : seen.heads) {
    logs.push_back({{"origin", origin},
                    {"root", head.root.Text()},
                    {"size", static_cast<std::int64_t>(head.size)}});
  }
  if (!logs.empty()) json["logs"] = std::move(logs);
  RETURN_IF_ERROR(Write(JoinPath(directory_, "seen.json"), WriteReadableJson(json)));
  seen_ = seen;
  return {};
}

Status Journal::AdmitRoot(const TrustRoot& root) {
  if (root.version < seen_.root_version ||
      (root.version == seen_.root_version && root.digest != seen_.root_digest)) {
    return Error{ErrorCode::kUntrusted,
                 "trust root " + std::to_string(root.version) + " (" + root.digest.Short() +
                     ") is older than, or another one than, root " +
                     std::to_string(seen_.root_version) + " (" + seen_.root_digest.Short() +
                     ") that this signer has seen; give it the newest root",
                 ExitCode::kRollback};
  }
  if (root.version == seen_.root_version && seen_.root_keys) return health_;
  if (root.version > seen_.root_version && seen_.root_keys) {
    RETURN_IF_ERROR(CheckSuccessor(root, *seen_.root_keys));
  }
  Seen seen = seen_;
  seen.root_keys = RootKeys{root.root_keys, root.threshold};
  seen.root_version = root.version;
  seen.root_digest = root.digest;
  return WriteSeen(seen);
}

Status Journal::CheckEpoch(std::uint64_t epoch, UnixSeconds now) const {
  RETURN_IF_ERROR(CheckEpochHasCome(epoch, now));
  if (epoch < seen_.epoch) {
    return Error{ErrorCode::kUntrusted,
                 "epoch " + std::to_string(epoch) + " is older than " +
                     std::to_string(seen_.epoch) + ": another farmd has taken over",
                 ExitCode::kRefused};
  }
  return {};
}

Status Journal::AdmitEpoch(std::uint64_t epoch, UnixSeconds now) {
  RETURN_IF_ERROR(CheckEpoch(epoch, now));
  if (epoch == seen_.epoch) return health_;
  Seen seen = seen_;
  seen.epoch = epoch;
  return WriteSeen(seen);
}

Status Journal::AdmitHistory(const Histories& histories) {
  Seen seen = seen_;
  seen.heads.clear();
  bool is_new = false;
  for (const LogHistory* history : histories.All()) {
    const std::uint64_t size = history->size();
    const Checkpoint head{history->origin(), size, history->RootAt(size)};
    const auto before = seen_.heads.find(head.origin);
    if (before != seen_.heads.end() &&
        (size < before->second.size ||
         history->RootAt(before->second.size) != before->second.root)) {
      return LogDiverged(*history, before->second);
    }
    is_new = is_new || before == seen_.heads.end() || size > before->second.size;
    seen.heads[head.origin] = head;
  }
  for (const auto& [origin, head] : seen_.heads) {
    if (head.size == 0 || seen.heads.contains(origin)) continue;
    return Error{ErrorCode::kMismatch,
                 "this signer has read " + std::to_string(head.size) + " entries of log " +
                     Printable(origin, 80) + ", and " + Printable(histories.open->origin(), 80) +
                     " does not go on from it: what they say would be forgotten; give the signer "
                     "that log again, or a root in which it ends in this one",
                 ExitCode::kLogProof};
  }
  if (!is_new) return health_;
  return WriteSeen(seen);
}

Result<const GivenAnswer*> Journal::Append(const Bundle& line) {
  const auto number = static_cast<std::int64_t>(given_.size()) + 1;
  const std::string path = JoinPath(JoinPath(directory_, "answers"), AnswerName(number));
  ASSIGN_OR_RETURN(GivenAnswer answer, ReadAnswer(line, number, "answer to be signed"));
  RETURN_IF_ERROR(Write(
      path, WriteReadableJson(
                {{"format", kAnswerFormat}, {"number", number}, {"line", WriteBundleLine(line)}})));
  given_.push_back(std::move(answer));
  return &given_.back();
}

}  // namespace farm
