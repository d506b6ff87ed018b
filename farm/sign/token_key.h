// How a key in a PKCS#11 token is named in a configuration, and how its public half is written in
// the token.  Values only; token_session.h talks to the token.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/crypto/key.h"

namespace farm {

constexpr std::size_t kTokenKeyTextMax = 2048;  // two paths and three names, each byte as %NN
constexpr std::size_t kTokenLabelMax = 32;      // CK_TOKEN_INFO has so many
constexpr std::size_t kTokenSerialMax = 16;     // the same
constexpr std::size_t kObjectLabelMax = 255;

// RFC 7512, of which these attributes are known:
//   pkcs11:token=T;object=K[;serial=S][;id=%01][;type=private]
//     ?module-path=/usr/lib/softhsm/libsofthsm2.so[&pin-source=file:/etc/farm/pin]
struct TokenKeyName {
  std::string token;     // the token's label
  std::string object;    // the key's label
  std::string serial;    // the token's serial number; "": whatever it is
  std::string id;        // CKA_ID, bytes; "": whatever it is
  std::string module;    // the maker's library, an absolute path
  std::string pin_file;  // an absolute path; "": the token wants none
  // Not in the text: who beside this process's user and root may own that file.
  std::optional<uid_t> configured_by = std::nullopt;

  std::string Text() const;  // for messages: key "K" of token "T"
};

// Whether `key`, the place of a key in a configuration, is such a name: else it is a file's path.
bool IsTokenKey(std::string_view key);
// Errors: kInvalidInput, naming the attribute; a text with a PIN in it is not repeated.
Result<TokenKeyName> ParseTokenKeyName(std::string_view text);

// The public half of a key of `kind` from CKA_EC_PARAMS and CKA_EC_POINT, in any of the ways in
// which tokens write them.  Errors: kInvalidInput (another curve, not a point). Spec: PKCS#11 2.40
// (mechanisms) section 2.3.3; 3.0 section 2.3.5.
Result<PublicKey> PublicKeyOfToken(KeyKind kind, std::string_view parameters,
                                   std::string_view point);

}  // namespace farm
