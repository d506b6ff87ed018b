// The witness and monitor as a program: its configuration, its door, and the monitor's round.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/result.h"
#include "farm/client/config.h"
#include "farm/crypto/key.h"

namespace farm {

struct WatchedLogConfig {
  std::string origin;
  PublicKey key;    // Ed25519
  std::string url;  // where its entries are read; "": witnessed, not monitored
};

// Another witness of the root: what it has cosigned, the monitor's logs must show.
struct OtherWitnessConfig {
  std::string name;
  std::string url;
};

// The monitor's part: what it reads, it says.
struct StatusConfig {
  std::string id;    // of the monitor, as the root lists it
  std::string key;   // P-256, as OpenSigner takes it
  std::string file;  // where the status is kept; also served as /status.json
  std::int64_t cosignatures = 1;
  std::int64_t period_seconds = kDaySeconds;
  std::string timestamp_url;
  std::string timestamp_authority;  // "": the root's only one
};

struct WitnessServerConfig {
  std::string listen;
  std::string name;
  std::string key;        // Ed25519, as OpenSigner takes it
  std::string directory;  // state
  std::vector<WatchedLogConfig> logs;
  std::int64_t monitor_seconds = 60;
  std::string root;                           // "": none; then no log's end is known
  std::vector<OtherWitnessConfig> witnesses;  // needs the root
  std::optional<StatusConfig> status;
};
// Errors: kInvalidInput naming file and field.
Result<WitnessServerConfig> ParseWitnessConfig(const ConfigFile& file);

// A running witness.  Destroying it stops it.
class WitnessServer {
 public:
  virtual ~WitnessServer() = default;
  virtual const std::string& listen() const = 0;
};
// `on_stopped`: called once, from another thread, when state could not be stored; end the program
// then.  `files`, `clock` outlive it.
Result<std::unique_ptr<WitnessServer>> StartWitness(const WitnessServerConfig& config,
                                                    FileSystem& files, const Clock& clock,
                                                    std::function<void(const Error&)> on_stopped);

}  // namespace farm
