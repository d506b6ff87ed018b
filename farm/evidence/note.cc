#include "farm/evidence/note.h"

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"

namespace farm {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // em dash, space
constexpr std::size_t kHintBytes = 4;
constexpr std::size_t kOriginBytesMax = 255;
constexpr char kEd25519Type = 0x01;
constexpr char kCosignatureType = 0x04;

Error Invalid(std::string message) {
  return Error{ErrorCode::kInvalidInput, "note: " + std::move(message)};
}

bool IsName(std::string_view name) {
  return !name.empty() && name.find(' ') == std::string_view::npos &&
         name.find('+') == std::string_view::npos;
}

std::string TypedKeyHash(std::string_view name, char type, const PublicKey& key) {
  std::string bytes(name);
  bytes += '\n';
  bytes += type;
  bytes += key.raw_ed25519();
  return std::string(Sha256(bytes).bytes());
}

Result<NoteSignature> ParseSignatureLine(std::string_view line, std::size_t number) {
  const std::string where = "signature line " + std::to_string(number);
  if (!line.starts_with(kSignaturePrefix)) {
    return Invalid(where + " does not start with an em dash and a space");
  }
  line.remove_prefix(kSignaturePrefix.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsName(line.substr(0, space))) {
    return Invalid(where + ": want \"name base64\"");
  }
  auto bytes = Base64Decode(line.substr(space + 1));
  if (!bytes) return Wrap("note: " + where, bytes.error());
  if (bytes->size() <= kHintBytes) {
    return Invalid(where + ": has " + std::to_string(bytes->size()) + " bytes, want more than 4");
  }
  return NoteSignature{std::string(line.substr(0, space)), bytes->substr(0, kHintBytes),
                       bytes->substr(kHintBytes)};
}

std::string CosignedMessage(std::string_view text, UnixSeconds time) {
  return "cosignature/v1\ntime " + std::to_string(time) + "\n" + std::string(text);
}

}  // namespace

Result<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "note: more than 64 KiB"};
  }
  if (!IsUtf8(bytes)) return Invalid("not UTF-8");
  for (const unsigned char c : bytes) {
    if ((c < 0x20 && c != '\n') || c == 0x7f) return Invalid("has a control character");
  }
  const std::size_t blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos) return Invalid("no blank line before the signatures");
  Note note;
  note.text = std::string(bytes.substr(0, blank + 1));
  std::string_view rest = bytes.substr(blank + 2);
  if (rest.empty()) return Invalid("no signature");
  while (!rest.empty()) {
    if (note.signatures.size() == kNoteSignaturesMax) {
      return Error{ErrorCode::kLimitExceeded, "note: more than 64 signatures"};
    }
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return Invalid("the last line does not end");
    ASSIGN_OR_RETURN(NoteSignature signature,
                     ParseSignatureLine(rest.substr(0, end), note.signatures.size() + 1));
    note.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string WriteNote(const Note& note) {
  std::string bytes = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    bytes += kSignaturePrefix;
    bytes += signature.name + ' ' + Base64Encode(signature.key_hint + signature.signature) + '\n';
  }
  return bytes;
}

std::string NoteKeyIdFull(std::string_view name, const PublicKey& key) {
  if (key.kind() == KeyKind::kEd25519) return TypedKeyHash(name, kEd25519Type, key);
  return std::string(Sha256(key.spki()).bytes());
}

std::string NoteKeyHint(std::string_view name, const PublicKey& key) {
  return NoteKeyIdFull(name, key).substr(0, kHintBytes);
}

std::string CosignatureKeyHint(std::string_view name, const PublicKey& key) {
  return TypedKeyHash(name, kCosignatureType, key).substr(0, kHintBytes);
}

std::string CheckpointText(const Checkpoint& checkpoint) {
  return checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' +
         Base64Encode(checkpoint.root.bytes()) + '\n';
}

