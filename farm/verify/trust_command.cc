#include "farm/verify/trust_command.h"

#include <cstdio>
#include <string>

#include "farm/base/files.h"
#include "farm/base/time_words.h"
#include "farm/evidence/trust_root_changes.h"
#include "farm/json/json.h"
#include "farm/verify/kind_of_file.h"
#include "farm/verify/report.h"
#include "farm/verify/trust.h"

namespace farm {
namespace {

constexpr char kTrustExplanation[] =
    "Which trust root you trust: the first one you compare by hand, those after it are followed\n"
    "by TUF's rules, one step after the other. Opens no network connection.\n\n"
    "Exit code 0 means done; 11 too few signatures on a root, 18 the newest root has expired,\n"
    "22 missing input or another fingerprint, 24 older than what is pinned, or another history,\n"
    "2 malformed input, 30 I/O.";
constexpr char kTrustExamples[] =
    "Examples:\n"
    "  farm-verify trust init root.json --fingerprint "
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
    "  farm-verify trust update /media/usb/published\n"
    "  farm-verify trust show --json";

Result<std::string> DirectoryOf(const TrustOptions& options) {
  if (!options.directory.empty()) return options.directory;
  Result<std::string> directory = DefaultTrustDirectory();
  if (directory) return directory;
  return Wrap("no configuration folder, name one with --config DIR", directory.error());
}

Json TrustJson(const PinnedTrust& trust, UnixSeconds now) {
  return {{"expired", now > trust.root.expires},  {"expires", FormatTime(trust.root.expires)},
          {"format", "farm-trust-report/1"},      {"newest", trust.root.digest.Text()},
          {"pinned", trust.memory.pinned.Text()}, {"pinnedVersion", trust.memory.pinned_version},
          {"version", trust.root.version}};
}

void Print(const std::string& text) { std::fputs((text + "\n").c_str(), stdout); }
void PrintJson(const Json& json) { std::fputs(OneLine(json).c_str(), stdout); }

void PrintTrust(const PinnedTrust& trust) {
  const TrustRoot& root = trust.root;
  Print("root " + std::to_string(root.version) + ", made " + FormatTime(root.created) +
        ", expires " + FormatTime(root.expires));
  Print("fingerprint " + root.digest.Hex());
  if (trust.memory.pinned_version != root.version) {
    Print("followed from root " + std::to_string(trust.memory.pinned_version) +
          ", pinned by hand, " + trust.memory.pinned.Hex());
  }
}

// An expired root is kept, but whoever trusts it today may be kept from a newer one.
ExitCode JudgeExpiry(const PinnedTrust& trust, UnixSeconds now) {
  if (now <= trust.root.expires) return ExitCode::kProved;
  std::fprintf(stderr,
               "farm-verify trust: root %lld expired at %s\n"
               "to do: ask the root's people for a newer one; perhaps somebody keeps it from you\n",
               static_cast<long long>(trust.root.version), FormatTime(trust.root.expires).c_str());
  return ExitCode::kNotValidThen;
}

Result<ExitCode> RunInit(const TrustOptions& options) {
  ASSIGN_OR_RETURN(const std::string directory, DirectoryOf(options));
  ASSIGN_OR_RETURN(const Digest fingerprint, ParseFingerprint(options.fingerprint));
  ASSIGN_OR_RETURN(const UnixSeconds now, AtOrNow(options.at, SystemClock()));
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.root, kTrustRootBytesMax));
  const Result<PinnedTrust> trust = PinTrust(RealFileSystem(), directory, bytes, fingerprint);
  if (!trust) return Wrap(options.root, NameKind(trust.error(), bytes, "a trust root"));
  if (options.json) {
    PrintJson(TrustJson(*trust, now));
  } else {
    PrintTrust(*trust);
    Print("pinned in " + directory);
  }
  return JudgeExpiry(*trust, now);
}

// Said before anything of what is pinned: a folder that is not there is the nearest mistake.
Status CheckTree(const std::string& tree) {
  if (FileExists(tree)) return {};
  return Error{ErrorCode::kNotFound,
               "no folder " + tree +
                   "; want the folder of a published tree, with root/1.json, root/2.json, ..."};
}

