// farm-witness: cosigns checkpoints of logs, and reads what they hold.
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/witness/server.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  farm-witness --config witness.json
  curl http://127.0.0.1:4721/$(printf log.farm.example | sha256sum | cut -c1-64)/checkpoint)";

farm::Status Run(farm::Daemon& daemon) {
  ASSIGN_OR_RETURN(const farm::ConfigFile file, farm::ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const farm::WitnessServerConfig config, farm::ParseWitnessConfig(file));
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
