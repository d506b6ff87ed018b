#include "farm/base/bytes.h"
#include "farm/evidence/merkle.h"
#include "farm/verify/line.h"

namespace farm {
namespace {

Error Wrong(std::string message) {
  return Error{ErrorCode::kMismatch, std::move(message), ExitCode::kLogProof};
}

// The whole check; the log and its checkpoint on success.
Result<KnownHead> CheckEntry(const Bundle& line, const TrustRoot& root) {
  if (!line.log_entry) return Wrong("no log entry");
  const LogEntry& entry = *line.log_entry;
  if (line.key().kind() != KeyKind::kP256 ||
      CanonicalizedBody(line.envelope, line.certificate, line.key()) != entry.canonicalized_body) {
    return Wrong("the log entry is of another envelope, signature or key");
  }
  ASSIGN_OR_RETURN(const Note note, ParseNote(entry.checkpoint));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, ParseCheckpoint(note.text));
  if (checkpoint.size != entry.tree_size || checkpoint.root != entry.root) {
    return Wrong("the proof's size or root is not the checkpoint's");
  }
  ASSIGN_OR_RETURN(KnownHead head, CheckHeadOfLog(note, root));
  const Log* log = head.log;
  if (entry.log_id != NoteKeyIdFull(log->origin, log->key) &&
      entry.log_id != NoteKeyIdFull(log->origin, log->ecdsa_key)) {
    return Wrong("logId is not of the log " + log->origin);
  }
  // Where the log is not known witnesses and consistency say no, too; here the log says it alone.
  if (!LeftOut(Rule::kLog)) {
    RETURN_IF_ERROR(CheckInclusion(LeafHash(entry.canonicalized_body), entry.index, checkpoint.size,
                                   entry.hashes, checkpoint.root));
  }
  return head;
}

}  // namespace

Result<KnownHead> CheckHeadOfLog(const Note& note, const TrustRoot& root) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(note.text));
  const Log* log = root.FindLog(checkpoint.origin);
  if (log == nullptr) {
    return Wrong("the root does not know a log \"" + Printable(checkpoint.origin, 80) + "\"");
  }
  if (log->end && IsBeyondEnd(checkpoint, *log->end)) {
    return Wrong("the log " + log->origin + " was closed at size " +
                 std::to_string(log->end->size) + ", its checkpoint here is another or later");
  }
  RETURN_IF_ERROR(CheckNoteSignature(note, log->origin, log->key));
  RETURN_IF_ERROR(CheckNoteSignature(note, log->origin, log->ecdsa_key));
  return KnownHead{log, std::move(checkpoint)};
}

const Log* CheckLogEntry(const Bundle& line, const TrustRoot& root, LineFacts& facts) {
  Result<KnownHead> entered = CheckEntry(line, root);
  if (!entered) {
    facts.problems.push_back({Rule::kLog, ExitCode::kLogProof, entered.error().message});
    return nullptr;
  }
  facts.checkpoint = std::move(entered->checkpoint);
  if (facts.token && !entered->log->valid_for.Contains(*facts.token)) {
    facts.problems.push_back({Rule::kValidity, ExitCode::kNotValidThen,
                              "the root does not vouch for log " + entered->log->origin + " at " +
                                  FormatTime(*facts.token)});
  }
  return entered->log;
}

}  // namespace farm
