// Who runs the command: a person's configuration file (key, TLS files, root, where farmd is).
#pragma once

#include <string>

#include "farm/base/result.h"
#include "farm/client/tls.h"

namespace farm {

// `farm-config/1` of a person: {"format","id","key","root","policy","store","tls":{...},
// "farm":{"address","serverName"}}; relative paths are relative to the file.
struct PersonConfig {
  std::string id;
  std::string key_path;
  std::string root_path;
  std::string policy_path;
  std::string store_path;
  Endpoint farm;
};

// `path` empty: $FARM_CONFIG, else farm/config.json in the user's configuration folder.
// Errors: kNotFound exit 2 with the remedy, kInvalidInput naming the field.
Result<PersonConfig> ReadPersonConfig(const std::string& path);

}  // namespace farm
