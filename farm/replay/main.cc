// farm-replay: rebuilds a release from its kit, with no network, and signs what came of it.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/base/command_line.h"
#include "farm/base/completion.h"
#include "farm/base/files.h"
#include "farm/base/process.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/execute/execute.h"
#include "farm/json/json.h"
#include "farm/replay/replay.h"
#include "farm/sign/certified_signer.h"
#include "farm/sign/doctor.h"
#include "farm/sign/signer.h"
#include "farm/verify/policy.h"

namespace farm {
namespace {

constexpr const char* kExamples =
    "examples:\n"
    "  farm-replay doctor\n"
    "  farm-replay run dropbear-1.farmkit --root root.json --policy policy.json --out report\n"
    "  farm-replay sign report/report.json --key key.pem --name regulator-1 --out verdict.jsonl\n"
    "  eval \"$(farm-replay completion bash)\"\n"
    "a trial, with a development root (exit 13 without the option, of both commands):\n"
    "  farm-replay run dropbear-1.farmkit --root root.json --policy policy.json --out report \\\n"
    "    --allow-development-root\n"
    "  farm-replay sign report/report.json --key key.pem --name regulator-1 --out verdict.jsonl "
    "\\\n"
    "    --allow-development-root\n"
    "exit codes of run: 0 MATCH, 20 MISMATCH, 21 INCONCLUSIVE, 22 a kit that was changed, others:\n"
    "  the evidence does not hold (as farm-verify)";

// Set in the environment of the second start, inside the user namespace.
constexpr const char* kInsideVariable = "FARM_REPLAY_INSIDE";
// Ids inside such a namespace: 0 is the caller, 1.. are his subordinate ids.
constexpr std::uint32_t kNestedIds = 65536;
// As root: a range nobody has by default (16 above the first free ones of `farm init`).
constexpr std::uint32_t kRootIdsBase = (1U << 30) + 64 * 65536;
constexpr std::size_t kSmallFileBytesMax = 16 << 20;

struct RunArguments {
  std::string kit;
  std::string root;
  std::string policy;
  std::string out;
  std::string launcher;
  bool allow_development_root = false;
  bool json = false;
};

std::string Launcher(const RunArguments& arguments) {
  if (!arguments.launcher.empty()) return arguments.launcher;
  const std::string folder = DirectoryName(OwnProgram());
  const std::string beside = JoinPath(folder, "farm-sandbox");
  return FileExists(beside) ? beside : JoinPath(folder, "../../sandbox/farm-sandbox");
}

int Fail(const std::string& command, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", command.c_str(), error.message.c_str());
  return static_cast<int>(error.Exit());
}

bool Inside() { return std::getenv(kInsideVariable) != nullptr; }

// An ordinary user: the same command again as mapped root of a user namespace with his subordinate
// ids, and without a network.  Returns only on failure.
int EnterNamespaces(char** argv) {
  std::vector<std::string> words = {"unshare", "--user",    "--map-root-user", "--map-auto",
                                    "--net",   "--mount",   "--fork",          "--kill-child",
                                    "--",      OwnProgram()};
  for (char** word = argv + 1; *word != nullptr; ++word) words.push_back(*word);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  setenv(kInsideVariable, "1", 1);
  execvp("unshare", pointers.data());
  return Fail("farm-replay run",
              Error{ErrorCode::kUnavailable, std::string("unshare: ") + std::strerror(errno) +
                                                 "; install util-linux and uidmap"});
}

// Whether `unshare` can give this user what a replay needs; the remedy if not.
Status CheckNamespaces() {
  ProcessSpec spec;
  spec.argv = {"unshare", "--user", "--map-root-user", "--map-auto", "--net", "--mount",
               "--",      "true"};
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(spec));
  if (result.ok()) return {};
  return Error{
      ErrorCode::kUnavailable,
      "no user namespace with subordinate ids here: " + Printable(result.error_output, 300) +
          "; install uidmap and give your user a range in /etc/subuid and /etc/subgid "
          "(usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER)",
      ExitCode::kReplayInconclusive};
}

Status LeaveNetwork() {
  if (unshare(CLONE_NEWNET) == 0) return {};
  return Error{ErrorCode::kUnavailable, std::string("leaving the network: ") + std::strerror(errno),
               ExitCode::kReplayInconclusive};
}

Result<ReplaySetup> MakeSetup(const RunArguments& arguments) {
  ReplaySetup setup;
  setup.kit = arguments.kit;
  setup.directory = arguments.out;
  ASSIGN_OR_RETURN(setup.root, ReadFile(arguments.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(setup.policy, ReadFile(arguments.policy, kPolicyBytesMax));
  setup.allow_development_root = arguments.allow_development_root;
  setup.launcher = Launcher(arguments);
  setup.check_program = OwnProgram();
  setup.image = !Inside();
  setup.subid_base = Inside() ? 1 : kRootIdsBase;
  setup.subid_count = Inside() ? kNestedIds - 1 : kNestedIds;
  return setup;
}

// A replay that could not begin.
ReplayReport NotTried(const Error& error) {
  ReplayReport report;
  report.started = report.finished = SystemClock().Now();
  report.exit = error.Exit();
  report.reason = PrintableLines(error.message, kReasonLineMax);
  return report;
}

Result<ReplayReport> TryReplay(const RunArguments& arguments) {
  RETURN_IF_ERROR(LeaveNetwork());
  ASSIGN_OR_RETURN(const ReplaySetup setup, MakeSetup(arguments));
  return Replay(setup, SystemClock(), [](std::string_view line) {
    std::fprintf(stderr, "%s\n", Printable(line, kReasonLineMax).c_str());
  });
}

int Report(const ReplayReport& report, const RunArguments& arguments) {
  const Status written = WriteReports(RealFileSystem(), report, arguments.out);
  std::fputs((arguments.json ? ReportJsonLine(report) : ReportText(report)).c_str(), stdout);
  if (!written) return Fail("farm-replay run", written.error());
  return static_cast<int>(report.exit);
}

int Run(const RunArguments& arguments, char** argv) {
  if (geteuid() != 0) {
    const Status status = CheckNamespaces();
    return status ? EnterNamespaces(argv) : Report(NotTried(status.error()), arguments);
  }
  const auto report = TryReplay(arguments);
  return Report(report ? *report : NotTried(report.error()), arguments);
}

void SayJson(const Json& json) {
  std::printf("%s\n", json.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
}

struct SignArguments {
  std::string report;
  std::string key;
  std::string name;
  std::string out;
  bool allow_development_root = false;
  bool json = false;
};

Status Sign(const SignArguments& arguments) {
  ASSIGN_OR_RETURN(const std::string report, ReadFile(arguments.report, kSmallFileBytesMax));
  ASSIGN_OR_RETURN(const SignableVerdict verdict,
                   VerdictOfReport(report, arguments.name, SystemClock().Now()));
  RETURN_IF_ERROR(CheckMayBeSigned(verdict, arguments.allow_development_root));
  ASSIGN_OR_RETURN(const std::unique_ptr<Signer> signer, OpenSigner(arguments.key));
  // Only a canary: a regulator replays and signs on a machine without a network, so there is no log
  // whose witnesses could be asked for the time.
  RETURN_IF_ERROR(CheckCanary(*signer));
  ASSIGN_OR_RETURN(const Bundle bundle, SignStatement(Statement(verdict.statement), *signer));
  RETURN_IF_ERROR(WriteDurably(RealFileSystem(), arguments.out, WriteBundleLine(bundle) + "\n"));
  const std::string& mark = verdict.development;
  if (arguments.json) {
    SayJson({{"verdict", verdict.statement.verdict},
             {"development", mark},
             {"replayer", arguments.name},
             {"out", arguments.out}});
  } else {
    std::printf("signed %s%s%s as %s: %s\n", verdict.statement.verdict.c_str(),
                mark.empty() ? "" : " ", mark.c_str(), arguments.name.c_str(),
                arguments.out.c_str());
  }
  return {};
}

// True if `argv` ends with 0; else `remedy` with what it said.
Status Works(std::vector<std::string> argv, const std::string& remedy) {
  ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  const auto result = RunProcess(spec);
  if (result && result->ok()) return {};
  const std::string said = result ? Printable(result->error_output, 300) : result.error().message;
  return Error{ErrorCode::kUnavailable, remedy + (said.empty() ? "" : " (" + said + ")")};
}

// Says what this machine can and cannot give to a replay.
int Doctor(const RunArguments& arguments) {
  ExitCode exit = ExitCode::kProved;
  Json checks = Json::array();
  const auto say = [&](const std::string& what, const Status& status) {
    const std::string remedy = status ? "" : status.error().message;
    checks.push_back({{"check", what}, {"ok", status.has_value()}, {"remedy", remedy}});
    if (!arguments.json) {
      std::printf("%-4s %s%s%s\n", status ? "ok" : "BAD", what.c_str(), status ? "" : ": ",
                  remedy.c_str());
    }
    if (!status) exit = ExitCode::kReplayInconclusive;
  };
  if (geteuid() == 0) {
    say("root: network namespaces", Works({"unshare", "--net", "--mount", "--", "true"},
                                          "run farm-replay outside of this container"));
  } else {
    say("user namespace with subordinate ids", CheckNamespaces());
  }
  for (const std::string tool : {"mmdebstrap", "apt-get", "dpkg-deb", "tar", "mkfs.erofs"}) {
    say(tool, Works({tool, tool == "mkfs.erofs" ? "--help" : "--version"},
                    "apt-get install mmdebstrap apt dpkg tar erofs-utils"));
  }
  // Its own findings, each with its remedy.
  ProcessSpec sandbox;
  sandbox.argv = {Launcher(arguments), "doctor"};
  sandbox.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  const auto result = RunProcess(sandbox);
  if (result && !arguments.json) std::fputs(result->output.c_str(), stdout);
  say("sandbox", !result ? Status(result.error())
                 : result->ok()
                     ? Status()
                     : Status(Error{ErrorCode::kUnavailable,
                                    Printable(result->output + result->error_output, 2000)}));
  if (arguments.json) SayJson({{"checks", checks}, {"exit", static_cast<int>(exit)}});
  return static_cast<int>(exit);
}

int SayCompletion(const CLI::App& app, const std::string& shell) {
  const auto script = CompletionScript(CompletionOf(app), shell);
  if (!script) return Fail("farm-replay", script.error());
  std::fputs(script->c_str(), stdout);
  return static_cast<int>(ExitCode::kProved);
}

int Main(int argc, char** argv) {
  CLI::App app{"farm-replay: rebuild a release from its kit, with no network", "farm-replay"};
  app.footer(kExamples);
  app.require_subcommand(1);
  RunArguments run;
  SignArguments sign;
  CLI::App* run_command = app.add_subcommand("run", "judge, rebuild, compare, report");
  run_command->add_option("KIT", run.kit, "<product>-<version>.farmkit")->required();
  run_command->add_option("--root", run.root, "your own root.json")->required();
  run_command->add_option("--policy", run.policy, "your own policy.json")->required();
  run_command->add_option("--out", run.out, "folder for report.json, report.html and the rebuild")
      ->required();
  run_command->add_option("--launcher", run.launcher,
                          "farm-sandbox (default: beside this program)");
  run_command->add_flag("--allow-development-root", run.allow_development_root,
                        "accept a root of one machine, for trials");
  run_command->add_flag("--json", run.json, "the report on standard output");
  CLI::App* sign_command = app.add_subcommand("sign", "sign a report");
  sign_command->add_option("REPORT", sign.report, "report.json")->required();
  sign_command->add_option("--key", sign.key, "your P-256 key, a PEM file or pkcs11:...")
      ->required();
  sign_command->add_option("--name", sign.name, "the name you sign under")->required();
  sign_command->add_option("--out", sign.out, "file for the signed verdict")->required();
  sign_command->add_flag("--allow-development-root", sign.allow_development_root,
                         "sign a report by a root of one machine, for trials");
  sign_command->add_flag("--json", sign.json, "the answer as JSON");
  CLI::App* doctor_command = app.add_subcommand("doctor", "what this machine can give");
  doctor_command->add_option("--launcher", run.launcher,
                             "farm-sandbox (default: beside this program)");
  doctor_command->add_flag("--json", run.json, "the findings as JSON");
  std::string shell;
  CLI::App* completion_command = app.add_subcommand("completion", "a script for a shell");
  completion_command->add_option("SHELL", shell, "bash, fish or zsh")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    if (IsHelpAlone(app, argc, argv)) return app.exit(help);
    std::fputs(
        "farm-replay: -h and --help want no other word than the command; a file whose name begins "
        "with - is given as `-- FILE` or `./FILE`\n",
        stderr);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return static_cast<int>(ExitCode::kUsage);
  }
  const auto chosen = [&] {
    if (*run_command) return Run(run, argv);
    if (*doctor_command) return Doctor(run);
    if (*completion_command) return SayCompletion(app, shell);
    const Status signed_report = Sign(sign);
    return signed_report ? 0 : Fail("farm-replay sign", signed_report.error());
  };
  const int code = chosen();
  const Status printed = FlushStandardOutput();
  return code != 0 || printed ? code : Fail("farm-replay", printed.error());
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "identify-tree")
    return farm::IdentifyTreeMain(argc, argv);
  return farm::Main(argc, argv);
}
