// farm plan, farm fetch: what a manifest needs, and getting it.
#include <unistd.h>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/cli/describe.h"
#include "farm/cli/inputs.h"
#include "farm/cli/person.h"
#include "farm/client/farm_client.h"
#include "farm/json/json.h"
#include "farm/plan/plan.h"
#include "farm/source/source.h"
#include "farm/toolchain/fetch.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

// A fetch under way.
struct Fetch {
  const FetchArguments& arguments;
  const ReadManifest& manifest;
  BlobStore& store;
  AptPlace place;
  const Output& output;
};

// Packages that the store does not have, through apt.  Those that have left the archive are an
// error exit 22 naming each.
Status FetchMissingPackages(Fetch& fetch) {
  Lock missing = fetch.manifest.lock;
  std::erase_if(missing.packages,
                [&](const LockedPackage& package) { return fetch.store.Has(package.sha256); });
  if (missing.packages.empty()) return {};
  if (fetch.arguments.offline) {
    return Error{ErrorCode::kNotFound,
                 Amount(missing.packages.size(), "package is", "packages are") + " not in " +
                     fetch.arguments.store + ", first " + missing.packages.front().name + " " +
                     missing.packages.front().version + "; run without --offline"};
  }
  ASSIGN_OR_RETURN(const TemporaryDirectory directory,
                   TemporaryDirectory::Make(fetch.arguments.store));
  ASSIGN_OR_RETURN(const FetchedPackages fetched,
                   FetchPackages(missing, fetch.place, directory.path(), ProgressOf(fetch.output)));
  for (const auto& [digest, path] : fetched.paths) {
    RETURN_IF_ERROR(fetch.store.PutFileAs(path, digest));
    RETURN_IF_ERROR(RealFileSystem().Remove(path));
  }
  if (fetched.lost.empty()) return {};
  return Error{ErrorCode::kNotFound,
               "packages that have left the archive:\n" + DescribeLost(fetched.lost)};
}

Status FetchMissingSources(Fetch& fetch) {
  DebianFetch from_apt;
  if (!fetch.arguments.offline) {
    from_apt = [&](const DebianOrigin& origin, const std::string& directory) -> Status {
      DebianSourceRequest request{.package = origin.package,
                                  .version = origin.version,
                                  .suites = fetch.manifest.lock.requested.suites,
                                  .architecture = fetch.manifest.manifest.architecture,
                                  .files = {}};
      for (const ManifestSource& source : fetch.manifest.manifest.sources) {
        if (source.origin != SourceOrigin(origin)) continue;
        for (const SourceFile& file : source.files) {
          request.files.push_back({file.name, file.digest, static_cast<std::int64_t>(file.size)});
        }
      }
      return FetchDebianSource(request, fetch.place, directory, ProgressOf(fetch.output));
    };
  }
  // A source that lies beside the manifest as a directory becomes its canonical tar again.
  for (const ManifestSource& source : fetch.manifest.manifest.sources) {
    const auto* origin = std::get_if<DirectoryOrigin>(&source.origin);
    if (origin == nullptr || source.files.empty() || fetch.store.Has(source.files[0].digest))
      continue;
    const std::string path = JoinPath(DirectoryName(fetch.manifest.path), origin->path);
    if (!FileExists(path)) continue;
    ASSIGN_OR_RETURN(
        const ImportedSource imported,
        ImportDirectory(source.name, path, fetch.manifest.manifest.source_date_epoch, fetch.store));
    if (imported.source.tree != source.tree) {
      return Error{ErrorCode::kMismatch, path + " has tree " + imported.source.tree +
                                             ", the manifest's source " + source.name +
                                             " is tree " + source.tree};
    }
  }
  return FetchSourceFiles(fetch.manifest.manifest, fetch.store, fetch.arguments.search, from_apt);
}

Json PlanJson(const ReadManifest& read, const Plan& plan) {
  return {{"manifest", read.digest.Text()},
          {"plan", Json::parse(CanonicalPlan(plan))},
          {"planDigest", PlanDigest(plan).Text()}};
}

void SayRules(const std::vector<std::string>& rules, const std::string& whose, Json& json,
              const Output& output) {
  Say(output, "rules of " + whose + ":");
  for (const std::string& rule : rules) Say(output, "rule  " + rule);
  json["rules"] = rules;
  json["rulesOf"] = whose;
}

