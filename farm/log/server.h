// The log as a program: its configuration, and its two doors (gRPC for append, HTTP for reading).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/client/http.h"
#include "farm/client/log_reader.h"
#include "farm/client/tls.h"
#include "farm/evidence/tlog_policy.h"
#include "farm/log/tile_log.h"

namespace farm {

struct WitnessConfig {
  WitnessKey identity;
  std::string url;
};

struct LogConfig {
  std::string listen;       // gRPC
  std::string http_listen;  // HTTP
  TlsFiles tls;
  std::string directory;
  std::string root;  // trust root: whose statements may come in
  std::string origin;
  std::string key;        // Ed25519, as OpenSigner takes it
  std::string ecdsa_key;  // P-256, the same
  std::vector<WitnessConfig> witnesses;
  std::int64_t cosignatures = 0;     // needed before an answer ...
  std::optional<TlogPolicy> quorum;  // ... or who of `witnesses`, which are its own, suffices
  std::vector<std::string> peers;    // common names that may append
  DiskLimits disk;
};
// Errors: kInvalidInput naming file and field.
Result<LogConfig> ParseLogConfig(const ConfigFile& file);

// A running log.  Destroying it stops it.
class LogServer {
 public:
  virtual ~LogServer() = default;
  virtual const std::string& listen() const = 0;
  virtual const std::string& http_listen() const = 0;
};
// `on_stopped`: called once, from another thread, when an I/O error has stopped the log: end the
// program then, so that it starts again from what is on disk.
Result<std::unique_ptr<LogServer>> StartLog(const LogConfig& config, FileSystem& files,
                                            std::function<void(const Error&)> on_stopped);

}  // namespace farm
