#include "farm/verify/memory.h"

#include <algorithm>
#include <utility>

#include "farm/json/json.h"

namespace farm {
namespace {

constexpr std::size_t kMemoryBytesMax = 4 << 20;
constexpr std::size_t kProductsMax = 10000;
constexpr std::size_t kLogsRememberedMax = 1024;  // as many as a root may list

Status ReadLogsSeen(const Json& list, const std::string& where, Memory& memory) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonFields fields(list[i], Element(where, i));
    const std::string origin = fields.String("origin");
    SeenLog seen;
    seen.root_hash = fields.DigestOf("rootHash");
    seen.size = static_cast<std::uint64_t>(fields.Integer("size", 0, kJsonIntegerMax));
    seen.time = fields.Time("time");
    if (fields.ok() && !memory.logs.emplace(origin, seen).second) {
      fields.Fail("origin", "stands there twice");
    }
    RETURN_IF_ERROR(fields.Finish());
  }
  return {};
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
  for (const auto& [origin, seen] : memory.logs) {
    json["logs"].push_back({{"origin", origin},
                            {"rootHash", seen.root_hash.Text()},
                            {"size", static_cast<std::int64_t>(seen.size)},
                            {"time", FormatTime(seen.time)}});
  }
  return WriteReadableJson(json);
}

Result<MemoryDirectory> MemoryDirectory::Open(FileSystem& files, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectoriesDurably(files, directory));
  ASSIGN_OR_RETURN(FileLock lock, FileLock::WaitForDirectory(directory));
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

Status MemoryDirectory::RememberLogs(const std::map<std::string, SeenLog>& logs) {
  bool changed = false;
  for (const auto& [origin, seen] : logs) {
    const auto [found, added] = memory_.logs.emplace(origin, seen);
    if (added || found->second != seen) changed = true;
    found->second = seen;
  }
  return changed ? WriteDurably(*files_, path_, WriteMemory(memory_)) : Status();
}

Status MemoryDirectory::Remember(const Proof& proof) {
  memory_.root_version = std::max(memory_.root_version, proof.root_version);
  RememberedRelease& newest = memory_.releases[proof.product];
  const bool fills_in = proof.sequence == newest.sequence && !newest.release;
  if (proof.sequence > newest.sequence || fills_in) newest = {proof.sequence, proof.release};
  return WriteDurably(*files_, path_, WriteMemory(memory_));
}

}  // namespace farm
