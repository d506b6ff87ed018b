// farm-site: builds from raw inputs and signs a record of it.
#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/client/blob_service.h"
#include "farm/client/config.h"
#include "farm/client/daemon.h"
#include "farm/client/server.h"
#include "farm/client/start_check.h"
#include "farm/crypto/hash.h"
#include "farm/execute/doctor.h"
#include "farm/execute/execute.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/signer.h"
#include "farm/site/config.h"
#include "farm/site/journal.h"
#include "farm/site/publisher.h"
#include "farm/site/root_cache.h"
#include "farm/site/service.h"
#include "farm/site/site.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/assemble.h"

namespace farm {
namespace {

const DaemonHelp kHelp{
    "farm-site",
    "Builds from raw inputs what an intent asks of this site, and signs a record of it.",
    "Examples:\n"
    "  farm-site --config site-xa/config.json               as an ordinary user, limits observed\n"
    "  farm-sandbox monitor --uid 64001 --gid 64001 --subids 1073741824:65536 -- \\\n"
    "    farm-site --config /var/lib/farm/site-xa/config.json   as root, limits of the kernel\n"};

// Below `store`: blobs, records, roots.
struct Places {
  std::string blobs;
  std::string records;
  std::string roots;
};

Result<Places> MakePlaces(const SiteConfig& config) {
  const Places places{config.store, JoinPath(config.store, "records"),
                      JoinPath(config.store, "roots")};
  RETURN_IF_ERROR(MakeDirectories(config.store, 0700));
  RETURN_IF_ERROR(MakeDirectories(places.roots, 0700));
  RETURN_IF_ERROR(RemoveTree(config.work));  // what a crash left
  RETURN_IF_ERROR(MakeDirectories(config.work, 0700));
  return places;
}

Result<std::map<std::string, Digest>> Programs(const SiteConfig& config, const std::string& own) {
  ASSIGN_OR_RETURN(const FileDigest site, DigestOfFile(own));
  ASSIGN_OR_RETURN(const FileDigest launcher, DigestOfFile(config.launcher));
  return std::map<std::string, Digest>{{"farm-site", site.digest},
                                       {"farm-sandbox", launcher.digest}};
}

Status Serve(Daemon& daemon) {
  ASSIGN_OR_RETURN(const ConfigFile file, ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const SiteConfig config, ParseSiteConfig(file));
  const std::string own_program = OwnProgram();
  ASSIGN_OR_RETURN(const int monitor, MonitorDescriptor());
  SandboxSetup sandbox;
  sandbox.launcher = config.launcher;
  sandbox.check_program = own_program;
  sandbox.monitor_fd = monitor;
  sandbox.require_kernel_limits = config.kernel_limits;
  sandbox.scratch_directory = config.work;
  RETURN_IF_ERROR(CheckMachine(sandbox, [](const std::string& line) { spdlog::warn("{}", line); }));
  ASSIGN_OR_RETURN(const Places places, MakePlaces(config));

  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> blobs,
                   BlobStore::Open(RealFileSystem(), places.blobs));
  ASSIGN_OR_RETURN(const std::unique_ptr<SiteJournal> journal,
                   SiteJournal::Open(RealFileSystem(), places.records));
  RETURN_IF_ERROR(blobs->RemovePartial());  // the journal's lock says that nobody else writes
  ASSIGN_OR_RETURN(std::unique_ptr<Signer> key, OpenSigner(config.key));
  ASSIGN_OR_RETURN(const std::unique_ptr<CertifiedSigner> signer,
                   CertifiedSigner::Open(std::move(key), config.authority,
                                         {config.id, BaseName(config.id)}, SystemClock()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Publisher> publisher,
                   Publisher::Open(config.log, config.timestamp_url, config.timestamp_authority));
  RETURN_IF_ERROR(
      CheckAtStart({.certified = signer.get(),
                    .root = config.files.root,
                    .tls_certificate = config.tls.certificate,
                    .clocks = {{"the time-stamping authority",
                                [&] { return publisher->TimestampClock(config.files.root); }}}},
                   SystemClock()));

  const bool mounts_images = monitor >= 0;
  AssemblySandbox assembly;
  assembly.launcher = config.launcher;
  assembly.monitor_fd = monitor;
  RootCache roots(*blobs, places.roots, assembly);

  Site site(
      SiteParts{.builder = config.id,
                .files = config.files,
                .kernel_limits = config.kernel_limits,
                .blobs = *blobs,
                .journal = *journal,
                .signer = *signer,
                .clock = SystemClock(),
                .root = [&](const Lock& lock, const Stopped& stopped,
                            const auto& progress) { return roots.Get(lock, stopped, progress); },
                .executor =
                    [&](const ReadyRoot& root) {
                      SandboxSetup setup = sandbox;
                      setup.root_directory = root.directory;
                      setup.root_image = root.image;
                      return NewLocalExecutor(setup);
                    },
                .publish =
                    [&](const SiteParts::Publication& publication) {
                      return publisher->Publish(publication);
                    },
                .programs = [&] { return Programs(config, own_program); }});

  SiteService site_service(site,
                           {config.id, config.country, config.kernel_limits ? "kernel" : "observed",
                            mounts_images ? "image" : "directory"},
                           config.peers,
                           [&](Status status) { daemon.RequestTermination(std::move(status)); });
  BlobService blob_service(*blobs, AdmitPeers(config.peers));
  ASSIGN_OR_RETURN(const RunningServer server,
                   StartServer({config.listen, config.tls, {&site_service, &blob_service}}));
  daemon.Ready({{"listen", server.listen()}, {"id", config.id}});
  daemon.WaitForTermination();
  // Every launcher dies with this program and takes what runs in it along; records, blobs and roots
  // are whole at any moment.
  daemon.ExitWithin(kDaemonExitTime);
  site.Stop();  // first: whoever watches hears why
  return {};
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  // The sandbox starts this program again to identify a source's tree.
  if (argc > 1 && std::string_view(argv[1]) == "identify-tree") {
    return farm::IdentifyTreeMain(argc, argv);
  }
  return farm::DaemonMain(argc, argv, farm::kHelp, farm::Serve);
}
