// The signer's configuration file: client/CONFIGURATION.md.
#pragma once

#include <string>
#include <vector>

#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/tls.h"
#include "farm/gate/gate.h"
#include "farm/gate/history_reader.h"
#include "farm/sign/certified_signer.h"

namespace farm {

struct SignerConfig {
  std::string listen;
  TlsFiles tls;
  GateFiles files;
  std::string id;
  std::string key;  // P-256, as OpenSigner takes it
  AuthorityFiles authority;
  std::string state;  // the journal's directory
  HistorySources log;
  std::vector<std::string> peers;
};

// Errors: kInvalidInput naming file and field.
Result<SignerConfig> ParseSignerConfig(const ConfigFile& file);

}  // namespace farm
