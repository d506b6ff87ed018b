#include "farm/evidence/tlog_proof.h"

#include "farm/base/bytes.h"
#include "farm/evidence/merkle.h"

namespace farm {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtraWord = "extra ";
constexpr std::string_view kIndexWord = "index ";

// Takes lines off the front of a proof.
class ProofLines {
 public:
  ProofLines(std::string_view bytes, std::string_view where) : rest_(bytes), where_(where) {}

  Result<std::string_view> Next() {
    ++line_;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return Bad("does not end with a newline");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  Error Bad(const std::string& what) const {
    return {ErrorCode::kInvalidInput,
            std::string(where_) + ": line " + std::to_string(line_) + ": " + what};
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  const std::string_view where_;
  std::size_t line_ = 0;
};

}  // namespace

Result<TlogProof> ParseTlogProof(std::string_view bytes, std::string_view where) {
  if (bytes.size() > kTlogProofBytesMax) {
    return Error{ErrorCode::kLimitExceeded, std::string(where) + ": more than 256 KiB"};
  }
  ProofLines lines(bytes, where);
  TlogProof proof;
  ASSIGN_OR_RETURN(std::string_view line, lines.Next());
  if (line != kProofHeader) return lines.Bad("want \"" + std::string(kProofHeader) + "\"");
  ASSIGN_OR_RETURN(line, lines.Next());
  if (line.starts_with(kExtraWord)) {
    auto extra = Base64Decode(line.substr(kExtraWord.size()));
    if (!extra) return lines.Bad("extra: " + extra.error().message);
    if (extra->empty()) return lines.Bad("extra: is empty; such a line is left out");
    proof.extra = std::move(*extra);
    ASSIGN_OR_RETURN(line, lines.Next());
  }
  if (!line.starts_with(kIndexWord)) return lines.Bad("want \"index <number>\"");
  auto index = ParseDecimal(line.substr(kIndexWord.size()), INT64_MAX);
  if (!index) return lines.Bad("index: " + index.error().message);
  proof.index = *index;
  while (true) {
    ASSIGN_OR_RETURN(line, lines.Next());
    if (line.empty()) break;
    if (proof.hashes.size() == kProofHashesMax) return lines.Bad("more than 64 hashes");
    auto hash = Base64Decode(line);
    if (!hash || hash->size() != Digest::kSize) return lines.Bad("want a hash of 32 bytes, base64");
    proof.hashes.push_back(Digest::FromBytes(*hash));
  }
  proof.checkpoint = std::string(lines.rest());
  auto note = ParseNote(proof.checkpoint);
  if (!note) return Wrap(where, note.error());
  if (auto checkpoint = ParseCheckpoint(note->text); !checkpoint) {
    return Wrap(where, checkpoint.error());
  }
  return proof;
}

std::string WriteTlogProof(const TlogProof& proof) {
  std::string text = std::string(kProofHeader) + "\n";
  if (proof.extra) text += std::string(kExtraWord) + Base64Encode(*proof.extra) + "\n";
  text += std::string(kIndexWord) + std::to_string(proof.index) + "\n";
  for (const Digest& hash : proof.hashes) text += Base64Encode(hash.bytes()) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<TlogProof> TlogProofOf(const Bundle& line) {
  if (!line.log_entry) {
    return Error{ErrorCode::kInvalidInput,
                 "line " + line.PaeDigest().Short() + ": has no log entry, so there is no proof"};
  }
  const LogEntry& entry = *line.log_entry;
  return TlogProof{entry.canonicalized_body, entry.index, entry.hashes, entry.checkpoint};
}

Result<PolicyVerdict> CheckTlogProof(const TlogProof& proof, std::string_view leaf,
                                     const TlogPolicy& policy) {
  ASSIGN_OR_RETURN(const Note note, ParseNote(proof.checkpoint));
  ASSIGN_OR_RETURN(PolicyVerdict verdict, CheckUnderPolicy(note, policy));
  RETURN_IF_ERROR(CheckInclusion(LeafHash(leaf), proof.index, verdict.checkpoint.size, proof.hashes,
                                 verdict.checkpoint.root));
  return verdict;
}

}  // namespace farm
