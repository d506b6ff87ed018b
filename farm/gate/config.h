// The signer's configuration file.
//   {"format": "farm-config/1", "listen": "127.0.0.1:4713", "id":
//   "https://farm.example/parties/signer",
//    "tls": {"certificate", "key", "authority"}, "root": "root.json", "policy": "policy.json",
//    "key": "key.pem", "authority": {"certificate", "key", "transparencyKey"}, "state": "state",
//    "log": {"url": "http://127.0.0.1:4712"}, "peers": ["farmd"]}
// "log" may name the log's "origin" where the root lists several.  Paths are relative to the file.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"
#include "farm/gate/gate.h"
#include "farm/sign/certified_signer.h"

namespace farm {

struct SignerConfig {
  std::string listen;
  TlsFiles tls;
  GateFiles files;
  std::string id;
  std::string key;  // P-256 PEM file
  AuthorityFiles authority;
  std::string state;  // the journal's directory
  std::string log_url;
  std::string log_origin;  // empty: the root's only log
  std::vector<std::string> peers;
};

// Errors: kInvalidInput naming file and field.
Result<SignerConfig> ParseSignerConfig(const ConfigFile& file);

}  // namespace farm
