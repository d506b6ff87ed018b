// A PKCS#11 module: the library of a token's maker, called directly.  OpenSSL's engine for it signs
// no Ed25519, and crashes where a token holds such a key.  Spec: PKCS#11 2.40.
#pragma once

#include <p11-kit-1/p11-kit/pkcs11.h>

#include <string>
#include <utility>
#include <vector>

#include "farm/base/result.h"

namespace farm {

constexpr CK_ULONG kSlotsMax = 256;  // a large device for many tenants has 100

// A module is initialised once in a process, whoever uses it, and ended with its last user: its own
// threads and locks must not meet the end of the program.  Thread-safe.  A child after fork() must
// not call it, which one that goes on to exec does not.
class TokenModule {
 public:
  // Errors: kUnavailable (no such library, or it does not start), kInvalidInput (it is no PKCS#11
  // module).
  static Result<TokenModule> Load(const std::string& path);
  TokenModule(TokenModule&& other) noexcept
      : functions_(std::exchange(other.functions_, nullptr)) {}
  TokenModule& operator=(TokenModule&&) = delete;
  ~TokenModule();

  const CK_FUNCTION_LIST& functions() const { return *functions_; }

  struct Slot {
    CK_SLOT_ID id = 0;
    CK_FLAGS flags = 0;  // of its token
    std::string label;
    std::string serial;
  };
  // Slots with a token that has been initialised.  Errors: kUnavailable, kLimitExceeded.
  Result<std::vector<Slot>> Slots() const;

 private:
  explicit TokenModule(CK_FUNCTION_LIST* functions) : functions_(functions) {}
  CK_FUNCTION_LIST* functions_;  // null after a move
};

// "CKR_PIN_LOCKED", as the makers' manuals have it; of rare ones the number.
std::string TokenAnswer(CK_RV code);

}  // namespace farm
