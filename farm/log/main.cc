// farm-log: the append-only log.
#include <memory>
#include <string>

#include "farm/base/files.h"
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/client/start_check.h"
#include "farm/log/server.h"
#include "farm/sign/signer.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  farm-log --config log.json
  curl http://127.0.0.1:4712/checkpoint)";

// The keys are opened for this alone; the log opens them for itself.
farm::Status CheckLog(const farm::LogConfig& config) {
  ASSIGN_OR_RETURN(const std::unique_ptr<farm::Signer> key, farm::OpenSigner(config.key));
  ASSIGN_OR_RETURN(const std::unique_ptr<farm::Signer> ecdsa_key,
                   farm::OpenSigner(config.ecdsa_key));
  farm::StartCheck check{.keys = {key.get(), ecdsa_key.get()},
                         .root = config.root,
                         .tls_certificate = config.tls.certificate};
  const std::string checkpoint = farm::JoinPath(config.directory, "checkpoint");
  for (const farm::WitnessConfig& witness : config.witnesses) {
    check.cosigned.push_back({checkpoint, witness.identity.name, witness.identity.key});
  }
  return farm::CheckAtStart(check, farm::SystemClock());
}

farm::Status Run(farm::Daemon& daemon) {
  ASSIGN_OR_RETURN(const farm::ConfigFile file, farm::ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const farm::LogConfig config, farm::ParseLogConfig(file));
  RETURN_IF_ERROR(CheckLog(config));
  ASSIGN_OR_RETURN(const auto log, farm::StartLog(config, farm::RealFileSystem(),
                                                  [&daemon](const farm::Error& error) {
                                                    daemon.RequestTermination(error);
                                                  }));
  daemon.Ready({{"listen", log->listen()}, {"httpListen", log->http_listen()}});
  daemon.WaitForTermination();
  daemon.ExitWithin(farm::kDaemonExitTime);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return farm::DaemonMain(
      argc, argv,
      {"farm-log", "The farm's append-only log: appends over gRPC, reading over HTTP.", kExamples},
      Run);
}
