// farm-verify: the offline verdict on one file.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "farm/base/files.h"
#include "farm/base/parallel.h"
#include "farm/crypto/configuration.h"
#include "farm/crypto/hash.h"
#include "farm/verify/memory.h"
#include "farm/verify/report.h"
#include "farm/verify/sigstore_command.h"
#include "farm/verify/trust.h"
#include "farm/verify/trust_command.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr std::size_t kPolicyFileBytesMax = 64 << 10;

constexpr char kExplanation[] =
    "Says whether FILE is what the farm released, from the file, its bundle, a trust root and\n"
    "your policy alone. Opens no network connection.\n\n"
    "Exit code 0 means verified; every other code names what is wrong (10 not the released file,\n"
    "11 signature, 12 too few sites, 13 operators, countries or a development root, 14 approvals,\n"
    "15 log, 16 witnesses, 17 revoked, 18 times, 22 missing input, 23 sites disagree, 24 older "
    "than\n"
    "accepted before, 2 malformed input).";
constexpr char kExamples[] =
    "Examples:\n"
    "  farm-verify --product hello --version 1.0 hello.tar\n"
    "  farm-verify --renamed hello.tar.mine --bundle hello.tar.sigstore.jsonl\n"
    "  farm-verify --root root.json --policy policy.json --explain hello.tar\n"
    "  farm-verify --state /var/lib/farm-verify --json hello.tar\n"
    "  farm-verify trust --help       (which root you trust: pin one, follow it)\n"
    "  farm-verify sigstore --help    (bundles that others signed)";

struct Options {
  std::string file;
  std::string bundle;
  std::string root;
  std::string policy;
  std::string at;
  std::string state;
  std::string product;
  std::string version;
  bool renamed = false;
  bool allow_older = false;
  bool allow_development_root = false;
  bool explain = false;
  bool json = false;
};

Result<std::string> DefaultRoot() {
  const Result<std::string> directory = DefaultTrustDirectory();
  if (directory) return JoinPath(*directory, "root.json");
  return Error{ErrorCode::kNotFound,
               "no root: " + directory.error().message + "; name the root with --root FILE"};
}

Result<std::string> ReadInput(const std::string& what, const std::string& path,
                              std::size_t bytes_max, const std::string& option) {
  Result<std::string> bytes = ReadFile(path, bytes_max);
  if (bytes || bytes.error().code != ErrorCode::kNotFound) return bytes;
  return Error{ErrorCode::kNotFound,
               "no " + what + ": " + path + " is missing; name another with " + option + " FILE"};
}

Result<TrustRoot> ReadRoot(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadInput("root", path, kTrustRootBytesMax, "--root"));
  return ParseTrustRoot(bytes, path);
}

