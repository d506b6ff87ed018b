// A session with a token, logged in, and the key that was found there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "farm/base/digest.h"
#include "farm/base/result.h"
#include "farm/crypto/key.h"
#include "farm/sign/token_key.h"
#include "farm/sign/token_module.h"

namespace farm {

constexpr std::size_t kPinBytesMax = 255;

// Not thread-safe.
class TokenSession {
 public:
  // `module` outlives this.  `refused_pin`: the digest of a PIN that the token did not take; it is
  // not tried a second time, for a few wrong ones lock a token.
  // Errors: kUnavailable (no such token, it is locked or does not answer), kInvalidInput (two
  // tokens or two keys of that name, a key of another kind, or one that can be taken out of the
  // token), kNotFound (no such key), kUntrusted exit 25 (wrong PIN), those of reading the PIN's
  // file.  Each says what to do.
  static Result<std::unique_ptr<TokenSession>> Open(const TokenModule& module,
                                                    const TokenKeyName& name,
                                                    std::optional<Digest>& refused_pin);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;

  const PublicKey& key() const { return *key_; }
  // As Signer::Sign.  Errors: kUnavailable (the session, the login or the token is gone).
  Result<std::string> Sign(std::string_view message);

 private:
  TokenSession(const TokenModule& module, const TokenKeyName& name, CK_SESSION_HANDLE session)
      : functions_(module.functions()), name_(name), session_(session) {}
  Status LogIn(CK_FLAGS flags, std::optional<Digest>& refused_pin);
  Status FindKey();
  Status CheckPrivateKey();
  Result<CK_OBJECT_HANDLE> FindPublicKey(CK_KEY_TYPE type);
  Result<std::vector<CK_OBJECT_HANDLE>> Find(std::vector<CK_ATTRIBUTE> attributes);
  Error NoSuchKey();
  Result<std::string> Read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Result<CK_ULONG> ReadNumber(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Result<bool> ReadFlag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

  const CK_FUNCTION_LIST& functions_;
  const TokenKeyName name_;
  const CK_SESSION_HANDLE session_;
  CK_OBJECT_HANDLE private_key_ = 0;
  std::optional<PublicKey> key_;  // set once open
};

// Whether one may log in to a token with these flags: not where it is locked, nor where one wrong
// PIN more would lock it.  Errors: kUnavailable, with the remedy.
Status CheckMayLogIn(CK_FLAGS flags, const TokenKeyName& name);

}  // namespace farm
