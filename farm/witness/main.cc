// farm-witness: cosigns checkpoints of logs, and reads what they hold.
#include <memory>
#include <string>

#include "farm/base/files.h"
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/client/start_check.h"
#include "farm/crypto/hash.h"
#include "farm/sign/signer.h"
#include "farm/witness/server.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  farm-witness --config witness.json
  curl http://127.0.0.1:4721/$(printf log.farm.example | sha256sum | cut -c1-64)/checkpoint
  curl http://127.0.0.1:4721/status.json    (where it monitors and has a key for that)";

// The key is opened for this alone; the witness opens it for itself.
farm::Status CheckWitness(const farm::WitnessServerConfig& config) {
  ASSIGN_OR_RETURN(const std::unique_ptr<farm::Signer> key, farm::OpenSigner(config.key));
  farm::StartCheck check{.keys = {key.get()}};
  for (const farm::WatchedLogConfig& log : config.logs) {
    const std::string folder = farm::JoinPath(config.directory, farm::Sha256(log.origin).Hex());
    check.cosigned.push_back({farm::JoinPath(folder, "checkpoint"), config.name, key->key()});
  }
  std::unique_ptr<farm::Signer> status_key;
  if (config.status) {
    ASSIGN_OR_RETURN(status_key, farm::OpenSigner(config.status->key));
    check.keys.push_back(status_key.get());
  }
  return farm::CheckAtStart(check, farm::SystemClock());
}

farm::Status Run(farm::Daemon& daemon) {
  ASSIGN_OR_RETURN(const farm::ConfigFile file, farm::ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const farm::WitnessServerConfig config, farm::ParseWitnessConfig(file));
  RETURN_IF_ERROR(CheckWitness(config));
  ASSIGN_OR_RETURN(const auto witness,
                   farm::StartWitness(
                       config, farm::RealFileSystem(), farm::SystemClock(),
                       [&daemon](const farm::Error& error) { daemon.RequestTermination(error); }));
  daemon.Ready({{"listen", witness->listen()}});
  daemon.WaitForTermination();
  daemon.ExitWithin(farm::kDaemonExitTime);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return farm::DaemonMain(
      argc, argv,
      {"farm-witness", "Cosigns the checkpoints of logs and watches what they hold.", kExamples},
      Run);
}
