#include "farm/gate/limits.h"

#include <algorithm>
#include <bit>
#include <set>
#include <string>

namespace farm {
namespace {

constexpr std::size_t kOriginAndTreeBytesMax = 256 + 21 + 45 + 1;  // the note's text, a blank line
constexpr std::size_t kLogSignatures = 2;                          // Ed25519 and ECDSA
constexpr std::size_t kHintBytes = 4;
constexpr std::size_t kEcdsaBytesMax = 72;
constexpr std::size_t kCosignatureBytes = 8 + 64;
constexpr std::size_t kBundleLineBytesExtra = 64
                                              << 10;  // certificate, token, proof, JSON around it

std::size_t Base64Size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// Em dash, space, name, space, base64, newline.
std::size_t NoteLineSize(std::size_t name, std::size_t signature) {
  return 4 + name + 1 + Base64Size(kHintBytes + signature) + 1;
}

Error TooMuch(const std::string& what, std::size_t is, std::size_t max) {
  return Error{ErrorCode::kLimitExceeded, "the release could not be published: " + what + ": " +
                                              std::to_string(is) + ", at most " +
                                              std::to_string(max)};
}

}  // namespace

Status CheckPublishable(const Release& release, const std::vector<const Bundle*>& lines,
                        const TrustRoot& root, std::uint64_t log_size) {
  const std::size_t payload = WriteStatement(release).size();
  if (payload > kPayloadBytesMax) return TooMuch("bytes of its payload", payload, kPayloadBytesMax);

  std::set<std::uint64_t> trees;
  std::size_t file = 0;
  for (const Bundle* line : lines) {
    if (line->log_entry) trees.insert(line->log_entry->tree_size);
    file += WriteBundleLine(*line).size() + 1;
  }
  const std::size_t signatures = kLogSignatures + root.witnesses.size() + trees.size();
  if (signatures > kNoteSignaturesMax) {
    return TooMuch("lines of its checkpoint (log, witnesses, and a proof for each of " +
                       std::to_string(lines.size()) + " lines)",
                   signatures, kNoteSignaturesMax);
  }
  std::size_t longest_origin = 0;
  for (const Log& log : root.logs) longest_origin = std::max(longest_origin, log.origin.size());
  const std::size_t hashes = static_cast<std::size_t>(std::bit_width(2 * log_size)) + 1;
  std::size_t note =
      kOriginAndTreeBytesMax + kLogSignatures * NoteLineSize(longest_origin, kEcdsaBytesMax) +
      trees.size() * NoteLineSize(kConsistencyName.size(), 8 + hashes * Digest::kSize);
  for (const Witness& witness : root.witnesses) {
    note += NoteLineSize(witness.name.size(), kCosignatureBytes);
  }
  if (note > kNoteBytesMax) return TooMuch("bytes of its checkpoint", note, kNoteBytesMax);

  file += Base64Size(payload) + Base64Size(note) + kBundleLineBytesExtra;
  if (file > kBundleFileBytesMax)
    return TooMuch("bytes of its bundle file", file, kBundleFileBytesMax);
  return {};
}

}  // namespace farm