Result<VerdictInput> ReadInputs(const Options& options) {
  VerdictInput input;
  const Result<FileDigest> digest = DigestOfFile(options.file);
  if (!digest) return digest.error();
  input.file_name = BaseName(options.file);
  input.file_digest = digest->digest;
  input.file_size = digest->size;

  const std::string bundle_path =
      options.bundle.empty() ? options.file + ".sigstore.jsonl" : options.bundle;
  ASSIGN_OR_RETURN(const std::string bundle,
                   ReadInput("bundle", bundle_path, kBundleFileBytesMax, "--bundle"));
  const Result<std::string> root_path =
      options.root.empty() ? DefaultRoot() : Result<std::string>(options.root);
  Result<std::vector<Bundle>> lines;
  Result<TrustRoot> root;
  ForEachInParallel(2, [&](std::size_t index, std::size_t) {
    if (index == 0) {
      lines = ParseBundleFile(bundle, bundle_path);
    } else {
      root = root_path ? ReadRoot(*root_path) : Result<TrustRoot>(root_path.error());
    }
  });
  if (!lines) return lines.error();
  if (!root) return root.error();
  input.lines = *std::move(lines);
  input.root = *std::move(root);

  if (options.root.empty()) {
    ASSIGN_OR_RETURN(const std::optional<TrustMemory> pinned,
                     ReadTrustMemory(DirectoryName(*root_path)));
    if (pinned) {
      RETURN_IF_ERROR(CheckRemembered(input.root, *pinned));
      input.newest_root_version = pinned->newest_version;
    }
  }

  const std::string policy_path =
      options.policy.empty() ? JoinPath(DirectoryName(*root_path), "policy.json") : options.policy;
  ASSIGN_OR_RETURN(const std::string policy,
                   ReadInput("policy", policy_path, kPolicyFileBytesMax, "--policy"));
  ASSIGN_OR_RETURN(input.policy, ParsePolicy(policy, policy_path));

  input.at = SystemClock().Now();
  if (!options.at.empty()) {
    const Result<UnixSeconds> at = ParseTime(options.at);
    if (!at) return Wrap("--at", at.error());
    input.at = *at;
  }
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

Result<ExitCode> Run(const Options& options) {
  ASSIGN_OR_RETURN(VerdictInput input, ReadInputs(options));
  std::optional<MemoryDirectory> memory;
  if (!options.state.empty()) {
    Result<MemoryDirectory> opened = MemoryDirectory::Open(RealFileSystem(), options.state);
    if (!opened) return opened.error();
    memory.emplace(*std::move(opened));
    if (memory->memory().root_version > 0) {
      input.newest_root_version =
          std::max(memory->memory().root_version, input.newest_root_version.value_or(0));
    }
    const std::optional<std::string> product = ClaimedProduct(input.lines);
    const auto remembered = product ? memory->ReleaseOf(*product) : std::nullopt;
    if (remembered) {
      input.newest_sequence = remembered->sequence;
      input.newest_release = remembered->release;
    }
  }
  const Verdict verdict = Judge(input);
  if (memory && verdict.proved()) {
    RETURN_IF_ERROR(memory->Remember(
        {verdict.root_version, verdict.product, verdict.sequence, verdict.release_digest.value()}));
  }
  const std::string text =
      options.json ? VerdictJson(verdict, input) : VerdictText(verdict, options.explain);
  std::fputs(text.c_str(), stdout);
  RETURN_IF_ERROR(FlushStandardOutput());
  return verdict.exit;
}

// An empty wish (an unset variable of a script) would check nothing.
std::string IsGiven(std::string& text) { return text.empty() ? "is empty" : ""; }

// Beside other words it may be a script's file of that name, and 0 would say that it is verified.
bool IsHelpAlone(int argc, char** argv) {
  return argc == 2 && (std::string_view(argv[1]) == "-h" || std::string_view(argv[1]) == "--help");
}

int Main(int argc, char** argv) {
  IgnoreOpensslConfiguration();
  if (IsSigstoreCommand(argc, argv)) return RunSigstoreCommand(argc, argv);
  if (IsTrustCommand(argc, argv)) return RunTrustCommand(argc, argv);
  Options options;
  CLI::App app(kExplanation, "farm-verify");
  app.footer(kExamples);
  app.add_option("FILE", options.file, "the downloaded artifact")->required();
  app.add_option("--bundle", options.bundle, "its evidence (default: FILE.sigstore.jsonl)");
  app.add_option("--root", options.root,
                 "the trust root (default: ${XDG_CONFIG_HOME:-~/.config}/farm/root.json)");
  app.add_option("--policy", options.policy, "your policy (default: policy.json beside the root)");
  app.add_option("--product", options.product, "refuse the release of any other product")
      ->check(CLI::Validator(IsGiven, "NAME"));
  app.add_option("--version", options.version, "refuse any other version")
      ->check(CLI::Validator(IsGiven, "VERSION"));
  app.add_flag("--renamed", options.renamed,
               "accept the file under another name than the released one");
  app.add_option("--at", options.at,
                 "judge warnings at this time, 2026-11-23T23:40:30Z (default: now)");
  app.add_option("--state", options.state, "remember in this folder what was accepted");
  app.add_flag("--allow-older", options.allow_older,
               "accept a release or root older than what is remembered");
  app.add_flag("--allow-development-root", options.allow_development_root,
               "accept a root of one machine, for trials");
  app.add_flag("--explain", options.explain, "also show what the release says of itself");
  app.add_flag("--json", options.json, "one line of JSON (farm-verdict/1)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    if (IsHelpAlone(argc, argv)) return app.exit(help);  // nothing proved and nothing asked
    std::fputs(
        "farm-verify: -h and --help want no other word; a file whose name begins with - is given "
        "as `-- FILE` or `./FILE`\n",
        stderr);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return static_cast<int>(ExitCode::kUsage);
  }
  const Result<ExitCode> exit = Run(options);
  if (exit) return static_cast<int>(*exit);
  std::fprintf(stderr, "farm-verify: %s\n", exit.error().message.c_str());
  if (options.json) std::fputs(ErrorJson(exit.error()).c_str(), stdout);
  return static_cast<int>(exit.error().Exit());
}

}  // namespace
}  // namespace farm

int main(int argc, char** argv) { return farm::Main(argc, argv); }
