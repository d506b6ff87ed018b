#include "farm/verify/memory.h"

#include <algorithm>
#include <utility>

#include "farm/base/found_file.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kMemoryBytesMax = 24 << 20;  // all that is remembered of statuses fits

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

Status ReadDigests(const std::vector<std::string>& list, const std::string& where,
                   std::set<Digest>& digests) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto digest = Digest::Parse(list[i]);
    if (!digest) return Wrap(Element(where, i), digest.error());
    if (digests.insert(*digest).second) continue;
    return Error{ErrorCode::kInvalidInput, Element(where, i) + ": stands there twice"};
  }
  return {};
}

Status ReadSaid(const Json& list, const std::string& where, SeenStatuses& seen) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    SaidByStatus said;
    said.monitor_key = fields.String("monitorKey");
    said.time = fields.Time("time");
    // A version before did not ask: then every root is older.
    said.root_version = fields.Has("rootVersion")
                            ? fields.Integer("rootVersion", 1, kJsonIntegerMax)
                            : kJsonIntegerMax;
    if (fields.Has("dissents")) {
      RETURN_IF_ERROR(ReadDigests(fields.Strings("dissents", kSaidByMonitorMax),
                                  fields.Where("dissents"), said.dissents));
    }
    if (fields.Has("revokedKeys")) {
      RETURN_IF_ERROR(ReadRevoked(fields.Array("revokedKeys", kSaidByMonitorMax),
                                  fields.Where("revokedKeys"), said.revoked_keys));
    }
    if (fields.Has("withdrawn")) {
      RETURN_IF_ERROR(ReadDigests(fields.Strings("withdrawn", kSaidByMonitorMax),
                                  fields.Where("withdrawn"), said.withdrawn));
    }
    RETURN_IF_ERROR(fields.Finish());
    seen.said.push_back(std::move(said));
  }
  return {};
}

Status ReadLost(const Json& list, const std::string& where, SeenStatuses& seen) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string key = fields.String("monitorKey");
    const LostWords lost{fields.Time("first"), fields.Time("last")};
    if (fields.ok() && !seen.lost.emplace(key, lost).second) {
      fields.Fail("monitorKey", "stands there twice");
    }
    RETURN_IF_ERROR(fields.Finish());
  }
  return {};
}

Status ReadLogsSeen(const Json& list, const std::string& where, SeenStatuses& seen) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string origin = fields.String("origin");
    SeenLog log;
    log.root_hash = fields.DigestOf("rootHash");
    log.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
    log.time = fields.Time("time");
    if (fields.ok() && !seen.logs.emplace(origin, log).second) {
      fields.Fail("origin", "stands there twice");
    }
    RETURN_IF_ERROR(fields.Finish());
  }
  return {};
}

Json SaidJson(const SaidByStatus& said) {
  Json json = {{"monitorKey", said.monitor_key},
               {"rootVersion", said.root_version},
               {"time", FormatTime(said.time)}};
  for (const Digest& manifest : said.dissents) json["dissents"].push_back(manifest.Text());
  for (const auto& [key, since] : said.revoked_keys) {
    Json revoked = {{"key", key}};
    if (since) revoked["compromisedSince"] = FormatTime(*since);
    json["revokedKeys"].push_back(std::move(revoked));
  }
  for (const Digest& release : said.withdrawn) json["withdrawn"].push_back(release.Text());
  return json;
}

Json LogJson(const std::string& origin, const SeenLog& seen) {
  return {{"origin", origin},
          {"rootHash", seen.root_hash.Text()},
          {"size", static_cast<std::int64_t>(seen.size)},
          {"time", FormatTime(seen.time)}};
}

}  // namespace

