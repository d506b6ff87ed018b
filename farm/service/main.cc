// farmd: takes requests and approvals, drives each release to its end, publishes it.
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "farm/base/files.h"
#include "farm/base/mutex.h"
#include "farm/client/blob_service.h"
#include "farm/client/daemon.h"
#include "farm/client/server.h"
#include "farm/evidence/trust_root.h"
#include "farm/release/releases.h"
#include "farm/service/authority.h"
#include "farm/service/config.h"
#include "farm/service/farm_door.h"
#include "farm/service/parties.h"
#include "farm/service/status_copy.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

const DaemonHelp kHelp{
    "farmd", "Takes requests and approvals, drives each release to its end, and publishes it.",
    "Examples:\n"
    "  farmd --config /etc/farm/farmd.json\n"
    "  farmd --config farmd/config.json --die-with-parent\n"
    "What farmd has done stands in its \"database\" folder; killed at any moment and started "
    "again\n"
    "it goes on from there. If that folder is lost, it is made anew from \"store\" and the log.\n"};

// An error if one of the directories' disks has less than `floor` bytes left.
Status CheckDisk(const std::vector<std::string>& directories, std::uint64_t floor) {
  for (const std::string& directory : directories) {
    struct statvfs facts {};
    if (statvfs(directory.c_str(), &facts) != 0) {
      return Error{ErrorCode::kUnavailable, directory + ": " + std::strerror(errno)};
    }
    const std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    if (free < floor) {
      return Error{ErrorCode::kUnavailable,
                   "the disk of " + directory + " has " + std::to_string(free >> 20) +
                       " MiB left, less than the floor of " + std::to_string(floor >> 20) +
                       " MiB (\"diskFloorBytes\"); make room, nothing new begins before"};
    }
  }
  return {};
}

Result<Rules> ReadRules(const FarmConfig& config) {
  Rules rules;
  ASSIGN_OR_RETURN(rules.root_bytes, ReadFile(config.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(rules.root, ParseTrustRoot(rules.root_bytes, config.root));
  ASSIGN_OR_RETURN(const std::string policy, ReadFile(config.policy, kPolicyBytesMax));
  ASSIGN_OR_RETURN(rules.policy, ParsePolicy(policy, config.policy));
  const auto known = [&](const std::string& id, std::string_view role) -> Status {
    const auto found = rules.root.FindParty(id);
    if (found && found->party->role == role) return {};
    return Error{ErrorCode::kInvalidInput, config.root + ": no " + std::string(role) + " \"" + id +
                                               "\", which farmd's configuration names"};
  };
  RETURN_IF_ERROR(known(config.coordinator_id, "coordinator"));
  for (const SiteAddress& site : config.sites) {
    RETURN_IF_ERROR(known(site.id, "site"));
    rules.sites.push_back(site.id);
  }
  return rules;
}

// One line a change of stage.
class StageLines {
 public:
  void Say(const ReleaseView& view) {
    if (view.stage == Stage::kUnknown) return;  // approvals that wait for a request
    MutexLock lock(mutex_);
    const auto [last, fresh] = stages_.try_emplace(view.id, view.stage);
    if (!fresh && last->second == view.stage) return;
    last->second = view.stage;
    spdlog::info("{}: {}", view.id, Name(view.stage));
    if (IsEnd(view.stage)) stages_.erase(last);
  }

 private:
  Mutex mutex_;
  std::map<std::string, Stage> stages_ GUARDED_BY(mutex_);
};

Status MakePlaces(const FarmConfig& config) {
  for (const std::string& directory : {config.store, config.database}) {
    RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  }
  return MakeDirectories(config.published, 0755);
}

Status Serve(Daemon& daemon) {
  ASSIGN_OR_RETURN(const ConfigFile file, ReadConfig(daemon.config_path()));
  ASSIGN_OR_RETURN(const FarmConfig config, ParseFarmConfig(file));
  ASSIGN_OR_RETURN(const Rules rules, ReadRules(config));
  RETURN_IF_ERROR(MakePlaces(config));
  LedgerOptions ledger_options;
  ledger_options.directory = config.database;
  ledger_options.now = SystemClock().Now();
  ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger,
                   Ledger::Open(RealFileSystem(), ledger_options));
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobStore> store,
                   BlobStore::Open(RealFileSystem(), config.store));
  RETURN_IF_ERROR(store->RemovePartial());  // the ledger's lock says that nobody else writes

  ASSIGN_OR_RETURN(const std::unique_ptr<RemoteNotary> notary,
                   RemoteNotary::Open(config, rules.root, rules.policy, SystemClock()));
  RETURN_IF_ERROR(notary->Examine(config, SystemClock()));
  ASSIGN_OR_RETURN(const std::unique_ptr<RemoteSites> sites,
                   RemoteSites::Open(config, *store, kSitePatience));
  ASSIGN_OR_RETURN(const std::unique_ptr<RemoteDecider> decider, RemoteDecider::Open(config));
  ReplayKits kits;
  SteadySeconds steady;
  const auto check_disk = [&] {
    return CheckDisk({config.store, config.database, config.published}, config.disk_floor_bytes);
  };
  const Status broken = Error{ErrorCode::kUnavailable, "the database cannot be written"};
  StageLines lines;
  ReleasesOptions options;
  options.rules = rules;
  options.published = config.published;
  options.copy = JoinPath(config.store, "releases");
  options.check_disk = check_disk;
  options.on_change = [&](const ReleaseView& view) { lines.Say(view); };
  options.on_broken = [&](const Error& error) { daemon.RequestTermination(error); };
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Releases> releases,
      Releases::Open(
          options, World{*notary, *sites, *decider, kits, RealFileSystem(), SystemClock(), steady},
          *ledger, *store));
  const Authority authority(config.roles);
  FarmDoor farm_door(*releases, *store, authority, [&] { return notary->NewestHead(); });
  BlobService blob_service(*store, AdmitByRole(authority, check_disk));
  ASSIGN_OR_RETURN(
      const RunningServer server,
      StartServer({.listen = config.listen,
                   .tls = config.tls,
                   .services = {&farm_door, &blob_service},
                   .health = [&] { return ledger->broken() ? broken : check_disk(); }}));
  PublishedTree published(RealFileSystem(), *store, config.published);
  ASSIGN_OR_RETURN(const std::unique_ptr<StatusCopy> status,
                   StatusCopy::Start(config.monitors, rules, published, SystemClock()));
  releases->Start();
  daemon.Ready(
      {{"listen", server.listen()}, {"id", config.coordinator_id}, {"epoch", ledger->epoch()}});
  daemon.WaitForTermination();
  daemon.ExitWithin(
      kDaemonExitTime);  // whoever does not answer is asked again after the next start
  farm_door.Stop();
  return {};
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) { return farm::DaemonMain(argc, argv, farm::kHelp, farm::Serve); }
