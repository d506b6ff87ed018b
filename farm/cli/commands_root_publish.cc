#include <memory>
#include <utility>

#include "farm/base/files.h"
#include "farm/base/time_words.h"
#include "farm/ceremony/published_tree.h"
#include "farm/cli/commands_root.h"
#include "farm/json/json.h"
#include "farm/sign/signer.h"

namespace farm {
namespace {

Result<PublishedTargets> PublishTree(const RootPublishArguments& arguments, const Clock& clock) {
  PublishOrder order;
  order.directory = arguments.tree;
  order.roots = arguments.roots;
  order.lifetimes = {arguments.targets_days, arguments.snapshot_days, arguments.timestamp_days};
  ASSIGN_OR_RETURN(order.now, AtOrNow(arguments.at, clock));
  ASSIGN_OR_RETURN(const std::string policy, ReadFile(arguments.policy, kPolicyBytesMax));
  ASSIGN_OR_RETURN(order.policy, ParsePolicy(policy, arguments.policy));
  std::vector<std::unique_ptr<Signer>> signers;
  for (const std::string& key : arguments.keys) {
    ASSIGN_OR_RETURN(std::unique_ptr<Signer> signer, OpenSigner(key));
    order.signers.push_back(signer.get());
    signers.push_back(std::move(signer));
  }
  // It has the keys' canaries.  The clock is compared with nobody's: a tree is published where it
  // lies, also on a machine that reaches no farm (--at), and the dates that it gives are printed.
  return PublishTargets(RealFileSystem(), order);
}

}  // namespace

int RunRootPublishCommand(const RootPublishArguments& arguments, const Clock& clock,
                          const Output& output) {
  const Result<PublishedTargets> published = PublishTree(arguments, clock);
  if (!published) return Fail(output, "farm root publish", published.error());
  for (const std::string& warning : published->warnings) SayProgress(output, "warning: " + warning);
  Say(output, "root " + std::to_string(published->root.version));
  Json json = {{"root", published->root.version}, {"warnings", published->warnings}};
  for (const TufMetadata& metadata : published->metadata) {
    const std::string role(TufRoleName(metadata.role));
    Say(output, role + " " + std::to_string(metadata.version) + ", expires " +
                    FormatTime(metadata.expires));
    json[role] = {{"expires", FormatTime(metadata.expires)}, {"version", metadata.version}};
    if (metadata.role != TufRole::kTargets) continue;
    Json files = Json::array();
    for (const auto& [path, file] : metadata.files) {
      Say(output, "  " + path);
      files.push_back(path);
    }
    json["files"] = std::move(files);
  }
  Answer(output, json);
  return 0;
}

}  // namespace farm
