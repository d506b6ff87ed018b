// farm-tsa: a time-stamping authority for development.
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/client/start_check.h"
#include "farm/timestamp/server.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  farm-tsa --config tsa.json
  openssl ts -query -data FILE -sha256 -cert | curl --data-binary @- \
    -H 'Content-Type: application/timestamp-query' http://127.0.0.1:4731/ -o FILE.tsr)";

farm::Status Run(farm::Daemon& daemon) {
  ASSIGN_OR_RETURN(const farm::ConfigFile file, farm::ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const farm::TimestampConfig config, farm::ParseTimestampConfig(file));
  ASSIGN_OR_RETURN(const farm::StampKey stamp, farm::ReadStampKey(config));
  RETURN_IF_ERROR(farm::CheckAtStart({.stamp = &stamp}, farm::SystemClock()));
  ASSIGN_OR_RETURN(const auto server,
                   farm::StartTimestampServer(config.listen, stamp, farm::SystemClock()));
  daemon.Ready({{"listen", server->listen()}});
  daemon.WaitForTermination();
  daemon.ExitWithin(farm::kDaemonExitTime);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return farm::DaemonMain(argc, argv,
                          {"farm-tsa",
                           "RFC 3161 time stamps for development; in production a foreign service "
                           "takes its place.",
                           kExamples, false},
                          Run);
}
