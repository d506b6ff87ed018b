// farm-verify: the offline verdict on one file.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "farm/base/command_line.h"
#include "farm/base/files.h"
#include "farm/base/found_file.h"
#include "farm/base/parallel.h"
#include "farm/base/time_words.h"
#include "farm/crypto/hash.h"
#include "farm/verify/command_line.h"
#include "farm/verify/commands.h"
#include "farm/verify/completion_command.h"
#include "farm/verify/explain_command.h"
#include "farm/verify/kind_of_file.h"
#include "farm/verify/memory.h"
#include "farm/verify/policy_command.h"
#include "farm/verify/replay_files.h"
#include "farm/verify/report.h"
#include "farm/verify/trust.h"
#include "farm/verify/verify.h"
#include "farm/verify/version_command.h"

namespace farm {
namespace {

constexpr std::size_t kCertificationsMax = 4096;  // ten years of a hundred sites, and more

constexpr char kExplanation[] =
    "Says whether FILE is what the farm released, from the file, its bundle, a trust root and\n"
    "your policy alone. Opens no network connection.\n\n"
    "Exit code 0 means verified; every other code names what is wrong (10 not the released file,\n"
    "11 signature, 12 too few sites, 13 operators, countries or a development root, 14 approvals,\n"
    "15 log, 16 witnesses, 17 revoked or withdrawn, 18 times, 19 status too old, 20 a replayer "
    "got\n"
    "other bytes, 21 too few replayers, 22 missing input, 23 sites disagree, 24 older than "
    "accepted\n"
    "before, 2 malformed input).";
constexpr char kExamples[] =
    "Examples:\n"
    "  farm-verify --product hello --version 1.0 hello.tar\n"
    "  farm-verify --renamed hello.tar.mine --bundle hello.tar.sigstore.jsonl\n"
    "  farm-verify --root root.json --policy policy.json --facts hello.tar\n"
    "  farm-verify --state /var/lib/farm-verify --json hello.tar\n"
    "  farm-verify --status status.json hello.tar\n"
    "  farm-verify --replays verdicts hello.tar\n"
    "  farm-verify --explain artifact            why that rule is there, and what to do\n"
    "  farm-verify --version                     which program this is, by digests and formats\n"
    "  farm-verify policy --help                 policies in plain words, and templates of them\n"
    "  farm-verify trust --help                  which root you trust: pin one, follow it\n"
    "  farm-verify sigstore --help               bundles that others signed\n"
    "  eval \"$(farm-verify completion bash)\"    also for zsh; fish: ... completion fish | source";

struct Options {
  std::string file;
  std::string bundle;
  std::string root;
  std::string policy;
  std::string at;
  std::string state;
  std::string status;
  std::string certifications;
  std::string replays;
  std::string product;
  std::string version;
  bool renamed = false;
  bool allow_older = false;
  bool allow_development_root = false;
  bool facts = false;
  bool json = false;
};

Result<std::string> DefaultRoot() {
  const Result<std::string> directory = DefaultTrustDirectory();
  if (directory) return JoinPath(*directory, "root.json");
  return Error{ErrorCode::kNotFound,
               "no root: " + directory.error().message + "; name the root with --root FILE"};
}

// A file that the customer names may be a pipe of his; one that is found beside another may not.
using Reader = Result<std::string> (*)(const std::string& path, std::uint64_t bytes_max);
Reader ReaderOf(const std::string& named) { return named.empty() ? ReadFoundFile : ReadFile; }

Result<std::string> ReadInput(const std::string& what, const std::string& path, Reader reader,
                              std::size_t bytes_max, const std::string& option) {
  Result<std::string> bytes = reader(path, bytes_max);
  if (bytes || bytes.error().code != ErrorCode::kNotFound) return bytes;
  return Error{ErrorCode::kNotFound,
               "no " + what + ": " + path + " is missing; name another with " + option + " FILE"};
}

// Of what was read of `bytes`; an error says what they are instead.
template <typename T>
Result<T> OrItsKind(Result<T> read, std::string_view bytes, std::string_view want) {
  if (!read) return NameKind(read.error(), bytes, want);
  return read;
}

Result<TrustRoot> ReadRoot(const std::string& path, Reader reader, std::optional<Digest>& file) {
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadInput("root", path, reader, kTrustRootBytesMax, "--root"));
  file = Sha256(bytes);
  return OrItsKind(ParseTrustRoot(bytes, path), bytes, "a trust root");
}

// `status.json` beside the root is heeded without being named.
Status ReadStatusFile(const Options& options, const std::string& beside, VerdictInput& input) {
  std::string path = options.status;
  if (path.empty()) {
    path = JoinPath(beside, "status.json");
    ASSIGN_OR_RETURN(const bool is_there, IsThere(path));
    if (!is_there) return {};
  }
  ASSIGN_OR_RETURN(const std::string text, ReadInput("status", path, ReaderOf(options.status),
                                                     kBundleLineBytesMax + 1, "--status"));
  ASSIGN_OR_RETURN(std::vector<Bundle> lines,
                   OrItsKind(ParseBundleFile(text, path), text, "a status"));
  if (lines.size() != 1) {
    return NameKind({ErrorCode::kInvalidInput,
                     path + ": has " + std::to_string(lines.size()) + " lines, want one"},
                    text, "a status");
  }
  input.status = std::move(lines.front());
  return {};
}

// Every `.jsonl` file of the folder; without --certifications that beside the root, if it is there.
Status ReadCertifications(const Options& options, const std::string& beside, VerdictInput& input) {
  std::string folder = options.certifications;
  if (folder.empty()) {
    folder = JoinPath(beside, "certifications");
    ASSIGN_OR_RETURN(const bool is_there, IsThere(folder));
    if (!is_there) return {};
  }
  ASSIGN_OR_RETURN(std::vector<std::string> names, ListDirectory(folder));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!name.ends_with(".jsonl")) continue;
    const std::string path = JoinPath(folder, name);
    ASSIGN_OR_RETURN(const std::string text, ReadFoundFile(path, kBundleFileBytesMax));
    ASSIGN_OR_RETURN(std::vector<Bundle> lines, ParseBundleFile(text, path));
    if (input.certifications.size() + lines.size() > kCertificationsMax) {
      return Error{ErrorCode::kLimitExceeded, folder + ": more than " +
                                                  std::to_string(kCertificationsMax) +
                                                  " statements; take out what is expired"};
    }
    for (Bundle& line : lines) input.certifications.push_back(std::move(line));
  }
  return {};
}

