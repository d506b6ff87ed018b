// The name of a key in a token, and a public key as a token writes it: the first byte says which.
#include "farm/sign/token_key.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

void ReadName(std::string_view rest) {
  const auto name = farm::ParseTokenKeyName("pkcs11:" + std::string(rest));
  if (!name) return;
  CHECK(!name->token.empty() && name->token.size() <= farm::kTokenLabelMax);
  CHECK(!name->object.empty() && name->object.size() <= farm::kObjectLabelMax);
  CHECK(name->module.starts_with('/') && name->module.find('\0') == std::string::npos);
  CHECK(name->pin_file.empty() || name->pin_file.starts_with('/'));
  CHECK(name->pin_file.find('\0') == std::string::npos);
}

// A byte that says how long the parameters are, then those, then the point.
void ReadKey(farm::KeyKind kind, std::string_view rest) {
  if (rest.empty()) return;
  const auto size = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  if (rest.size() < size) return;
  const auto key = farm::PublicKeyOfToken(kind, rest.substr(0, size), rest.substr(size));
  if (!key) return;
  CHECK(key->kind() == kind);
  const auto again = farm::PublicKey::FromSpki(key->spki());
  CHECK(again && *again == *key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'p') {
    ReadKey(farm::KeyKind::kP256, rest);
  } else if (data[0] == 'e') {
    ReadKey(farm::KeyKind::kEd25519, rest);
  } else {
    ReadName(rest);
  }
  return 0;
}
