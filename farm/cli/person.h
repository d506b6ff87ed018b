// Who runs the command: a person's configuration file (key, TLS files, root, where farmd is).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "farm/base/result.h"
#include "farm/client/tls.h"
#include "farm/crypto/key.h"
#include "farm/evidence/trust_root.h"

namespace farm {

// `farm-config/1` of a person: client/CONFIGURATION.md.
struct PersonConfig {
  std::optional<uid_t> owner;  // of the file: OpenConfiguredSigner takes his keys
  std::string id;
  std::string key;  // P-256, as OpenSigner takes it
  std::string root_path;
  std::string policy_path;
  std::string store_path;
  Endpoint farm;
};

// `path` empty: $FARM_CONFIG, else farm/config.json in the user's configuration folder.
// Errors: kNotFound exit 2 with the remedy, kInvalidInput naming the field.
Result<PersonConfig> ReadPersonConfig(const std::string& path);

// Who of the root's auditors has this key.
// Errors: kUntrusted exit 14 (it is a requester's), exit 25 (nobody's: names the root's auditors).
Result<std::string> AuditorOfKey(const TrustRoot& root, const PublicKey& key);

// The TLS files beside a person's key, named as `farm init` names them: tls.pem, tls.key.pem,
// tls-authority.pem.
TlsFiles TlsFilesBeside(const std::string& key_path);

// A farmd as "https://HOST:PORT" or "HOST:PORT".  Errors: kInvalidInput.
Result<Endpoint> FarmOfUrl(const std::string& url, const TlsFiles& tls);

}  // namespace farm
