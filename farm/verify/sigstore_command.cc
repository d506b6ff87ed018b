#include "farm/verify/sigstore_command.h"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/command_line.h"
#include "farm/base/files.h"
#include "farm/crypto/digests.h"
#include "farm/verify/report.h"
#include "farm/verify/sigstore.h"
#include "farm/verify/sigstore_report.h"

namespace farm {
namespace {

constexpr std::size_t kKeyFileBytesMax = 64 << 10;
// Only what an Ed25519 key signed without an envelope is held in memory whole.
constexpr std::size_t kArtifactBytesMax = 64 << 20;

constexpr char kExplanation[] =
    "Says whether ARTIFACT is what somebody signed with Sigstore, from its bundle (version 0.1,\n"
    "0.2 or 0.3) and a Sigstore trusted root. The signer is either a key that you have, or a\n"
    "certificate for a name that you give, whole, and its issuer. Opens no network connection.\n"
    "What the farm demands of its own releases is another question: farm-verify FILE.\n\n"
    "Exit code 0 means verified; every other code names what is wrong (10 another artifact,\n"
    "11 signature, signer, identity or certificate, 15 logs, 18 times, 22 missing input,\n"
    "2 malformed input).";
constexpr char kExamples[] =
    "Examples:\n"
    "  farm-verify sigstore --bundle a.txt.sigstore.json --trusted-root trusted_root.json \\\n"
    "    --identity me@example.com --issuer https://accounts.example.com a.txt\n"
    "  farm-verify sigstore --bundle a.bundle --trusted-root trusted_root.json --key key.pub "
    "a.txt\n"
    "  farm-verify sigstore --bundle a.bundle --trusted-root trusted_root.json --key key.pub \\\n"
    "    --json sha256:221dd9a75970db077b86f8a4b7a3ea9645dad8c532e27f8cae0fbd940674fa0f";

// "sha256:..." or one of its like; absent where that is a file's name.
std::optional<ArtifactDigests> ReadDigest(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto algorithm = HashNamed(text.substr(0, colon));
  const auto bytes = HexDecode(std::string_view(text).substr(colon + 1));
  if (!algorithm || !bytes || bytes->size() != HashSize(*algorithm)) return std::nullopt;
  return ArtifactDigests{{*algorithm, *bytes}};
}

Result<SigstoreArtifact> ReadArtifact(const std::string& path, const SigstoreInput& input) {
  SigstoreArtifact artifact;
  if (auto digests = ReadDigest(path)) {
    // Whoever names a file so would have it pass for another one, unread.
    if (FileExists(path)) {
      return Error{
          ErrorCode::kInvalidInput,
          path + ": is a digest, and a file here has that name; want ./" + path + " for the file"};
    }
    artifact.name = path;
    artifact.digests = *std::move(digests);
    return artifact;
  }
  artifact.name = BaseName(path);
  ASSIGN_OR_RETURN(artifact.digests, DigestsOfFile(path, WantedDigests(input.bundle, input.key)));
  if (!WantsBytes(input.bundle, input.key)) return artifact;
  auto bytes = ReadFile(path, kArtifactBytesMax);
  if (bytes) {
    artifact.bytes = *std::move(bytes);
  } else if (bytes.error().code != ErrorCode::kLimitExceeded) {
    return bytes.error();
  }
  return artifact;
}

Result<SigstoreInput> ReadInputs(const SigstoreOptions& options) {
  SigstoreInput input;
  ASSIGN_OR_RETURN(const std::string bundle, ReadFile(options.bundle, kForeignBundleBytesMax));
  ASSIGN_OR_RETURN(input.bundle, ParseForeignBundle(bundle, options.bundle));
  ASSIGN_OR_RETURN(const std::string root, ReadFile(options.trusted_root, kSigstoreTrustBytesMax));
  ASSIGN_OR_RETURN(input.trust, ParseSigstoreTrust(root, options.trusted_root));
  if (!options.key.empty()) {
    ASSIGN_OR_RETURN(const std::string pem, ReadFile(options.key, kKeyFileBytesMax));
    auto key = VerifyingKey::FromPem(pem);
    if (!key) return Wrap(options.key, key.error());
    input.key = *std::move(key);
  }
  input.identity = options.identity;
  input.issuer = options.issuer;
  input.now = SystemClock().Now();
  ASSIGN_OR_RETURN(input.artifact, ReadArtifact(options.artifact, input));
  return input;
}

Result<ExitCode> Run(const SigstoreOptions& options) {
  ASSIGN_OR_RETURN(const SigstoreInput input, ReadInputs(options));
  const SigstoreVerdict verdict = JudgeSigstore(input);
  const std::string text = options.json ? SigstoreVerdictJson(verdict, input)
                                        : SigstoreVerdictText(verdict, StyleOf(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  RETURN_IF_ERROR(FlushStandardOutput());
  return verdict.exit;
}

}  // namespace

SigstoreCommandLine::SigstoreCommandLine()
    : CommandLine(kExplanation, "farm-verify sigstore", kExamples) {
  app.add_option("ARTIFACT", options.artifact,
                 "the file, or its digest, sha256:HEX (./sha256:... is a file)")
      ->required();
  app.add_option("--bundle", options.bundle, "the Sigstore bundle")->required();
  app.add_option("--trusted-root", options.trusted_root,
                 "the Sigstore trusted root (version 0.1 or 0.2)")
      ->required();
  CLI::Option* const key =
      app.add_option("--key", options.key, "the signer's public key, PEM")->check(Given(""));
  CLI::Option* const identity =
      app.add_option("--identity", options.identity,
                     "whom the certificate must name: a mail address or URI, the whole of it")
          ->check(Given(""));
  CLI::Option* const issuer =
      app.add_option("--issuer", options.issuer, "who must have vouched for that name")
          ->check(Given(""));
  identity->needs(issuer)->excludes(key);
  issuer->needs(identity)->excludes(key);
  app.add_flag("--json", options.json, "one line of JSON (farm-sigstore-verdict/1)");
}

bool IsSigstoreCommand(int argc, const char* const* argv) {
  if (argc < 3 || std::string_view(argv[1]) != "sigstore") return false;
  if (argc == 3 && IsHelpWord(argv[2])) return true;
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string_view name = word.substr(0, word.find('='));
    if (name == "--trusted-root" || name == "--key" || name == "--identity" || name == "--issuer") {
      return true;
    }
  }
  return false;
}

int RunSigstoreCommand(int argc, char** argv) {
  SigstoreCommandLine line;
  const SigstoreOptions& options = line.options;
  if (const auto ended = ReadCommandLine(line.app, argc, argv)) return *ended;
  if (options.key.empty() && options.identity.empty()) {
    return UsageError(line.app,
                      "whose signature? want --key FILE, or --identity NAME and --issuer URL");
  }
  const Result<ExitCode> exit = Run(options);
  if (exit) return static_cast<int>(*exit);
  return Refused(line.app, exit.error(), ErrorRemedy(exit.error()),
                 options.json ? SigstoreErrorJson(exit.error()) : "");
}

}  // namespace farm
