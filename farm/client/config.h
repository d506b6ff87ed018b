// Configuration files of the daemons: JSON objects with "format": "farm-config/1", read strictly.
// CONFIGURATION.md has one of each.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "farm/base/result.h"
#include "farm/crypto/certificate.h"
#include "farm/crypto/key.h"
#include "farm/json/json.h"
#include "farm/sign/certified_signer.h"

namespace farm {

constexpr std::string_view kConfigFormat = "farm-config/1";
constexpr std::size_t kConfigBytesMax = 1 << 20;

struct ConfigFile {
  Json json;
  std::string directory;  // of the file; relative paths in it are relative to this
  std::string path;
  std::optional<uid_t> owner = std::nullopt;  // of the file

  // `path` itself if absolute, else below `directory`.
  std::string Resolve(std::string_view path_in_file) const;
  // The same for a key as OpenSigner takes it: one in a token is no path.
  std::string ResolveKey(std::string_view key_in_file) const;
};

// Errors: kNotFound exit 2, kUnavailable, kInvalidInput, naming the file.
Result<ConfigFile> ReadConfig(const std::string& path);

// {"certificate","key","transparencyKey"}; relative paths are relative to `directory`, and the keys
// may be in tokens.
// Errors: kInvalidInput naming the field.
Result<AuthorityFiles> ParseAuthorityFiles(const Json& object, const std::string& where,
                                           const std::string& directory);

// PEM files, named in messages.
Result<PublicKey> ReadPublicKeyFile(const std::string& path);
Result<Certificate> ReadCertificateFile(const std::string& path);

}  // namespace farm
