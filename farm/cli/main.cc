// farm: the command line of requesters, auditors and operators.
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/completion.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/cli/commands.h"
#include "farm/cli/development.h"
#include "farm/cli/init.h"
#include "farm/cli/sandbox_place.h"
#include "farm/cli/words_log.h"
#include "farm/cli/words_root.h"
#include "farm/execute/execute.h"
#include "farm/json/json.h"

namespace farm {
namespace {

constexpr const char* kExamples =
    "examples:\n"
    "  farm plan manifests/products/greeting/manifest.textproto\n"
    "  farm fetch MANIFEST --store DIR && farm release MANIFEST --wait --config requester.json\n"
    "  farm audit show MANIFEST && farm audit approve MANIFEST --config auditor.json --toolchain "
    "DIR\n"
    "  farm why greeting/1.0/r1/5e1c2a90b7f1 --config requester.json\n"
    "exit codes: 0 done, 2 usage or malformed input, 14 approval missing, 22 input missing,\n"
    "  23 unresolved dissent, 25 refused, 26 cancelled, 30 no answer, 40 build failed, 70 "
    "internal;\n"
    "  README has them all";

constexpr int kOk = static_cast<int>(ExitCode::kProved);

// The command that was chosen on the command line; runs after all words were parsed.
struct Chosen {
  Output output;
  std::function<int()> run;
};

CLI::App* Command(CLI::App& parent, Chosen& chosen, const std::string& name,
                  const std::string& help, std::function<int()> run) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->add_flag("--json", chosen.output.json, "one JSON document on standard output");
  command->callback([&chosen, run = std::move(run)] { chosen.run = run; });
  return command;
}

void AddManifest(CLI::App* command, ManifestArguments& arguments) {
  command->add_option("MANIFEST", arguments.manifest, "protobuf text, or canonical JSON")
      ->required();
  command->add_option("--lock", arguments.lock,
                      "the toolchain's lock (default: <name>.lock.textproto in a folder toolchains "
                      "above the manifest)");
}

void AddConfig(CLI::App* command, std::string& config) {
  command->add_option(
      "--config", config,
      "your configuration (default: $FARM_CONFIG, else ~/.config/farm/config.json)");
}

void AddSandbox(CLI::App* command, SandboxArguments& arguments) {
  command->add_option("--toolchain", arguments.toolchain, "folder of `farm toolchain build`");
  command->add_option("--launcher", arguments.launcher,
                      "farm-sandbox (default: beside this program)");
}

// Init and development.

struct InitArguments {
  bool development = false;
  std::string state;
  std::string programs;
};

int RunInit(const InitArguments& arguments, const Output& output) {
  InitOptions options;
  options.directory = arguments.state;
  options.programs = arguments.programs.empty() ? DirectoryName(OwnProgram()) : arguments.programs;
  if (geteuid() == 0) {
    const auto first_uid = FreePartyUids(
        [](std::uint32_t id) { return getpwuid(id) != nullptr || getgrgid(id) != nullptr; });
    if (!first_uid) return Fail(output, "farm init", first_uid.error());
    options.first_uid = *first_uid;
    const auto range =
        FreeSubordinateIds({"/etc/subuid", "/etc/subgid"}, std::uint64_t{16} * kSubordinateIds);
    if (!range) return Fail(output, "farm init", range.error());
    options.first_subordinate_id = *range;
  }
  const auto parties = InitDevelopment(options, SystemClock());
  if (!parties) return Fail(output, "farm init", parties.error());
  Json list = Json::array();
  for (const Party& party : *parties) {
    Say(output, party.name + "  uid " + std::to_string(party.uid));
    list.push_back(party.name);
  }
  Answer(output, {{"state", arguments.state}, {"parties", list}});
  return kOk;
}

int RunParty(const std::string& state, const std::string& name, const Output& output) {
  const auto parties = ReadParties(state);
  if (!parties) return Fail(output, "farm development party", parties.error());
  for (const Party& party : *parties) {
    if (party.name != name) continue;
    Say(output, std::to_string(party.uid) + " " + std::to_string(party.first_subordinate_id));
    Answer(output, {{"uid", party.uid}, {"firstSubordinateId", party.first_subordinate_id}});
    return kOk;
  }
  return Fail(output, "farm development party",
              Error{ErrorCode::kNotFound, "no party " + name + " in " + state});
}

void AddInit(CLI::App& app, Chosen& chosen) {
  static InitArguments arguments;
  CLI::App* init = Command(app, chosen, "init", "make a farm's parties: keys, CAs, root, policy",
                           [&chosen] { return RunInit(arguments, chosen.output); });
  init->add_flag("--development", arguments.development,
                 "all parties on this machine; every verdict will say so")
      ->required();
  init->add_option("--state", arguments.state, "folder to make")->required();
  init->add_option("--programs", arguments.programs,
                   "folder of the programs (default: this one's)");
}

void AddDevelopment(CLI::App& app, Chosen& chosen) {
  static DevelopmentOptions options;
  static std::string party;
  CLI::App* development = app.add_subcommand("development", "run a development farm");
  development->require_subcommand(1);
  const auto add_state = [](CLI::App* command) {
    command->add_option("--state", options.directory, "folder made by `farm init`")->required();
  };
  CLI::App* run =
      Command(*development, chosen, "run", "run all daemons until told to stop", [&chosen] {
        if (options.programs.empty()) options.programs = DirectoryName(OwnProgram());
        const Status status = RunDevelopment(options);
        return status ? kOk : Fail(chosen.output, "farm development run", status.error());
      });
  add_state(run);
  run->add_option("--programs", options.programs, "folder of the programs (default: this one's)");
  run->add_flag("--detached", options.detached, "outlive the caller");
  run->add_flag("--restart", options.restart, "start a daemon that ends by itself again");
  run->add_option("--without", options.without, "parties that stay away");
  add_state(Command(*development, chosen, "stop", "end a running farm", [&chosen] {
    const Status status = StopDevelopment(options.directory);
    if (!status) return Fail(chosen.output, "farm development stop", status.error());
    Answer(chosen.output, {{"state", options.directory}, {"running", false}});
    return kOk;
  }));
  CLI::App* show = Command(*development, chosen, "party", "a party's uid and first subordinate id",
                           [&chosen] { return RunParty(options.directory, party, chosen.output); });
  add_state(show);
  show->add_option("NAME", party)->required();
}

// Release engineers.

void AddPlanAndFetch(CLI::App& app, Chosen& chosen) {
  static PlanArguments plan_arguments;
  static FetchArguments fetch_arguments;
  CLI::App* plan =
      Command(app, chosen, "plan", "what would be built, by which rules; changes nothing",
              [&chosen] { return RunPlanCommand(plan_arguments, chosen.output); });
  AddManifest(plan, plan_arguments.manifest);
  plan->add_option("--config", plan_arguments.config, "ask this farm for its rules too");
  plan->add_flag("--digest", plan_arguments.digest_only, "print only the manifest's digest");
  CLI::App* fetch = Command(app, chosen, "fetch", "every raw input of a manifest into a store",
                            [&chosen] { return RunFetchCommand(fetch_arguments, chosen.output); });
  AddManifest(fetch, fetch_arguments.manifest);
  fetch->add_option("--store", fetch_arguments.store, "folder of the store; made if missing")
      ->required();
  fetch->add_option("--search", fetch_arguments.search, "folders to look in first");
  fetch->add_flag("--offline", fetch_arguments.offline, "ask no archive");
  CLI::Option* toolchain =
      fetch->add_flag("--toolchain-only", fetch_arguments.toolchain_only, "only packages");
  fetch->add_flag("--sources-only", fetch_arguments.sources_only, "only source files")
      ->excludes(toolchain);
}

CLI::App* AddWithdraw(CLI::App& release, Chosen& chosen, WithdrawArguments& arguments) {
  CLI::App* withdraw =
      Command(release, chosen, "withdraw", "say that a release must not be used any more",
              [&chosen, &arguments] { return RunWithdrawCommand(arguments, chosen.output); });
  withdraw
      ->add_option("RELEASE", arguments.release,
                   "as `farm list` prints it, or the file with its lines (.sigstore.jsonl)")
      ->required();
  withdraw->add_option("--product", arguments.product,
                       "the product that you mean, which must be the release's; required with a "
                       "file");
  withdraw->add_option("--version", arguments.version, "its version, in the same way");
  withdraw->add_option("--reason", arguments.reason, "one line for everybody who has it")
      ->required();
  withdraw->add_option("--out", arguments.out, "file for the signed and logged line");
  AddConfig(withdraw, arguments.config);
  withdraw->footer(
      "For auditors and requesters of the trust root, each of a release once.  Signed and logged "
      "for good, never taken back.\n"
      "examples:\n"
      "  farm release withdraw greeting/1.0/r1/5e1c2a90b7f1 --reason \"prints the password\"\n"
      "  farm release withdraw greet.sigstore.jsonl --product greeting --version 1.0 --reason "
      "\"see advisory 7\" --config auditor.json\n"
      "exit codes: 0 withdrawn, 2 usage, 18 your key is not valid now, or a clock is wrong, 22 "
      "another release than the one that is meant, 25 not by you, or by you already: with \"log "
      "entry N\" it is done");
  return withdraw;
}

void AddCertify(CLI::App& app, Chosen& chosen) {
  static CertifyArguments arguments;
  CLI::App* certify = Command(app, chosen, "certify", "vouch for the country where a site stands",
                              [&chosen] { return RunCertifyCommand(arguments, chosen.output); });
  certify->add_option("SITE", arguments.site, "its builder id, as the trust root lists it")
      ->required();
  certify->add_option("--country", arguments.country, "two capital letters")->required();
  certify->add_option("--from", arguments.from, "2027-01-15T08:00:00Z (default: now)");
  certify->add_option("--to", arguments.to, "at most two years later")->required();
  certify->add_option("--out", arguments.out,
                      "file for the signed and logged line; customers keep it in `certifications` "
                      "beside their root");
  AddConfig(certify, arguments.config);
  certify->footer(
      "For certifiers of the trust root.\n"
      "example:\n"
      "  farm certify https://farm.example/sites/site-xa --country XA --to 2028-01-15T08:00:00Z "
      "--out site-xa.jsonl --config certifier.json");
}

void AddRelease(CLI::App& app, Chosen& chosen) {
  static ReleaseArguments arguments;
  static WithdrawArguments withdraw_arguments;
  static const CLI::App* withdraw = nullptr;
  // The callback of `release` comes last, whatever follows it.
  CLI::App* release =
      Command(app, chosen, "release", "sign a request, send it, watch it; withdraw one", [&chosen] {
        if (withdraw->parsed()) return RunWithdrawCommand(withdraw_arguments, chosen.output);
        if (arguments.manifest.manifest.empty()) {
          return Fail(chosen.output, "farm release",
                      Error{ErrorCode::kInvalidInput, "MANIFEST is required"});
        }
        return RunReleaseCommand(arguments, chosen.output);
      });
  withdraw = AddWithdraw(*release, chosen, withdraw_arguments);
  AddManifest(release, arguments.manifest);
  release->get_option("MANIFEST")->required(false);
  AddConfig(release, arguments.config);
  release->add_flag("--wait", arguments.wait, "show progress until the end; ^C detaches");
  release
      ->add_option(
          "--timeout", arguments.timeout_seconds,
          "seconds --wait lasts at most (default: a day): exit 14 if approvals are missing then, "
          "else 30; a party that does not answer ends it after 15 minutes: 30")
      ->check(CLI::PositiveNumber);
}

void AddQueries(CLI::App& app, Chosen& chosen) {
  static QueryArguments arguments;
  struct Query {
    const char* name;
    const char* help;
    int (*run)(const QueryArguments&, const Output&);
  };
  for (const Query& query :
       {Query{"get", "one release", RunGetCommand},
        Query{"watch", "follow a release to its end; ^C detaches", RunWatchCommand},
        Query{"why", "what a release waits for, or why it ended", RunWhyCommand},
        Query{"cancel", "end a release that is not signed yet", RunCancelCommand}}) {
    CLI::App* command = Command(app, chosen, query.name, query.help, [&chosen, run = query.run] {
      return run(arguments, chosen.output);
    });
    command
        ->add_option("RELEASE", arguments.release_id, "as `farm release` and `farm list` print it")
        ->required();
    AddConfig(command, arguments.config);
    command->footer("example:\n  farm " + std::string(query.name) +
                    " greeting/1.0/r1/5e1c2a90b7f1 --config requester.json");
    if (std::string_view(query.name) == "watch") {
      command->add_flag("--logs", arguments.logs, "show what the builds print");
      command->add_option("--after", arguments.after, "event number to go on from");
    }
  }
  CLI::App* list = Command(app, chosen, "list", "all releases, newest first",
                           [&chosen] { return RunListCommand(arguments, chosen.output); });
  list->add_option("PRODUCT", arguments.release_id, "only this product's");
  AddConfig(list, arguments.config);
}

// Toolchains, sources, audits.

void AddToolchain(CLI::App& app, Chosen& chosen) {
  static ToolchainLockArguments lock_arguments;
  static ToolchainBuildArguments build_arguments;
  static std::string lock_file;
  CLI::App* toolchain = app.add_subcommand("toolchain", "package locks and root file systems");
  toolchain->require_subcommand(1);
  CLI::App* lock = Command(
      *toolchain, chosen, "lock", "resolve names once into a lock with digests",
      [&chosen] { return RunToolchainLockCommand(lock_arguments, LockMachine{}, chosen.output); });
  lock->add_option("--refresh", lock_arguments.refresh, "ask for what this lock asked for, again");
  lock->add_option("--out", lock_arguments.out,
                   "file to write; without it only the difference is shown");
  lock->add_option("--package", lock_arguments.packages, "package to have in the root");
  lock->add_option("--build-depends-of", lock_arguments.build_depends_of, "SOURCE=VERSION");
  lock->add_option("--suite", lock_arguments.suites, "suite of the archive, the main one first");
  lock->add_option("--source-date-epoch", lock_arguments.source_date_epoch, "seconds");
  lock->add_option("--store", lock_arguments.store, "folder of the store for packages")->required();
  lock->add_option("--launcher", lock_arguments.launcher, "farm-sandbox");
  CLI::App* build =
      Command(*toolchain, chosen, "build", "assemble a root from pinned packages alone",
              [&chosen] { return RunToolchainBuildCommand(build_arguments, chosen.output); });
  build->add_option("FILE", build_arguments.lock, "a lock, or a manifest that names one")
      ->required();
  build->add_option("--out", build_arguments.out, "folder for the root")->required();
  build->add_option("--store", build_arguments.store, "folder of the store with the packages")
      ->required();
  build->add_option("--launcher", build_arguments.launcher, "farm-sandbox");
  CLI::App* digest =
      Command(*toolchain, chosen, "digest", "the digest that a manifest names a lock by",
              [&chosen] { return RunToolchainDigestCommand(lock_file, chosen.output); });
  digest->add_option("LOCK", lock_file)->required();
}

void AddSource(CLI::App& app, Chosen& chosen) {
  static SourceImportArguments import_arguments;
  static AuditArguments identify_arguments;
  CLI::App* source = app.add_subcommand("source", "sources and their identities");
  source->require_subcommand(1);
  CLI::App* import =
      Command(*source, chosen, "import", "a source into a store, as a manifest's block",
              [&chosen] { return RunSourceImportCommand(import_arguments, chosen.output); });
  import->add_option("KIND", import_arguments.kind, "debian, archive, git or directory")
      ->required();
  import->add_option("PATH", import_arguments.path, ".dsc, archive, repository or directory")
      ->required();
  import->add_option("--name", import_arguments.name, "what steps will call it")->required();
  import->add_option("--commit", import_arguments.commit, "git: SHA-1 of the commit");
  import->add_option("--url", import_arguments.url, "where it was had, for people");
  import->add_option("--source-date-epoch", import_arguments.source_date_epoch, "the manifest's");
  import->add_option("--store", import_arguments.store, "folder of the store")->required();
  AddSandbox(import, import_arguments.sandbox);
  CLI::App* identify =
      Command(*source, chosen, "identify", "unpack a manifest's sources, name their trees",
              [&chosen] { return RunSourceIdentifyCommand(identify_arguments, chosen.output); });
  AddManifest(identify, identify_arguments.manifest);
  identify->add_option("--store", identify_arguments.store, "folder of the store")->required();
  AddSandbox(identify, identify_arguments.sandbox);
}

void AddAudit(CLI::App& app, Chosen& chosen) {
  static AuditArguments arguments;
  CLI::App* audit = app.add_subcommand("audit", "look at a manifest and approve it");
  audit->require_subcommand(1);
  CLI::App* show =
      Command(*audit, chosen, "show", "recipe, sources, toolchain in plain words; what changed",
              [&chosen] { return RunAuditShowCommand(arguments, chosen.output); });
  CLI::App* checkout =
      Command(*audit, chosen, "checkout", "the sources as a SHA-256 git repository",
              [&chosen] { return RunAuditCheckoutCommand(arguments, chosen.output); });
  CLI::App* approve =
      Command(*audit, chosen, "approve", "hash everything again, then sign",
              [&chosen] { return RunAuditApproveCommand(arguments, chosen.output); });
  for (CLI::App* command : {show, checkout, approve}) {
    AddManifest(command, arguments.manifest);
    command->add_option("--config", arguments.config, "your configuration; names the farm to ask");
  }
  show->add_option(
      "--previous", arguments.previous,
      "manifest to compare with, a file or sha256:... at your farm (default: the product's last "
      "approved one at your farm)");
  for (CLI::App* command : {checkout, approve}) {
    command->add_option("--store", arguments.store,
                        "folder of the store (default: the configuration's)");
    AddSandbox(command, arguments.sandbox);
  }
  checkout->add_option("--git", arguments.git, "folder of the repository to make")->required();
  CLI::Option* diff = approve->add_flag(
      "--diff", arguments.diff,
      "approve what has changed since an approved manifest, which --base names; shows all of it");
  approve
      ->add_option("--base", arguments.base,
                   "that manifest, a file or sha256:... at your farm (default: the product's last "
                   "approved one at your farm)")
      ->needs(diff);
  approve->add_option("--key", arguments.key,
                      "your key, a PEM file or pkcs11:... (default: the configuration's)");
  approve->add_option("--out", arguments.out, "file for the approval");
  approve->add_option(
      "--farm", arguments.farm,
      "https://HOST:PORT of the farmd to send it to; your TLS files lie beside the key "
      "(tls.pem, tls.key.pem, tls-authority.pem) or in the configuration");
  approve->add_option(
      "--root", arguments.root,
      "trust root that lists your key (default: the configuration's, else root.json "
      "beside the key)");
  approve->add_option("--auditor", arguments.auditor,
                      "your id (default: found in the root by your key)");
}

void AddBundle(CLI::App& app, Chosen& chosen) {
  static BundleArguments arguments;
  CLI::App* bundle = app.add_subcommand("bundle", "the evidence beside a published file");
  bundle->require_subcommand(1);
  CLI::App* show = Command(*bundle, chosen, "show", "what each line says; judges nothing",
                           [&chosen] { return RunBundleShowCommand(arguments, chosen.output); });
  show->footer("example:\n  farm bundle show hello.tar.sigstore.jsonl");
  CLI::App* take = Command(*bundle, chosen, "export",
                           "each line as plain files that openssl alone can check, with a README "
                           "of the commands; judges nothing",
                           [&chosen] { return RunBundleExportCommand(arguments, chosen.output); });
  take->footer(
      "example:\n  farm bundle export hello.tar.sigstore.jsonl evidence --root root.json\n"
      "  less evidence/README");
  for (CLI::App* command : {show, take}) {
    command->add_option("BUNDLE", arguments.bundle, "a .sigstore.jsonl, or one line of it")
        ->required();
  }
  take->add_option("DIR", arguments.out, "folder to make; must not be there yet")->required();
  take->add_option("--root", arguments.root, "the trust root, whose authorities are written too")
      ->required();
}

void AddCompletion(CLI::App& app, Chosen& chosen) {
  static std::string shell;
  CLI::App* command = app.add_subcommand("completion", "a script for a shell");
  command->add_option("SHELL", shell, "bash, fish or zsh")->required();
  command->footer("example:\n  eval \"$(farm completion bash)\"");
  command->callback([&app, &chosen] {
    chosen.run = [&app, &chosen] {
      const auto script = CompletionScript(CompletionOf(app), shell);
      if (!script) return Fail(chosen.output, "farm completion", script.error());
      std::fputs(script->c_str(), stdout);
      return kOk;
    };
  });
}

// The library itself would only say that a command is missing.
bool IsCommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return true;
  std::string commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) return true;
    commands += " " + command->get_name();
  }
  std::fprintf(stderr, "farm: no command %s; there are:%s\n", Printable(argv[1], 80).c_str(),
               commands.c_str());
  return false;
}

