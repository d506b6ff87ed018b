#include "farm/gate/history_reader.h"

#include <memory>
#include <utility>
#include <vector>

#include "farm/evidence/bundle.h"

namespace farm {
namespace {

// What was said before would be forgotten: a dissent there stops a release as one here does.
Result<LogHistory> HistoryOf(const ClosedLog& closed) {
  LogHistory history(closed.log->origin);
  RETURN_IF_ERROR(ReadClosedLog(closed, [&](std::uint64_t, const std::string& leaf) -> Status {
    const auto facts = ParseCanonicalizedBody(leaf);
    auto payload = facts ? ReadPayload(closed.read, facts->pae_digest) : facts.error();
    if (facts && !payload) return payload.error();
    history.Add(leaf, payload);
    return {};
  }));
  return history;
}

}  // namespace

Result<std::string> HistoryReader::OriginIn(const TrustRoot& root) const {
  if (!sources_.origin.empty()) return sources_.origin;
  if (root.logs.size() == 1) return root.logs.front().origin;
  return Error{ErrorCode::kInvalidInput,
               "the trust root lists " + std::to_string(root.logs.size()) +
                   " logs: name the one to read in the configuration, log.origin"};
}

Status HistoryReader::Start(const TrustRoot& root) {
  if (reading_ && reading_->root == root.digest) return {};
  ASSIGN_OR_RETURN(std::string origin, OriginIn(root));
  ASSIGN_OR_RETURN(const std::vector<ClosedLog> before,
                   OpenLogsBefore(root, origin, sources_.closed));
  std::vector<LogHistory> closed;
  for (const ClosedLog& log : before) {
    ASSIGN_OR_RETURN(LogHistory history, HistoryOf(log));
    closed.push_back(std::move(history));
  }
  ASSIGN_OR_RETURN(LogTrust trust, LogTrustOf(root, origin, 0));
  ASSIGN_OR_RETURN(std::unique_ptr<LogReader> reader,
                   LogReader::Open(sources_.url, std::move(trust)));
  LogHistory history(origin);
  reading_.emplace(Reading{root.digest, std::move(origin), LogFollower(std::move(reader)),
                           std::move(history), std::move(closed)});
  return {};
}

Result<LogTrust> HistoryReader::TrustOf(const HistoryQuery& query) const {
  ASSIGN_OR_RETURN(const std::string origin, OriginIn(query.root));
  return LogTrustOf(query.root, origin, static_cast<std::size_t>(query.witnesses));
}

Result<UnixSeconds> HistoryReader::WitnessedAt(const HistoryQuery& query) const {
  ASSIGN_OR_RETURN(LogTrust trust, TrustOf(query));
  return WitnessedTime(sources_.url, std::move(trust));
}

Result<Histories> HistoryReader::Read(const HistoryQuery& query) {
  RETURN_IF_ERROR(Start(query.root));
  ASSIGN_OR_RETURN(const WitnessedHead head, reading_->follower.reader().Head());
  ASSIGN_OR_RETURN(const LogTrust trust, TrustOf(query));
  if (auto witnessed = CheckHead(head.note, trust); !witnessed) return witnessed.error();
  const auto wanted = query.entries.find(reading_->origin);
  if (wanted != query.entries.end() && head.checkpoint.size < wanted->second) {
    return Error{ErrorCode::kUnavailable, "the log at " + sources_.url + " serves a head of " +
                                              std::to_string(head.checkpoint.size) +
                                              " entries, want " + std::to_string(wanted->second) +
                                              "; ask again when it has caught up"};
  }
  RETURN_IF_ERROR(reading_->follower.Follow(
      head, [this](std::uint64_t index, const std::string& leaf, const auto& payload) {
        LogHistory& history = reading_->history;
        CHECK(index <= history.size());
        if (index == history.size()) {
          history.Add(leaf, payload);
        } else if (payload) {
          history.Resolve(index, leaf, *payload);
        }
        return payload.has_value();
      }));
  Histories histories{&reading_->history, {}};
  for (const LogHistory& closed : reading_->closed) histories.closed.push_back(&closed);
  return histories;
}

}  // namespace farm