Result<Memory> ParseMemory(std::string_view json, std::string_view where) {
  ASSIGN_OR_RETURN(const Json value, ParseJson(json, where, kMemoryBytesMax));
  JsonFields fields(value, std::string(where));
  Memory memory;
  fields.Format("farm-verify-memory/1");
  memory.root_version = fields.Integer("rootVersion", 0, kJsonIntegerMax);
  if (fields.Has("root")) {
    memory.root = fields.DigestOf("root");
    if (fields.ok() && memory.root_version == 0) fields.Fail("root", "is there without a version");
  }
  const Json& sequences = fields.Array("sequences", kProductsMax);
  const Json* logs = fields.Has("logs") ? &fields.Array("logs", kLogsRememberedMax) : nullptr;
  const Json* said = fields.Has("said") ? &fields.Array("said", kStatusesMax) : nullptr;
  const Json* lost = fields.Has("lost") ? &fields.Array("lost", kLostMax) : nullptr;
  RETURN_IF_ERROR(fields.Finish());
  if (logs != nullptr) RETURN_IF_ERROR(ReadLogsSeen(*logs, fields.Where("logs"), memory.seen));
  if (said != nullptr) RETURN_IF_ERROR(ReadSaid(*said, fields.Where("said"), memory.seen));
  if (lost != nullptr) RETURN_IF_ERROR(ReadLost(*lost, fields.Where("lost"), memory.seen));
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
  if (memory.root) json["root"] = memory.root->Text();
  for (const auto& [origin, log] : memory.seen.logs) json["logs"].push_back(LogJson(origin, log));
  for (const SaidByStatus& said : memory.seen.said) json["said"].push_back(SaidJson(said));
  for (const auto& [key, lost] : memory.seen.lost) {
    json["lost"].push_back(
        {{"first", FormatTime(lost.first)}, {"last", FormatTime(lost.last)}, {"monitorKey", key}});
  }
  return WriteReadableJson(json);
}

Result<MemoryDirectory> MemoryDirectory::Open(FileSystem& files, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectoriesDurably(files, directory));
  ASSIGN_OR_RETURN(FileLock lock, FileLock::WaitFor(JoinPath(directory, "lock"), kLockWaitMax));
  MemoryDirectory opened(files, JoinPath(directory, "memory.json"), std::move(lock));
  ASSIGN_OR_RETURN(const bool is_there, IsThere(opened.path_));
  if (!is_there) return opened;
  ASSIGN_OR_RETURN(const std::string json, ReadFoundFile(opened.path_, kMemoryBytesMax));
  ASSIGN_OR_RETURN(opened.memory_, ParseMemory(json, opened.path_));
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
  if (next.seen.logs.size() > kLogsRememberedMax) {
    return full(next.seen.logs.size(), kLogsRememberedMax, "logs");
  }
  if (next.seen.lost.size() > kLostMax) {
    return full(next.seen.lost.size(), kLostMax, "monitors that have said too much");
  }
  if (next.seen.said.size() > kStatusesMax) {
    return full(next.seen.said.size(), kStatusesMax, "statuses");
  }
  const std::string text = WriteMemory(next);
  if (text.size() > kMemoryBytesMax) return full(text.size(), kMemoryBytesMax, "bytes");
  memory_ = std::move(next);
  return WriteDurably(*files_, path_, text);
}

Status MemoryDirectory::RememberStatuses(const SeenStatuses& seen) {
  if (seen == memory_.seen) return {};
  Memory next = memory_;
  next.seen = seen;
  return Keep(std::move(next));
}

Status MemoryDirectory::Remember(const Proof& proof) {
  Memory next = memory_;
  const bool fills_in_root = proof.root_version == next.root_version && !next.root;
  if (proof.root_version > next.root_version || fills_in_root) {
    next.root_version = proof.root_version;
    next.root = proof.root;
  }
  RememberedRelease& newest = next.releases[proof.product];
  const bool fills_in = proof.sequence == newest.sequence && !newest.release;
  if (proof.sequence > newest.sequence || fills_in) newest = {proof.sequence, proof.release};
  return Keep(std::move(next));
}

}  // namespace farm
