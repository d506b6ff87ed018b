#include "farm/evidence/verifier_key.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/evidence/note.h"

namespace farm {
namespace {

constexpr std::size_t kKeyNameBytesMax = 255;

char TypeOf(VerifierKeyUse use) { return use == VerifierKeyUse::kLog ? '\x01' : '\x04'; }

std::string HintOf(const VerifierKey& key, VerifierKeyUse use) {
  return use == VerifierKeyUse::kLog ? NoteKeyHint(key.name, key.key)
                                     : CosignatureKeyHint(key.name, key.key);
}

Error BadVerifierKey(std::string_view text, const std::string& what) {
  return {ErrorCode::kInvalidInput, "verifier key " + Printable(text, 120) + ": " + what};
}

bool IsKeyName(std::string_view name) {
  return !name.empty() && name.size() <= kKeyNameBytesMax && IsUtf8(name) &&
         std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '+';
         });
}

}  // namespace

std::string WriteVerifierKey(const VerifierKey& key, VerifierKeyUse use) {
  return key.name + "+" + HexEncode(HintOf(key, use)) + "+" +
         Base64Encode(TypeOf(use) + key.key.raw_ed25519());
}

Result<VerifierKey> ParseVerifierKey(std::string_view text, VerifierKeyUse use) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) {
    return BadVerifierKey(text, "want <name>+<8 hex digits>+<base64>");
  }
  const std::string_view name = text.substr(0, first);
  if (!IsKeyName(name)) {
    return BadVerifierKey(text,
                          "its name must be 1 to 255 bytes of UTF-8 without spaces and plus signs");
  }
  auto id = HexDecode(text.substr(first + 1, second - first - 1));
  if (!id) return BadVerifierKey(text, "key id: " + id.error().message);
  auto bytes = Base64Decode(text.substr(second + 1));
  if (!bytes) return BadVerifierKey(text, bytes.error().message);
  if (bytes->empty() || bytes->front() != TypeOf(use)) {
    const int type = bytes->empty() ? 0 : static_cast<unsigned char>(bytes->front());
    return BadVerifierKey(text, "signature type " + std::to_string(type) + ", want " +
                                    std::to_string(TypeOf(use)) + " (Ed25519 of a " +
                                    (use == VerifierKeyUse::kLog ? "log)" : "witness)"));
  }
  auto key = PublicKey::FromEd25519(std::string_view(*bytes).substr(1));
  if (!key) return BadVerifierKey(text, key.error().message);
  VerifierKey parsed{std::string(name), *key};
  if (*id != HintOf(parsed, use)) {
    return BadVerifierKey(
        text, "key id: want " + HexEncode(HintOf(parsed, use)) + ", that of its name and key");
  }
  return parsed;
}

}  // namespace farm
