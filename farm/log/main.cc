// farm-log: the append-only log.
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/log/server.h"

namespace {

constexpr char kExamples[] = R"(Configuration:
  {"format": "farm-config/1",
   "listen": "127.0.0.1:4711", "httpListen": "127.0.0.1:4712",
   "tls": {"certificate": "tls.pem", "key": "tls.key", "authority": "authority.pem"},
   "directory": "log", "root": "root.json", "origin": "log.farm.example",
   "key": "log.key", "ecdsaKey": "log-ecdsa.key",
   "witnesses": [{"name": "w1", "url": "http://127.0.0.1:4721", "publicKey": "w1.pub"}],
   "cosignatures": 1, "peers": ["farmd", "site-xa"]}
Optional: "floorBytes", "reserveBytes" (disk space below which no entry is taken; kept in reserve).
Examples:
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
