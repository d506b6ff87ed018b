#include "farm/sign/token_signer.h"

#include <optional>
#include <utility>

#include "farm/base/mutex.h"
#include "farm/sign/token_module.h"
#include "farm/sign/token_session.h"

namespace farm {
namespace {

class TokenSigner final : public Signer {
 public:
  TokenSigner(TokenModule module, TokenKeyName name, std::unique_ptr<TokenSession> session)
      : module_(std::move(module)),
        name_(std::move(name)),
        key_(session->key()),
        session_(std::move(session)) {}

  const PublicKey& key() const override { return key_; }

  Result<std::string> Sign(std::string_view message) override {
    ASSIGN_OR_RETURN(std::string signature, SignInToken(message));
    // What is wrong here would be wrong for ever in a log.
    if (auto status = key_.Verify(message, signature); !status) {
      MutexLock lock(mutex_);
      session_.reset();  // it may be another's, whom the module gave the same number
      return Wrap(name_.Text() + ": of the signature that the token gave", status.error());
    }
    return signature;
  }

 private:
  Result<std::string> SignInToken(std::string_view message) {
    MutexLock lock(mutex_);
    if (session_) {
      auto signature = session_->Sign(message);
      if (signature) return signature;
    }
    RETURN_IF_ERROR(OpenAgain());
    return session_->Sign(message);
  }

  Status OpenAgain() REQUIRES(mutex_) {
    session_.reset();  // with the last one of a token the login ends
    ASSIGN_OR_RETURN(std::unique_ptr<TokenSession> session,
                     TokenSession::Open(module_, name_, refused_pin_));
    if (!(session->key() == key_)) {
      return Error{ErrorCode::kUntrusted,
                   name_.Text() +
                       ": another key is under this name now; start this program again "
                       "if that is what you want"};
    }
    session_ = std::move(session);
    return {};
  }

  const TokenModule module_;  // before what lives in it
  const TokenKeyName name_;
  const PublicKey key_;
  Mutex mutex_;
  std::unique_ptr<TokenSession> session_ GUARDED_BY(mutex_);
  std::optional<Digest> refused_pin_ GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<Signer>> OpenTokenSigner(TokenKeyName name) {
  ASSIGN_OR_RETURN(TokenModule module, TokenModule::Load(name.module));
  std::optional<Digest> refused_pin;
  ASSIGN_OR_RETURN(std::unique_ptr<TokenSession> session,
                   TokenSession::Open(module, name, refused_pin));
  return std::unique_ptr<Signer>(
      new TokenSigner(std::move(module), std::move(name), std::move(session)));
}

}  // namespace farm
