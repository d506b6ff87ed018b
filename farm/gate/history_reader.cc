#include "farm/gate/history_reader.h"

#include <utility>
#include <vector>

#include "farm/evidence/bundle.h"

namespace farm {
namespace {

Result<std::string> PayloadOf(LogReader& reader, const std::string& leaf) {
  ASSIGN_OR_RETURN(const LeafFacts facts, ParseCanonicalizedBody(leaf));
  return reader.Payload(facts.pae_digest);
}

}  // namespace

HistoryReader::HistoryReader(std::string url, std::string origin)
    : url_(std::move(url)), origin_(std::move(origin)) {}

Status HistoryReader::Start(const TrustRoot& root) {
  if (reading_ && reading_->root == root.digest) return {};
  std::string origin = origin_;
  if (origin.empty()) {
    if (root.logs.size() != 1) {
      return Error{ErrorCode::kInvalidInput,
                   "the trust root lists " + std::to_string(root.logs.size()) +
                       " logs: name the one to read in the configuration, log.origin"};
    }
    origin = root.logs.front().origin;
  }
  // What was said before would be forgotten: a dissent there stops a release as one here does.
  for (const Log& log : root.logs) {
    if (!log.end || log.end->size == 0 || log.end->successor != origin) continue;
    return Error{ErrorCode::kInvalidInput,
                 "log " + origin + " goes on from " + log.origin +
                     ", whose entries this signer does not read: it decides nothing",
                 ExitCode::kLogProof};
  }
  ASSIGN_OR_RETURN(LogTrust trust, LogTrustOf(root, origin, 0));
  ASSIGN_OR_RETURN(std::unique_ptr<LogReader> reader, LogReader::Open(url_, std::move(trust)));
  LogHistory history(origin);
  reading_.emplace(
      Reading{root.digest, std::move(origin), std::move(reader), std::move(history), {}});
  return {};
}

Result<LogTrust> HistoryReader::TrustOf(const HistoryQuery& query) const {
  return LogTrustOf(query.root, reading_->origin, static_cast<std::size_t>(query.witnesses));
}

Result<UnixSeconds> HistoryReader::WitnessedAt(const HistoryQuery& query) {
  RETURN_IF_ERROR(Start(query.root));
  ASSIGN_OR_RETURN(LogTrust trust, TrustOf(query));
  return WitnessedTime(url_, std::move(trust));
}

Status HistoryReader::FetchMissing() {
  std::map<std::uint64_t, std::string> still;
  Status status;
  for (const auto& [index, leaf] : reading_->without_payload) {
    auto payload = PayloadOf(*reading_->reader, leaf);
    if (payload) {
      reading_->history.Resolve(index, leaf, *payload);
      continue;
    }
    still.insert({index, leaf});
    if (payload.error().code == ErrorCode::kUnavailable) status = payload.error();
  }
  reading_->without_payload = std::move(still);
  return status;
}

Status HistoryReader::Catch(const WitnessedHead& head) {
  ASSIGN_OR_RETURN(const std::vector<VerifiedEntry> entries, reading_->reader->ReadNew(head));
  for (const VerifiedEntry& entry : entries) {
    CHECK(entry.index == reading_->history.size());
    auto payload = PayloadOf(*reading_->reader, entry.leaf);
    reading_->history.Add(entry.leaf, payload);
    if (!payload) reading_->without_payload.insert({entry.index, entry.leaf});
  }
  return {};
}

Result<const LogHistory*> HistoryReader::Read(const HistoryQuery& query) {
  RETURN_IF_ERROR(Start(query.root));
  ASSIGN_OR_RETURN(const WitnessedHead head, reading_->reader->Head());
  ASSIGN_OR_RETURN(const LogTrust trust, TrustOf(query));
  if (auto witnessed = CheckHead(head.note, trust); !witnessed) return witnessed.error();
  if (head.checkpoint.size < query.entries) {
    return Error{ErrorCode::kUnavailable, "the log at " + url_ + " serves a head of " +
                                              std::to_string(head.checkpoint.size) +
                                              " entries, want " + std::to_string(query.entries) +
                                              "; ask again when it has caught up"};
  }
  RETURN_IF_ERROR(Catch(head));
  if (!reading_->without_payload.empty()) RETURN_IF_ERROR(FetchMissing());
  return &reading_->history;
}

}  // namespace farm