// Of a word that is a command's name and no file's: what was perhaps meant; else "".
std::string MeantCommand(const std::string& word) {
  if (FileExists(word)) return "";
  if (word == "completion") return "; did you mean `farm-verify completion bash`?";
  for (const Command& command : Commands()) {
    if (word == command.word) return "; did you mean `farm-verify " + word + " --help`?";
  }
  return "";
}

// Where `farm-verify trust` keeps the root, it is one that was pinned or followed.
Status HoldToConfiguration(const std::string& root_path, VerdictInput& input) {
  const auto read = [&] { return ReadRoot(root_path, ReadFoundFile, input.root_file); };
  ASSIGN_OR_RETURN(const std::optional<TrustMemory> pinned,
                   HoldToPinned(DirectoryName(root_path), read, input.root));
  if (!pinned) return {};
  input.newest_root_version = pinned->newest_version;
  input.root_is_known = true;
  return {};
}

Result<VerdictInput> ReadInputs(const Options& options) {
  VerdictInput input;
  const Result<FileDigest> digest = DigestOfFile(options.file);
  if (!digest) {
    Error error = digest.error();
    error.message += MeantCommand(options.file);
    return error;
  }
  input.file_name = BaseName(options.file);
  input.file_digest = digest->digest;
  input.file_size = digest->size;

  const std::string bundle_path =
      options.bundle.empty() ? options.file + ".sigstore.jsonl" : options.bundle;
  ASSIGN_OR_RETURN(
      const std::string bundle,
      ReadInput("bundle", bundle_path, ReaderOf(options.bundle), kBundleFileBytesMax, "--bundle"));
  const Result<std::string> root_path =
      options.root.empty() ? DefaultRoot() : Result<std::string>(options.root);
  Result<std::vector<Bundle>> lines;
  Result<TrustRoot> root;
  ForEachInParallel(2, [&](std::size_t index, std::size_t) {
    if (index == 0) {
      lines = OrItsKind(ParseBundleFile(bundle, bundle_path), bundle, "a bundle");
    } else {
      root = root_path ? ReadRoot(*root_path, ReaderOf(options.root), input.root_file)
                       : Result<TrustRoot>(root_path.error());
    }
  });
  if (!lines) return lines.error();
  if (!root) return root.error();
  input.lines = *std::move(lines);
  input.root = *std::move(root);

  if (options.root.empty()) RETURN_IF_ERROR(HoldToConfiguration(*root_path, input));

  const std::string policy_path =
      options.policy.empty() ? JoinPath(DirectoryName(*root_path), "policy.json") : options.policy;
  ASSIGN_OR_RETURN(
      const std::string policy,
      ReadInput("policy", policy_path, ReaderOf(options.policy), kPolicyBytesMax, "--policy"));
  ASSIGN_OR_RETURN(input.policy, OrItsKind(ParsePolicy(policy, policy_path), policy, "a policy"));
  input.policy_file = Sha256(policy);

  const std::string beside = DirectoryName(*root_path);
  RETURN_IF_ERROR(ReadStatusFile(options, beside, input));
  // Only where the policy asks for them are they looked at, or a damaged one would be in the way.
  if (input.policy.certified_countries || !options.certifications.empty()) {
    RETURN_IF_ERROR(ReadCertifications(options, beside, input));
  }

  if (!options.replays.empty()) {
    ASSIGN_OR_RETURN(ReplayFolder folder, ReadReplayFolder(options.replays));
    input.replays = std::move(folder.lines);
    input.replay_files_passed_over = std::move(folder.passed_over);
  }
  ASSIGN_OR_RETURN(input.at, AtOrNow(options.at, SystemClock()));
  if (!options.product.empty()) input.product = options.product;
  if (!options.version.empty()) input.version = options.version;
  input.renamed = options.renamed;
  input.allow_development_root = options.allow_development_root;
  input.allow_older = options.allow_older;
  return input;
}

