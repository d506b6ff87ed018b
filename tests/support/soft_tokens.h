// SoftTokens: a SoftHSM2 with tokens in a folder of the test's own, filled by the tools that
// operators use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "farm/base/files.h"

namespace farm {

class SoftTokens {
 public:
  static constexpr std::string_view kModule = "/usr/lib/softhsm/libsofthsm2.so";
  static constexpr std::string_view kPin = "pin-4711";

  // Points SoftHSM2 of this process to the folder: one SoftTokens at a time, and no signer of
  // another.
  SoftTokens();

  void AddToken(const std::string& label);
  // A pair made in the token.  `type`: "EC:prime256v1", "EC:edwards25519", "rsa:2048".  `more`:
  // options of pkcs11-tool.
  void MakeKey(const std::string& token, const std::string& object, const std::string& type,
               const std::vector<std::string>& more = {});
  // A pair made elsewhere, PKCS#8 PEM.
  void ImportKey(const std::string& token, const std::string& object, const std::string& pem);
  void DeleteKey(const std::string& token, const std::string& object);
  void DeletePublicKey(const std::string& token, const std::string& object);
  // The public half alone, DER; `id` in hexadecimal.
  void AddPublicKey(const std::string& token, const std::string& object, const std::string& id,
                    const std::string& spki);

  // The PIN's file, mode 0600.
  std::string pin_file() const { return Path("pin"); }
  void WritePin(std::string_view pin);
  // "pkcs11:token=...;object=...", then `more`, module and PIN file.
  std::string Key(const std::string& token, const std::string& object,
                  const std::string& more = "") const;
  std::string Path(const std::string& name) const { return JoinPath(directory_.path(), name); }

 private:
  void Delete(const std::string& token, const std::string& object, const std::string& type);
  void Run(std::vector<std::string> argv) const;
  std::vector<std::string> Tool(const std::string& token) const;

  const TemporaryDirectory directory_ = TemporaryDirectory::Make("").value();
};

}  // namespace farm
