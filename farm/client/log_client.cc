#include "farm/client/log_client.h"

#include <set>

#include "farm/client/log_reader.h"
#include "farm/evidence/merkle.h"
#include "farm/proto/farm.grpc.pb.h"

namespace farm {
namespace {

// What the log must not have changed, and what it must have proved.
Status CheckAppended(const Bundle& asked, const Bundle& answered) {
  const Error mismatch{ErrorCode::kMismatch, "the log answered another bundle than it was given",
                       ExitCode::kLogProof};
  const auto without_entry = [](Bundle bundle) {
    bundle.log_entry.reset();
    return WriteBundleLine(bundle);
  };
  if (!answered.log_entry || without_entry(answered) != without_entry(asked)) return mismatch;
  const LogEntry& entry = *answered.log_entry;
  if (entry.canonicalized_body !=
      CanonicalizedBody(asked.envelope, asked.certificate, asked.key())) {
    return mismatch;
  }
  return CheckInclusion(LeafHash(entry.canonicalized_body), entry.index, entry.tree_size,
                        entry.hashes, entry.root);
}

}  // namespace

struct LogClient::State {
  std::string peer;
  std::unique_ptr<v1::Log::Stub> stub;
};

Result<std::unique_ptr<LogClient>> LogClient::Open(const Endpoint& endpoint) {
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(endpoint));
  auto state = std::make_shared<State>();
  state->peer = PeerText(endpoint);
  state->stub = v1::Log::NewStub(channel);
  return std::unique_ptr<LogClient>(new LogClient(std::move(state)));
}

Result<Bundle> LogClient::Append(const Bundle& bundle, std::uint64_t epoch) {
  v1::AppendRequest request;
  request.set_bundle_line(WriteBundleLine(bundle));
  request.set_epoch(epoch);
  v1::AppendReply reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kAppendDeadline);
  const grpc::Status status = state_->stub->Append(&context, request, &reply);
  if (!status.ok()) return FromGrpc(status, state_->peer);
  ASSIGN_OR_RETURN(Bundle answered, ParseBundleLine(reply.bundle_line(), state_->peer));
  if (Status checked = CheckAppended(bundle, answered); !checked) {
    return Wrap(state_->peer, checked.error());
  }
  return answered;
}

Result<Bundle> StampAndLog(StampAndLogInput input, TimestampClient& timestamp, LogClient& log) {
  Bundle& bundle = input.bundle;
  if (bundle.log_entry) return std::move(bundle);
  if (!bundle.timestamp) {
    ASSIGN_OR_RETURN(bundle.timestamp, timestamp.Stamp(bundle.envelope.signature));
    if (input.keep) RETURN_IF_ERROR(input.keep(bundle));
  }
  return log.Append(bundle, input.epoch);
}

Result<Bundle> AddConsistencyProofs(Bundle release, const std::vector<Bundle>& lines,
                                    LogReader& reader) {
  if (!release.log_entry) {
    return Error{ErrorCode::kInvalidInput, "release line: has no log entry yet"};
  }
  ASSIGN_OR_RETURN(Note note, ParseNote(release.log_entry->checkpoint));
  ASSIGN_OR_RETURN(const Checkpoint head, ParseCheckpoint(note.text));
  std::set<std::uint64_t> there;
  for (const ConsistencyProof& proof : ConsistencyProofsOf(note)) there.insert(proof.old_size);
  for (const Bundle& line : lines) {
    if (!line.log_entry) {
      return Error{ErrorCode::kInvalidInput,
                   "line " + line.PaeDigest().Short() + ": has no log entry yet"};
    }
    ASSIGN_OR_RETURN(const Note line_note, ParseNote(line.log_entry->checkpoint));
    ASSIGN_OR_RETURN(const Checkpoint old, ParseCheckpoint(line_note.text));
    auto hashes = reader.Consistency({old.size, old.root}, head);
    if (!hashes) return Wrap("line " + line.PaeDigest().Short(), hashes.error());
    if (old.size == head.size || !there.insert(old.size).second) continue;
    if (note.signatures.size() >= kNoteSignaturesMax) {
      return Error{ErrorCode::kLimitExceeded, "release line: more than " +
                                                  std::to_string(kNoteSignaturesMax) +
                                                  " lines below its checkpoint"};
    }
    note.signatures.push_back(ConsistencyLine({old.size, std::move(*hashes)}));
  }
  release.log_entry->checkpoint = WriteNote(note);
  return release;
}

}  // namespace farm