// Without a farm: what holds wherever nobody demands more.
void SayDefaultRules(const ReadManifest& read, Json& json, const Output& output) {
  SayRules(RulesInWords(Tighten(Policy{}, read.manifest.requirements), {}),
           "the default policy, tightened by the manifest (a farm's, a site's and a customer's own "
           "may demand more)",
           json, output);
}

// farmd's view of the same plan: what it lacks, which rules decide.
Status SayFarmdsView(const PlanArguments& arguments, const ReadManifest& read, Json& json,
                     const Output& output) {
  ASSIGN_OR_RETURN(const PersonConfig config, ReadPersonConfig(arguments.config));
  ASSIGN_OR_RETURN(const std::unique_ptr<FarmClient> client, FarmClient::Open(config.farm));
  v1::PlanRequest request;
  request.set_manifest(read.canonical);
  ASSIGN_OR_RETURN(const v1::PlanReply reply, client->Plan(request));
  SayRules({reply.rule().begin(), reply.rule().end()}, "the farm at " + config.farm.address, json,
           output);
  Say(output, "approvals  " + std::to_string(reply.approvals()) + " of " +
                  std::to_string(reply.approvals_needed()));
  Say(output, "inputs that farmd does not have  " + std::to_string(reply.missing_blob_size()));
  json["approvals"] = reply.approvals();
  json["approvalsNeeded"] = reply.approvals_needed();
  json["missingInputs"] = reply.missing_blob_size();
  return {};
}

}  // namespace

int RunPlanCommand(const PlanArguments& arguments, const Output& output) {
  constexpr std::string_view kCommand = "farm plan";
  const auto read = ReadManifestFile(arguments.manifest.manifest, arguments.manifest.lock);
  if (!read) return Fail(output, kCommand, read.error());
  if (arguments.digest_only) {
    Say(output, read->digest.Text());
    Answer(output, {{"manifest", read->digest.Text()}});
    return static_cast<int>(ExitCode::kProved);
  }
  const auto plan = MakePlan(read->manifest, read->digest, read->manifest.lock);
  if (!plan) return Fail(output, kCommand, plan.error());
  for (const std::string& line : DescribeManifest(read->manifest)) Say(output, line);
  const std::vector<std::string> warnings = ManifestWarnings(read->manifest);
  for (const std::string& line : warnings) Say(output, "warning: " + line);
  Say(output, "toolchain has " + DescribeLock(read->lock));
  for (std::size_t i = 0; i < plan->actions.size(); ++i) {
    const Action& action = plan->actions[i];
    Say(output, "action " + std::to_string(i + 1) + "/" + std::to_string(plan->actions.size()) +
                    "  " + action.step +
                    (action.prepare.empty() ? "" : "\n  prepare " + ShellWords(action.prepare)) +
                    "\n  run     " + ShellWords(action.argv));
  }
  Say(output, "manifest  " + read->digest.Text());
  Say(output, "plan      " + PlanDigest(*plan).Text());
  Json json = PlanJson(*read, *plan);
  json["warnings"] = warnings;
  if (arguments.config.empty()) {
    SayDefaultRules(*read, json, output);
  } else {
    const Status status = SayFarmdsView(arguments, *read, json, output);
    if (!status) return Fail(output, kCommand, status.error());
  }
  Answer(output, json);
  return static_cast<int>(ExitCode::kProved);
}

int RunFetchCommand(const FetchArguments& arguments, const Output& output) {
  constexpr std::string_view kCommand = "farm fetch";
  const auto read = ReadManifestFile(arguments.manifest.manifest, arguments.manifest.lock);
  if (!read) return Fail(output, kCommand, read.error());
  if (const Status made = MakeDirectories(arguments.store, 0755); !made) {
    return Fail(output, kCommand, made.error());
  }
  const auto store = BlobStore::Open(RealFileSystem(), arguments.store);
  if (!store) return Fail(output, kCommand, store.error());
  Fetch fetch{arguments, *read, **store, {}, output};
  fetch.place.directory = JoinPath(arguments.store, "apt");
  Status status;
  if (!arguments.sources_only) status = FetchMissingPackages(fetch);
  if (status && !arguments.toolchain_only) status = FetchMissingSources(fetch);
  EndProgressInPlace(output);
  if (!status) return Fail(output, kCommand, status.error());
  const std::size_t count = NeededBlobs(*read).size() - MissingBlobs(*read, **store).size();
  Say(output, std::to_string(count) + " inputs of " + read->manifest.product + " " +
                  read->manifest.version + " are in " + arguments.store);
  Answer(output, {{"inputs", count}, {"store", arguments.store}});
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
