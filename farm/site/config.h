// The site's configuration file: client/CONFIGURATION.md.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"
#include "farm/sign/certified_signer.h"
#include "farm/site/site.h"

namespace farm {

struct SiteConfig {
  std::string listen;
  TlsFiles tls;
  SiteFiles files;
  std::string id;
  std::string country;
  std::string key;  // P-256, as OpenSigner takes it
  AuthorityFiles authority;
  std::string store;     // blobs, records, roots
  std::string work;      // what a build leaves behind here is removed
  std::string launcher;  // farm-sandbox
  Endpoint log;
  std::string timestamp_url;
  std::string timestamp_authority;  // empty: the root's only one
  std::vector<std::string> peers;
  bool kernel_limits = true;
};

// Errors: kInvalidInput naming file and field.
Result<SiteConfig> ParseSiteConfig(const ConfigFile& file);

}  // namespace farm