Result<ExitCode> RunUpdate(const TrustOptions& options) {
  ASSIGN_OR_RETURN(const std::string directory, DirectoryOf(options));
  ASSIGN_OR_RETURN(const UnixSeconds now, AtOrNow(options.at, SystemClock()));
  RETURN_IF_ERROR(CheckTree(options.tree));
  ASSIGN_OR_RETURN(const TrustUpdate update,
                   UpdateTrust(RealFileSystem(), directory, options.tree));
  if (options.json) {
    Json json = TrustJson(update.after, now);
    json["changes"] = update.changes;
    json["versionBefore"] = update.before.root.version;
    PrintJson(json);
  } else {
    if (update.before.root.version == update.after.root.version) {
      Print("nothing newer");
    } else {
      Print("from root " + std::to_string(update.before.root.version) + ":");
      for (const std::string& change : update.changes) Print("  " + change);
    }
    PrintTrust(update.after);
  }
  return JudgeExpiry(update.after, now);
}

Result<ExitCode> RunShow(const TrustOptions& options) {
  ASSIGN_OR_RETURN(const std::string directory, DirectoryOf(options));
  ASSIGN_OR_RETURN(const UnixSeconds now, AtOrNow(options.at, SystemClock()));
  ASSIGN_OR_RETURN(const PinnedTrust trust, ReadPinnedTrust(directory));
  if (options.json) {
    Json json = TrustJson(trust, now);
    json["says"] = DescribeTrustRoot(trust.root);
    PrintJson(json);
  } else {
    PrintTrust(trust);
    for (const std::string& line : DescribeTrustRoot(trust.root)) Print("  " + line);
  }
  return JudgeExpiry(trust, now);
}

// What a customer does; nothing that was pinned has changed.
std::string TrustRemedy(const Error& error) {
  switch (error.Exit()) {
    case ExitCode::kUsage:
      return "to do: mend or get again what is named above; nothing was changed";
    case ExitCode::kBadSignature:
      return "to do: get the tree from another place, and ask the root's people if it says the "
             "same; nothing was changed";
    case ExitCode::kInputMissing:
      return "to do: get what is missing, or ask again for the fingerprint, another way than the "
             "file; nothing was changed";
    case ExitCode::kRollback:
      return "to do: ask the root's people which is their newest root; if this one is it, somebody "
             "shows you another history than before; nothing was changed";
    default:
      return "to do: try again when that is mended";
  }
}

std::string TrustErrorJson(const Error& error) {
  return OneLine({{"error", error.message},
                  {"exit", static_cast<int>(error.Exit())},
                  {"format", "farm-trust-report/1"}});
}

}  // namespace

TrustCommandLine::TrustCommandLine()
    : CommandLine(kTrustExplanation, "farm-verify trust", kTrustExamples) {
  const auto add = [this](const char* name, const char* help, auto function) {
    CLI::App* command = app.add_subcommand(name, help);
    command
        ->add_option("--config", options.directory,
                     "folder of root.json and trust.json (default: "
                     "${XDG_CONFIG_HOME:-~/.config}/farm)")
        ->check(Given("DIR"));
    command->add_option("--at", options.at, "the time that counts as now (default: now)");
    command->add_flag("--json", options.json, "one line of JSON (farm-trust-report/1)");
    command->callback([this, function] { run = function; });
    return command;
  };
  CLI::App* init = add("init", "pin a root that you have compared by hand", RunInit);
  init->add_option("ROOT", options.root, "the root's file")->required();
  init->add_option("--fingerprint", options.fingerprint,
                   "its SHA-256, as you got it another way than the file")
      ->required();
  CLI::App* update = add("update", "follow the chain of roots in a published tree", RunUpdate);
  update->add_option("DIR", options.tree, "folder with root/N.json")->required();
  add("show", "what is pinned, in words", RunShow);
  app.require_subcommand(1);
}

int RunTrustCommand(int argc, char** argv) {
  TrustCommandLine line;
  if (const auto ended = ReadCommandLine(line.app, argc, argv)) return *ended;
  Result<ExitCode> exit = line.run(line.options);
  if (exit) {
    const Status printed = FlushStandardOutput();
    if (!printed) exit = printed.error();
  }
  if (exit) return static_cast<int>(*exit);
  const Error& error = exit.error();
  return Refused(line.app, error, TrustRemedy(error),
                 line.options.json ? TrustErrorJson(error) : "");
}

}  // namespace farm
