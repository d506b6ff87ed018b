#include "farm/log/confirm_tree.h"

#include <algorithm>

#include "farm/base/bytes.h"

namespace farm {
namespace {

constexpr int kSizesToldMax = 3;  // by one witness, who may be asked by others meanwhile

Error HasSeenOther(std::string message) {
  return {ErrorCode::kMismatch, std::move(message), ExitCode::kLogProof};
}

Status CheckAbsent(const std::vector<WitnessToAsk>& witnesses,
                   const std::vector<std::string>& absent) {
  if (witnesses.empty()) {
    return Error{ErrorCode::kInvalidInput,
                 "no witness to ask: a log that nobody watches cannot show that it is whole"};
  }
  for (const std::string& name : absent) {
    if (std::none_of(witnesses.begin(), witnesses.end(),
                     [&](const WitnessToAsk& one) { return one.identity.name == name; })) {
      return Error{ErrorCode::kInvalidInput, "absent: no witness " + Printable(name, 80)};
    }
  }
  return {};
}

Status CheckLines(const TreeToConfirm& tree, const WitnessToAsk& witness,
                  const std::vector<NoteSignature>& lines) {
  ASSIGN_OR_RETURN(const Note note, ParseNote(tree.note));
  for (const NoteSignature& line : lines) {
    if (CheckCosignature({note.text, {line}}, witness.identity.name, witness.identity.key)) {
      return {};
    }
  }
  return Error{ErrorCode::kUntrusted,
               "witness " + witness.identity.name + ": answered no good cosignature by its key",
               ExitCode::kWitnesses};
}

Status AskOne(const TreeToConfirm& confirmed, const WitnessToAsk& witness) {
  const std::string name = "witness " + witness.identity.name;
  const std::uint64_t size = confirmed.tree.size;
  std::uint64_t seen = size;
  for (int told = 0; told <= kSizesToldMax; ++told) {
    ASSIGN_OR_RETURN(const std::vector<Digest> proof, ProofWithin(confirmed, seen));
    auto answer = AskWitness(witness.post, {seen, proof, confirmed.note}, witness.identity.name);
    if (!answer && answer.error().code == ErrorCode::kMismatch) {
      return HasSeenOther(answer.error().message + ".  It is of another history than " +
                          confirmed.place);
    }
    if (!answer) return answer.error();
    if (!answer->has_size) return CheckLines(confirmed, witness, answer->lines);
    if (*answer->has_size > size) {
      return HasSeenOther(name + " has cosigned size " + std::to_string(*answer->has_size) + ", " +
                          confirmed.place + " has only " + std::to_string(size) +
                          "; find a mirror of at least that size");
    }
    seen = *answer->has_size;
  }
  return Error{ErrorCode::kUnavailable, name + ": changes its mind about the size it has seen",
               ExitCode::kUnavailable};
}

}  // namespace

Result<std::vector<Digest>> ProofWithin(const TreeToConfirm& tree, std::uint64_t old_size) {
  return ConsistencyHashes(old_size, tree.tree.size,
                           SubtreeHashFromTiles(tree.tree.size, [&](const TileId& tile) {
                             return ReadTile(tree.read, tile);
                           }));
}

Result<std::vector<std::string>> ConfirmTree(const TreeToConfirm& tree,
                                             const std::vector<WitnessToAsk>& witnesses,
                                             const std::vector<std::string>& absent) {
  RETURN_IF_ERROR(CheckAbsent(witnesses, absent));
  std::vector<std::string> asked;
  for (const WitnessToAsk& witness : witnesses) {
    const std::string& name = witness.identity.name;
    if (std::find(absent.begin(), absent.end(), name) != absent.end()) continue;
    RETURN_IF_ERROR(AskOne(tree, witness));
    asked.push_back(name);
  }
  if (!asked.empty()) return asked;
  return Error{ErrorCode::kInvalidInput, "absent: every witness is; one at least must be asked"};
}

}  // namespace farm
