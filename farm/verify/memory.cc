#include "farm/verify/memory.h"

#include <algorithm>
#include <utility>

#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kMemoryBytesMax = 4 << 20;

Status ReadRevoked(const Json& list, const std::string& where, RevokedSince& keys) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string key = fields.String("key");
    std::optional<UnixSeconds> since;
    if (fields.Has("compromisedSince")) since = fields.Time("compromisedSince");
    if (fields.ok() && !keys.emplace(key, since).second) fields.Fail("key", "stands there twice");
    RETURN_IF_ERROR(fields.Finish());
  }
  return {};
}

Status ReadWithdrawn(const std::vector<std::string>& list, const std::string& where,
                     std::set<Digest>& releases) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto digest = Digest::Parse(list[i]);
    if (!digest) return Wrap(Element(where, i), digest.error());
    if (releases.insert(*digest).second) continue;
    return Error{ErrorCode::kInvalidInput, Element(where, i) + ": stands there twice"};
  }
  return {};
}

Status ReadLogsSeen(const Json& list, const std::string& where, Memory& memory) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string origin = fields.String("origin");
    SeenLog seen;
    seen.root_hash = fields.DigestOf("rootHash");
    seen.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
    seen.time = fields.Time("time");
    if (fields.Has("revokedKeys")) {
      RETURN_IF_ERROR(ReadRevoked(fields.Array("revokedKeys", kSaidOfLogMax),
                                  fields.Where("revokedKeys"), seen.revoked_keys));
    }
    if (fields.Has("withdrawn")) {
      RETURN_IF_ERROR(ReadWithdrawn(fields.Strings("withdrawn", kSaidOfLogMax),
                                    fields.Where("withdrawn"), seen.withdrawn));
    }
    if (fields.ok() && !memory.logs.emplace(origin, seen).second) {
      fields.Fail("origin", "stands there twice");
    }
    RETURN_IF_ERROR(fields.Finish());
  }
  return {};
}

Json LogJson(const std::string& origin, const SeenLog& seen) {
  Json json = {{"origin", origin},
               {"rootHash", seen.root_hash.Text()},
               {"size", static_cast<std::int64_t>(seen.size)},
               {"time", FormatTime(seen.time)}};
  for (const auto& [key, since] : seen.revoked_keys) {
    Json revoked = {{"key", key}};
    if (since) revoked["compromisedSince"] = FormatTime(*since);
    json["revokedKeys"].push_back(std::move(revoked));
  }
  for (const Digest& release : seen.withdrawn) json["withdrawn"].push_back(release.Text());
  return json;
}

}  // namespace

Result<Memory> ParseMemory(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(json, where, kMemoryBytesMax));
  JsonFields fields(value, std::string(where));
  Memory memory;
  fields.Format("farm-verify-memory/1");
  memory.root_version = fields.Integer("rootVersion", 0, kJsonIntegerMax);
  const Json& sequences = fields.Array("sequences", kProductsMax);
  const Json* logs = fields.Has("logs") ? &fields.Array("logs", kLogsRememberedMax) : nullptr;
  RETURN_IF_ERROR(fields.Finish());
  if (logs != nullptr) RETURN_IF_ERROR(ReadLogsSeen(*logs, fields.Where("logs"), memory));
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    JsonFields entry(sequences[i], Element(fields.Where("sequences"), i));
    const std::string product = entry.String("product");
    RememberedRelease remembered;
    remembered.sequence = entry.Integer("sequence", 1, kJsonIntegerMax);
    if (entry.Has("release")) remembered.release = entry.DigestOf("release");
    if (entry.ok() && !memory.releases.emplace(product, remembered).second) {
      entry.Fail("product", "stands there twice");
    }
    RETURN_IF_ERROR(entry.Finish());
  }
  return memory;
}

std::string WriteMemory(const Memory& memory) {
  Json sequences = Json::array();
  for (const auto& [product, remembered] : memory.releases) {
    Json entry = {{"product", product}, {"sequence", remembered.sequence}};
    if (remembered.release) entry["release"] = remembered.release->Text();
    sequences.push_back(std::move(entry));
  }
  Json json = {{"format", "farm-verify-memory/1"},
               {"rootVersion", memory.root_version},
               {"sequences", std::move(sequences)}};
  for (const auto& [origin, seen] : memory.logs) json["logs"].push_back(LogJson(origin, seen));
  return WriteReadableJson(json);
}

Result<MemoryDirectory> MemoryDirectory::Open(FileSystem& files, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectoriesDurably(files, directory));
  ASSIGN_OR_RETURN(FileLock lock, FileLock::WaitFor(JoinPath(directory, "lock"), kLockWaitMax));
  MemoryDirectory opened(files, JoinPath(directory, "memory.json"), std::move(lock));
  const Result<std::string> json = ReadFile(opened.path_, kMemoryBytesMax);
  if (!json && json.error().code == ErrorCode::kNotFound) return opened;
  if (!json) return json.error();
  ASSIGN_OR_RETURN(opened.memory_, ParseMemory(*json, opened.path_));
  return opened;
}

std::optional<RememberedRelease> MemoryDirectory::ReleaseOf(const std::string& product) const {
  const auto found = memory_.releases.find(product);
  if (found == memory_.releases.end()) return std::nullopt;
  return found->second;
}

// What could not be read again is not written.
Status MemoryDirectory::Keep(Memory next) {
  const auto full = [&](std::size_t count, std::size_t most, const std::string& what) {
    return Error{ErrorCode::kLimitExceeded, path_ + ": would remember " + std::to_string(count) +
                                                " " + what + ", at most " + std::to_string(most) +
                                                " fit; give --state another folder"};
  };
  if (next.releases.size() > kProductsMax) {
    return full(next.releases.size(), kProductsMax, "products");
  }
  if (next.logs.size() > kLogsRememberedMax) {
    return full(next.logs.size(), kLogsRememberedMax, "logs");
  }
  for (const auto& [origin, seen] : next.logs) {
    const std::size_t said = std::max(seen.withdrawn.size(), seen.revoked_keys.size());
    if (said > kSaidOfLogMax) return full(said, kSaidOfLogMax, "withdrawals or keys");
  }
  const std::string text = WriteMemory(next);
  if (text.size() > kMemoryBytesMax) return full(text.size(), kMemoryBytesMax, "bytes");
  memory_ = std::move(next);
  return WriteDurably(*files_, path_, text);
}

Status MemoryDirectory::RememberLogs(const std::map<std::string, SeenLog>& logs) {
  Memory next = memory_;
  for (const auto& [origin, seen] : logs) next.logs.insert_or_assign(origin, seen);
  if (next.logs == memory_.logs) return {};
  return Keep(std::move(next));
}

Status MemoryDirectory::Remember(const Proof& proof) {
  Memory next = memory_;
  next.root_version = std::max(next.root_version, proof.root_version);
  RememberedRelease& newest = next.releases[proof.product];
  const bool fills_in = proof.sequence == newest.sequence && !newest.release;
  if (proof.sequence > newest.sequence || fills_in) newest = {proof.sequence, proof.release};
  return Keep(std::move(next));
}

}  // namespace farm