// Which product the bundle is about, to look up what is remembered of it.  Not yet proved.
std::optional<std::string> ClaimedProduct(const std::vector<Bundle>& lines) {
  const auto release = ParseStatementAs<Release>(lines.front().envelope.payload, "release");
  if (!release) return std::nullopt;
  const auto manifest = ViewManifest(release->manifest);
  if (!manifest) return std::nullopt;
  return manifest->product;
}

// A pinned folder may remember a newer root than this memory; that one it has compared itself.
void HoldToRoot(const Memory& memory, VerdictInput& input) {
  if (memory.root && *memory.root == SignedDigest(input.root)) input.root_is_known = true;
  const std::int64_t pinned = input.newest_root_version.value_or(0);
  if (memory.root_version == 0 || memory.root_version < pinned) return;
  input.newest_root_version = memory.root_version;
  input.newest_root = memory.root;
}

Status Keep(const Verdict& verdict, const TrustRoot& root, MemoryDirectory& memory) {
  if (verdict.seen) RETURN_IF_ERROR(memory.RememberStatuses(*verdict.seen));
  if (!verdict.proved()) return {};
  return memory.Remember({verdict.root_version, SignedDigest(root), verdict.product,
                          verdict.sequence, verdict.release_digest.value()});
}

// Nothing is forgotten silently: what is lost with a damaged memory is said.
Error WithoutMemory(Error error) {
  if (error.code != ErrorCode::kInvalidInput) return error;
  error.message +=
      "; bring the file back as it was.  To begin anew remove it, which gives up what it "
      "remembers: older roots, releases and statuses would be accepted again, and what statuses "
      "have said of withdrawn releases, dissents and revoked keys be forgotten";
  return error;
}

