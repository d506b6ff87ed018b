// TlsMaker: TLS certificates of one authority, as files, for the parties of a test.
#pragma once

#include <string>

#include "farm/client/tls.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"

namespace farm {

class TlsMaker {
 public:
  // Writes below `directory`.
  explicit TlsMaker(std::string directory);
  // A new key and a certificate for the common and DNS name `party`, under the same paths each
  // time. Valid by the machine's clock: the TLS library looks at no other.
  TlsFiles Files(const std::string& party);

 private:
  std::string Write(const std::string& name, const std::string& pem);
  const std::string directory_;
  const PrivateKey key_;
  const Certificate authority_;
};

}  // namespace farm
