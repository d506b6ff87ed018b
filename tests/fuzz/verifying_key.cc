// Any bytes are a key that others sign with, PEM or DER, or an error; a key that was read is one
// that its own SubjectPublicKeyInfo gives again, of a kind that we know, and no signature is
// nothing's.
#include "farm/crypto/verifying_key.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

void Look(const farm::Result<farm::VerifyingKey>& key) {
  if (!key) {
    CHECK(key.error().code == farm::ErrorCode::kInvalidInput);
    return;
  }
  const std::string kind = key->Kind();
  const bool rsa = kind.starts_with("RSA ");
  CHECK(rsa || kind == "Ed25519" || kind.starts_with("ECDSA P-"));
  const auto same = farm::VerifyingKey::FromSpki(key->spki());
  CHECK(same && same->spki() == key->spki() && same->Kind() == kind);
  for (const std::string_view signature : {std::string_view(), std::string_view("no signature")}) {
    CHECK(!key->Verify("message", signature));
    if (rsa) CHECK(!key->WithPss().Verify("message", signature));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Look(farm::VerifyingKey::FromPem(bytes));
  Look(farm::VerifyingKey::FromSpki(bytes));
  Look(farm::VerifyingKey::FromPkcs1(bytes));
  const auto holder = farm::ReadPemHolder(bytes);
  CHECK(!holder || holder->der.size() < bytes.size());
  return 0;
}
