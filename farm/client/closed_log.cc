#include "farm/client/closed_log.h"

#include <algorithm>
#include <set>

#include "farm/base/bytes.h"
#include "farm/client/tiles.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

Error OfClosedLog(const Log& log, Error error) {
  if (error.code == ErrorCode::kNotFound) error.exit = ExitCode::kLogProof;
  return Wrap("closed log " + log.origin, std::move(error));
}

Result<std::vector<std::string>> ReadBundle(const ClosedLog& closed, std::uint64_t index) {
  const TileId id{TileId::kEntries, index,
                  TileWidthAt(TileId::kEntries, index, closed.log->end->size)};
  ASSIGN_OR_RETURN(const std::string bytes, ReadTile(closed.read, id));
  auto leaves = ParseEntryBundle(bytes, id.width);
  if (leaves) return leaves;
  return Error{ErrorCode::kMismatch, TilePath(id) + ": " + leaves.error().message,
               ExitCode::kLogProof};
}

}  // namespace

Result<std::vector<ClosedLogMirror>> ParseClosedLogMirrors(const Json& list,
                                                           const std::string& where,
                                                           const ConfigFile& file) {
  std::vector<ClosedLogMirror> mirrors;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = where + "[" + std::to_string(i) + "]";
    JsonFields fields(list[i], at);
    ClosedLogMirror mirror{fields.String("origin"), fields.String("mirror")};
    RETURN_IF_ERROR(fields.Finish());
    for (const ClosedLogMirror& other : mirrors) {
      if (other.origin != mirror.origin) continue;
      return Error{ErrorCode::kInvalidInput,
                   at + ".origin: " + Printable(mirror.origin, 80) + " stands there twice"};
    }
    if (!IsLogUrl(mirror.mirror)) mirror.mirror = file.Resolve(mirror.mirror);
    mirrors.push_back(std::move(mirror));
  }
  return mirrors;
}

std::vector<const Log*> LogsBefore(const TrustRoot& root, const std::string& origin) {
  std::set<std::string> reached = {origin};
  for (bool grown = true; grown;) {
    grown = false;
    for (const Log& log : root.logs) {
      if (log.end && reached.contains(log.end->successor)) {
        grown = reached.insert(log.origin).second || grown;
      }
    }
  }
  std::vector<const Log*> before;
  for (const Log& log : root.logs) {
    if (log.origin == origin || !reached.contains(log.origin) || log.end->size == 0) continue;
    before.push_back(&log);
  }
  return before;
}

Result<std::vector<ClosedLog>> OpenLogsBefore(const TrustRoot& root, const std::string& origin,
                                              const std::vector<ClosedLogMirror>& mirrors) {
  std::vector<ClosedLog> opened;
  for (const Log* log : LogsBefore(root, origin)) {
    if (opened.size() == kLogsBeforeMax) {
      return Error{ErrorCode::kLimitExceeded, "log " + origin + " goes on from more than " +
                                                  std::to_string(kLogsBeforeMax) + " logs"};
    }
    const auto found = std::ranges::find(mirrors, log->origin, &ClosedLogMirror::origin);
    if (found == mirrors.end()) {
      return Error{ErrorCode::kInvalidInput,
                   "log " + origin + " goes on from " + log->origin +
                       ", and the configuration names no mirror of that one: what it says would be "
                       "forgotten; make one (farm log mirror), name it in log.closed",
                   ExitCode::kLogProof};
    }
    auto read = OpenLogSource(found->mirror);
    if (!read) return OfClosedLog(*log, read.error());
    opened.push_back({log, *std::move(read)});
  }
  return opened;
}

Status ReadClosedLog(const ClosedLog& closed, const TakeLeaf& take) {
  const Log& log = *closed.log;
  Frontier frontier;
  while (frontier.size() < log.end->size) {
    const auto leaves = ReadBundle(closed, frontier.size() / kTileWidth);
    if (!leaves) return OfClosedLog(log, leaves.error());
    for (const std::string& leaf : *leaves) {
      if (Status taken = take(frontier.size(), leaf); !taken) {
        return OfClosedLog(log, Wrap("entry " + std::to_string(frontier.size()), taken.error()));
      }
      frontier.Append(LeafHash(leaf));
    }
  }
  if (frontier.Root() == log.end->root_hash) return {};
  return OfClosedLog(log, {ErrorCode::kMismatch,
                           "the entries of its mirror do not make the tree of " +
                               std::to_string(log.end->size) + " with which the trust root ends it",
                           ExitCode::kLogProof});
}

}  // namespace farm
