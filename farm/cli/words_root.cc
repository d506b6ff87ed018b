#include "farm/cli/words_root.h"

#include <iostream>

#include "farm/base/clock.h"
#include "farm/cli/commands_root.h"

namespace farm {
namespace {

void AddRootNew(CLI::App& root, const Output& output, const CommandMaker& command) {
  static RootNewArguments arguments;
  CLI::App* made =
      command(root, "new", "a root for people to sign, of their description",
              [&output] { return RunRootNewCommand(arguments, SystemClock(), output); });
  made->add_option("DESCRIPTION", arguments.description,
                   "protobuf text, farm/ceremony/FORMAT.md; files that it names lie beside it")
      ->required();
  made->add_option("--previous", arguments.previous, "the root before it; absent for the first");
  made->add_option("--out", arguments.out, "file to write; must not be there")->required();
  made->footer(
      "examples:\n"
      "  farm root new root.textproto --out root-1.json\n"
      "  farm root describe root-1.json --out root.textproto    # then edit it\n"
      "  farm root new root.textproto --previous root-1.json --out root-2.json");
  static RootDescribeArguments describe_arguments;
  CLI::App* describe =
      command(root, "describe", "a root as a description, to begin the next one from",
              [&output] { return RunRootDescribeCommand(describe_arguments, output); });
  describe->add_option("ROOT", describe_arguments.root, "the root's file")->required();
  describe->add_option("--out", describe_arguments.out, "file to write (default: standard output)");
}

void AddRootSign(CLI::App& root, const Output& output, const CommandMaker& command) {
  static RootSignArguments arguments;
  CLI::App* sign =
      command(root, "add-signature", "look at a root and sign it; merge what others signed",
              [&output] { return RunRootSignCommand(arguments, std::cin, SystemClock(), output); });
  sign->add_option("ROOT", arguments.root, "the root's file; also written, unless --out")
      ->required();
  sign->add_option("--previous", arguments.previous, "the root before it; absent for the first");
  sign->add_option("--key", arguments.key, "your root key, a PEM file or pkcs11:...");
  sign->add_option("--from", arguments.from, "copies of ROOT that others have signed");
  sign->add_option("--out", arguments.out, "file to write instead of ROOT");
  sign->add_flag("--yes", arguments.yes, "sign without asking");
  sign->footer(
      "examples:\n"
      "  farm root add-signature root-2.json --previous root-1.json --key me.pem\n"
      "  farm root add-signature root-2.json --previous root-1.json --from ann.json --from "
      "ben.json\n"
      "exit codes: 0 done, 11 your key's signature does not verify, 22 another root in --from,\n"
      "  25 your key is no root key here, 26 not signed");
}

void AddRootCheck(CLI::App& root, const Output& output, const CommandMaker& command) {
  static RootCheckArguments arguments;
  CLI::App* check =
      command(root, "check", "thresholds, dates, what changed, who must still sign, weak points",
              [&output] { return RunRootCheckCommand(arguments, SystemClock(), output); });
  check->add_option("ROOT", arguments.root, "the root's file")->required();
  check->add_option("--previous", arguments.previous, "the root before it; absent for the first");
  check->add_option("--at", arguments.at, "the time that counts as now (default: now)");
  check->footer(
      "example:\n  farm root check root-2.json --previous root-1.json\n"
      "exit codes: 0 complete, 11 signatures missing, 18 expired, 22 a root between the two is "
      "missing,\n  24 not newer");
}

void AddRootPublish(CLI::App& root, const Output& output, const CommandMaker& command) {
  static RootPublishArguments arguments;
  CLI::App* publish =
      command(root, "publish", "roots and TUF metadata of a published tree",
              [&output] { return RunRootPublishCommand(arguments, SystemClock(), output); });
  publish->add_option("TREE", arguments.tree, "folder of the published tree")->required();
  publish->add_option("--root", arguments.roots,
                      "a root that you hold, and those to add, each after the one before it");
  publish->add_option("--key", arguments.keys,
                      "keys of the roles timestamp, snapshot, targets: PEM files or pkcs11:...");
  publish->add_option("--policy", arguments.policy, "the newest releases must hold by it")
      ->required();
  for (const auto& [name, days] : {std::pair{"--targets-days", &arguments.targets_days},
                                   std::pair{"--snapshot-days", &arguments.snapshot_days},
                                   std::pair{"--timestamp-days", &arguments.timestamp_days}}) {
    publish->add_option(name, *days, "how long new metadata lasts")
        ->check(CLI::Range(1, 3660))
        ->capture_default_str();
  }
  publish->add_option("--at", arguments.at, "the time that counts as now (default: now)");
  publish->footer(
      "example:\n  farm root publish /srv/published --root root-2.json --policy policy.json "
      "--key online.pem\n"
      "Without a root of yours nobody knows whose tree it is: what lies in it could be anybody's.");
}

}  // namespace

void AddRoot(CLI::App& app, const Output& output, const CommandMaker& command) {
  CLI::App* root = app.add_subcommand("root", "the trust root: ceremonies, publication");
  root->require_subcommand(1);
  AddRootNew(*root, output, command);
  AddRootSign(*root, output, command);
  AddRootCheck(*root, output, command);
  AddRootPublish(*root, output, command);
}

}  // namespace farm