Result<ExitCode> Run(const Options& options) {
  ASSIGN_OR_RETURN(VerdictInput input, ReadInputs(options));
  std::optional<MemoryDirectory> memory;
  if (!options.state.empty()) {
    Result<MemoryDirectory> opened = MemoryDirectory::Open(RealFileSystem(), options.state);
    if (!opened) return WithoutMemory(opened.error());
    memory.emplace(*std::move(opened));
    HoldToRoot(memory->memory(), input);
    input.seen = memory->memory().seen;
    const std::optional<std::string> product = ClaimedProduct(input.lines);
    const auto remembered = product ? memory->ReleaseOf(*product) : std::nullopt;
    if (remembered) {
      input.newest_sequence = remembered->sequence;
      input.newest_release = remembered->release;
    }
  }
  const Verdict verdict = Judge(input);
  const Status kept = memory ? Keep(verdict, input.root, *memory) : Status();
  // A file whose release will be forgotten is not called good; a refusal is always told.
  if (!kept && verdict.proved()) return kept.error();
  const std::string text = options.json
                               ? VerdictJson(verdict, input)
                               : VerdictText(verdict, options.facts, StyleOf(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  RETURN_IF_ERROR(FlushStandardOutput());
  const std::string& not_kept = kept ? verdict.not_remembered : kept.error().message;
  if (memory && !not_kept.empty()) {
    std::fprintf(stderr, "farm-verify: not remembered: %s\n", not_kept.c_str());
  }
  return verdict.exit;
}

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("FILE", options.file, "the downloaded artifact")->required();
  app.add_option("--bundle", options.bundle, "its evidence (default: FILE.sigstore.jsonl)")
      ->check(Given("FILE"));
  app.add_option("--root", options.root,
                 "the trust root (default: ${XDG_CONFIG_HOME:-~/.config}/farm/root.json)")
      ->check(Given("FILE"));
  app.add_option("--policy", options.policy, "your policy (default: policy.json beside the root)")
      ->check(Given("FILE"));
  app.add_option(
         "--status", options.status,
         "the newest status of the farm's monitor (default: status.json beside the root, if "
         "it is there)")
      ->check(Given("FILE"));
  app.add_option("--certifications", options.certifications,
                 "folder of certifiers' statements on where sites stand (default: certifications "
                 "beside the root)")
      ->check(Given("DIR"));
  app.add_option("--product", options.product, "refuse the release of any other product")
      ->check(Given("NAME"));
  app.add_option("--version", options.version,
                 "refuse any other version; alone and without a word: which program this is")
      ->check(Given("VERSION"));
  app.add_flag("--renamed", options.renamed,
               "accept the file under another name than the released one");
  app.add_option("--at", options.at,
                 "the time that counts as now, for the age of a status and for warnings: "
                 "2026-11-23T23:40:30Z (default: now)");
  app.add_option(
         "--state", options.state,
         "remember in this folder, of one farm, what was accepted and what statuses have said")
      ->check(Given("DIR"));
  app.add_option("--replays", options.replays,
                 "folder of signed replay verdicts (*.jsonl); whose count says the policy")
      ->check(Given("DIR"));
  app.add_flag("--allow-older", options.allow_older,
               "accept a release, root or status older than what is remembered");
  app.add_flag("--allow-development-root", options.allow_development_root,
               "accept a root of one machine, for trials");
  app.add_flag("--facts", options.facts, "also show what the release says of itself");
  app.add_flag("--json", options.json, "one line of JSON (farm-verdict/1)");
}

// For --help and completion alone: where it stands by itself it is a command (explain_command.h),
// and beside other words it is refused.
void AddExplain(CLI::App& app) {
  app.add_option_function<std::string>(
         "--explain", [](const std::string&) {},
         "why a rule of the verdict is there; no name: all rules; stands alone, but for --json")
      ->type_name("RULE");
}

// `policy lst`: the words after it are too many for a file.
void PrintMeant(const std::string& word) {
  const std::string meant = MeantCommand(word);
  if (meant.empty()) return;
  std::fprintf(stderr, "farm-verify: no file %s%s\n", word.c_str(), meant.c_str());
}

int Main(int argc, char** argv) {
  for (const Command& command : Commands()) {
    if (command.is_asked(argc, argv)) return command.run(argc, argv);
  }
  if (IsVersionCommand(argc, argv)) return RunVersionCommand();
  if (HasExplainOption(argc, argv)) return RunExplainCommand(argc, argv);
  Options options;
  CLI::App app(kExplanation, "farm-verify");
  app.footer(kExamples);
  AddOptions(app, options);
  AddExplain(app);
  if (IsCompletionCommand(argc, argv)) return RunCompletionCommand(app, argv[2]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    if (IsHelpAlone(app, argc, argv)) return app.exit(help);  // nothing proved and nothing asked
    std::fputs(
        "farm-verify: -h and --help want no other word; a file whose name begins with - is given "
        "as `-- FILE` or `./FILE`\n",
        stderr);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    if (argc > 2) PrintMeant(argv[1]);
    return static_cast<int>(ExitCode::kUsage);
  }
  const Result<ExitCode> exit = Run(options);
  if (exit) return static_cast<int>(*exit);
  std::fprintf(stderr, "farm-verify: %s\n%s\n", exit.error().message.c_str(),
               ErrorRemedy(exit.error()).c_str());
  if (options.json) std::fputs(ErrorJson(exit.error()).c_str(), stdout);
  return static_cast<int>(exit.error().Exit());
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) { return farm::Main(argc, argv); }