int Main(int argc, char** argv) {
  CLI::App app{"farm: builds anyone can check", "farm"};
  app.footer(kExamples);
  app.require_subcommand(1);
  Chosen chosen;
  chosen.output.terminal = isatty(STDERR_FILENO) != 0;
  AddPlanAndFetch(app, chosen);
  AddRelease(app, chosen);
  AddQueries(app, chosen);
  AddCertify(app, chosen);
  AddAudit(app, chosen);
  AddSource(app, chosen);
  AddBundle(app, chosen);
  AddToolchain(app, chosen);
  AddInit(app, chosen);
  AddDevelopment(app, chosen);
  AddCompletion(app, chosen);
  const CommandMaker command = [&chosen](CLI::App& parent, const std::string& name,
                                         const std::string& help, std::function<int()> run) {
    return Command(parent, chosen, name, help, std::move(run));
  };
  AddLog(app, chosen.output, command);
  AddRoot(app, chosen.output, command);
  if (!IsCommand(app, argc, argv)) return static_cast<int>(ExitCode::kUsage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? kOk : static_cast<int>(ExitCode::kUsage);
  }
  const int code = chosen.run();
  const Status printed = FlushStandardOutput();
  return code != kOk || printed ? code : Fail(chosen.output, "farm", printed.error());
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "identify-tree")
    return farm::IdentifyTreeMain(argc, argv);
  return farm::Main(argc, argv);
}
