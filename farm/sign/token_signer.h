// A Signer whose key lies in a PKCS#11 token and never leaves it.
#pragma once

#include <memory>

#include "farm/base/result.h"
#include "farm/sign/signer.h"
#include "farm/sign/token_key.h"

namespace farm {

// Logs in again by itself when the session has ended (a token pulled out and put back, a device
// that was started anew); every signature is checked before it is given out. Errors: those of
// TokenModule::Load and TokenSession::Open.
Result<std::unique_ptr<Signer>> OpenTokenSigner(TokenKeyName name);

}  // namespace farm
