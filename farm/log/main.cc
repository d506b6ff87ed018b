// farm-log: the append-only log.
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/log/server.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  farm-log --config log.json
  curl http://127.0.0.1:4712/checkpoint)";

farm::Status Run(farm::Daemon& daemon) {
  ASSIGN_OR_RETURN(const farm::ConfigFile file, farm::ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const farm::LogConfig config, farm::ParseLogConfig(file));
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
