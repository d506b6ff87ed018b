// Signed notes, checkpoints and cosignatures.
// Spec: C2SP signed-note, tlog-checkpoint, tlog-cosignature (cosignature/v1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/key.h"

namespace farm {

constexpr std::size_t kNoteBytesMax = 64 << 10;
constexpr std::size_t kNoteSignaturesMax = 64;  // the spec asks for at least 16

struct NoteSignature {
  std::string name;
  std::string key_hint;   // 4 bytes
  std::string signature;  // what follows the hint, raw
};

struct Note {
  std::string text;  // ends with a newline; what log signatures cover
  std::vector<NoteSignature> signatures;
};

// Errors: kInvalidInput (naming the line), kLimitExceeded.
Result<Note> ParseNote(std::string_view bytes);
std::string WriteNote(const Note& note);

// 4-byte key hints.  Ed25519: SHA-256(name 0x0A 0x01 key)[:4]; cosignature: 0x04 for 0x01; ECDSA:
// SHA-256(SPKI)[:4].
std::string NoteKeyHint(std::string_view name, const PublicKey& key);
std::string CosignatureKeyHint(std::string_view name, const PublicKey& key);
// The untrimmed 32-byte hash of which NoteKeyHint is the beginning: Sigstore's logId.keyId.
std::string NoteKeyIdFull(std::string_view name, const PublicKey& key);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;
};
// The largest size that is read.  The specification allows any, but what is remembered of a log (by
// verifiers, signers, in a root that closes it) is JSON, whose integers end here: whoever signed
// one beyond could keep others from remembering anything.  A log of a million entries a second gets
// there in 285 years.
constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 53) - 1;

// Text of a checkpoint without signatures: "origin\nsize\nbase64(root)\n".
std::string CheckpointText(const Checkpoint& checkpoint);
// Reads the first three lines of a note's text.  Errors: kInvalidInput, also for a size beyond
// kTreeSizeMax.
Result<Checkpoint> ParseCheckpoint(std::string_view text);

// A note line by `name` over `text` with a log key (Ed25519 or P-256).
NoteSignature SignNote(std::string_view text, std::string_view name, const PrivateKey& key);
// Checks that `note` has a good signature by `key` under `name`; a bad one by that key is an error
// even if a good one follows.  Errors: kUntrusted exit 15.
Status CheckNoteSignature(const Note& note, std::string_view name, const PublicKey& key);

// cosignature/v1 line: hint || u64be time || Ed25519 over "cosignature/v1\ntime T\n" + text.
NoteSignature Cosign(std::string_view text, std::string_view name, const PrivateKey& key,
                     UnixSeconds time);
// The time at which `key` cosigned, if the note has its line.
// Errors: kNotFound (no such line), kUntrusted exit 16 (line present; its signature is wrong or its
// time after kUnixSecondsMax, so that sums with times never overflow).
Result<UnixSeconds> CheckCosignature(const Note& note, std::string_view name, const PublicKey& key);

}  // namespace farm
