// The site's configuration file.
//   {"format": "farm-config/1", "listen": "127.0.0.1:4711", "id":
//   "https://farm.example/sites/site-xa",
//    "country": "XA", "tls": {"certificate", "key", "authority"}, "root": "root.json",
//    "policy": "policy.json", "key": "key.pem",
//    "authority": {"certificate", "key", "transparencyKey"}, "store": "store", "work": "work",
//    "launcher": "/usr/lib/farm/farm-sandbox",
//    "log": {"address": "127.0.0.1:4712", "serverName": "log", "url": "http://127.0.0.1:4713"},
//    "timestamp": {"url": "http://127.0.0.1:4714"}, "peers": ["farmd"], "limits": "kernel"}
// "limits" is "kernel" or "observed"; "timestamp" may name the "authority" where the root lists
// several.  Paths are relative to the file.
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
  std::string key;  // P-256 PEM file
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