Result<Checkpoint> ParseCheckpoint(std::string_view text) {
  const std::vector<std::string> lines = Split(text, '\n');
  // Three lines, perhaps extension lines, and the nothing behind the last newline.
  if (lines.size() < 4 || !lines.back().empty()) {
    return Error{ErrorCode::kInvalidInput, "checkpoint: want the lines origin, size, root"};
  }
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (lines[i].empty()) {
      return Error{ErrorCode::kInvalidInput,
                   "checkpoint: line " + std::to_string(i + 1) + " is empty"};
    }
  }
  if (lines[0].size() > kOriginBytesMax) {
    return Error{ErrorCode::kInvalidInput, "checkpoint: origin is longer than 255 bytes"};
  }
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  auto size = ParseDecimal(lines[1], UINT64_MAX);
  if (!size) return Wrap("checkpoint: size", size.error());
  if (*size > kTreeSizeMax) {
    return Error{ErrorCode::kInvalidInput,
                 "checkpoint: size " + lines[1] + " is beyond 2^53-1, the largest that is read"};
  }
  checkpoint.size = *size;
  auto root = Base64Decode(lines[2]);
  if (!root) return Wrap("checkpoint: root", root.error());
  if (root->size() != Digest::kSize) {
    return Error{ErrorCode::kInvalidInput,
                 "checkpoint: root has " + std::to_string(root->size()) + " bytes, want 32"};
  }
  checkpoint.root = Digest::FromBytes(*root);
  return checkpoint;
}

NoteSignature SignNote(std::string_view text, std::string_view name, const PrivateKey& key) {
  return NoteSignature{std::string(name), NoteKeyHint(name, key.public_key()), key.Sign(text)};
}

Status CheckNoteSignature(const Note& note, std::string_view name, const PublicKey& key) {
  const std::string hint = NoteKeyHint(name, key);
  bool found = false;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != name || signature.key_hint != hint) continue;
    if (!key.Verify(note.text, signature.signature)) {
      return Error{ErrorCode::kUntrusted,
                   "checkpoint: the signature of " + Printable(name, 80) + " does not match",
                   ExitCode::kLogProof};
    }
    found = true;
  }
  if (!found) {
    return Error{ErrorCode::kUntrusted,
                 "checkpoint: no signature of " + Printable(name, 80) + " with the known key",
                 ExitCode::kLogProof};
  }
  return {};
}

NoteSignature Cosign(std::string_view text, std::string_view name, const PrivateKey& key,
                     UnixSeconds time) {
  return NoteSignature{
      std::string(name), CosignatureKeyHint(name, key.public_key()),
      BigEndian64(static_cast<unsigned long long>(time)) + key.Sign(CosignedMessage(text, time))};
}

Result<UnixSeconds> CheckCosignature(const Note& note, std::string_view name,
                                     const PublicKey& key) {
  const std::string hint = CosignatureKeyHint(name, key);
  const std::string witness = "cosignature of " + Printable(name, 80);
  std::optional<UnixSeconds> time;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != name || line.key_hint != hint) continue;
    const Error wrong{ErrorCode::kUntrusted, witness + " does not match", ExitCode::kWitnesses};
    if (line.signature.size() <= 8) return wrong;
    const unsigned long long stamp = ReadBigEndian64(line.signature.substr(0, 8));
    if (stamp > static_cast<unsigned long long>(kUnixSecondsMax)) {
      return Error{ErrorCode::kUntrusted, witness + " is of no time in the calendar",
                   ExitCode::kWitnesses};
    }
    const UnixSeconds at = static_cast<UnixSeconds>(stamp);
    if (!key.Verify(CosignedMessage(note.text, at), line.signature.substr(8))) return wrong;
    if (time && *time != at) {
      return Error{ErrorCode::kUntrusted, witness + " stands there twice with different times",
                   ExitCode::kWitnesses};
    }
    time = at;
  }
  if (!time) return Error{ErrorCode::kNotFound, "no " + witness, ExitCode::kWitnesses};
  return *time;
}

}  // namespace farm
