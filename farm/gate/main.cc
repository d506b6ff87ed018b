// farm-signer: decides from bytes alone whether a build is released, and signs.
#include <memory>
#include <string>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/client/server.h"
#include "farm/gate/config.h"
#include "farm/gate/gate.h"
#include "farm/gate/history_reader.h"
#include "farm/gate/journal.h"
#include "farm/gate/service.h"
#include "farm/gate/start.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

const DaemonHelp kHelp{
    "farm-signer",
    "Decides from bytes alone whether a build is released, and signs what it decides.",
    "Examples:\n"
    "  farm-signer --config /etc/farm/signer.json\n"
    "  farm-signer --config signer/config.json --die-with-parent\n"
    "The journal in \"state\" keeps one version from being signed twice.\n"};

Status Serve(Daemon& daemon) {
  ASSIGN_OR_RETURN(const ConfigFile file, ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const SignerConfig config, ParseSignerConfig(file));
  ASSIGN_OR_RETURN(std::unique_ptr<Signer> key, OpenSigner(config.key));
  ASSIGN_OR_RETURN(const std::unique_ptr<CertifiedSigner> signer,
                   CertifiedSigner::Open(std::move(key), config.authority,
                                         {config.id, BaseName(config.id)}, SystemClock()));
  HistoryReader history(config.log);
  RETURN_IF_ERROR(CheckSigner(config, *signer, history, SystemClock()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                   Journal::Open(RealFileSystem(), config.state));
  Gate gate(
      config.files, *journal, *signer,
      [&](const HistoryQuery& query) { return history.Read(query); }, SystemClock());
  SignerService service(gate, config.peers,
                        [&](Status status) { daemon.RequestTermination(std::move(status)); });
  ASSIGN_OR_RETURN(const RunningServer server,
                   StartServer({config.listen, config.tls, {&service}}));
  daemon.Ready({{"listen", server.listen()}, {"id", config.id}});
  daemon.WaitForTermination();
  daemon.ExitWithin(kDaemonExitTime);  // the journal is whole at any moment
  return {};
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) { return farm::DaemonMain(argc, argv, farm::kHelp, farm::Serve); }
