// farm release withdraw, farm certify: what a person says for good, beside the releases on their
// way.
#include "farm/base/bytes.h"
#include "farm/base/clock.h"
#include "farm/base/files.h"
#include "farm/cli/commands.h"
#include "farm/cli/person.h"
#include "farm/cli/signing_check.h"
#include "farm/client/farm_client.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/manifest_view.h"
#include "farm/evidence/statement.h"
#include "farm/json/json.h"
#include "farm/sign/certified_signer.h"
#include "farm/verify/policy.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr UnixSeconds kCertifiedSecondsMax = 2 * 366 * kDaySeconds;  // then somebody looks again

// Who says it: key, root and policy of his own, the way to the farm.
struct Speaker {
  PersonConfig config;
  TrustRoot root;
  Policy policy;
  std::unique_ptr<Signer> signer;
  std::unique_ptr<FarmClient> client;
};

Result<Speaker> OpenSpeaker(const std::string& config_path, const Output& output) {
  Speaker speaker;
  ASSIGN_OR_RETURN(speaker.config, ReadPersonConfig(config_path));
  ASSIGN_OR_RETURN(const std::string root, ReadFile(speaker.config.root_path, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(speaker.root, ParseTrustRoot(root, speaker.config.root_path));
  ASSIGN_OR_RETURN(const std::string policy, ReadFile(speaker.config.policy_path, kPolicyBytesMax));
  ASSIGN_OR_RETURN(speaker.policy, ParsePolicy(policy, speaker.config.policy_path));
  ASSIGN_OR_RETURN(speaker.signer, OpenConfiguredSigner(speaker.config.key, speaker.config.owner));
  ASSIGN_OR_RETURN(speaker.client, FarmClient::Open(speaker.config.farm));
  RETURN_IF_ERROR(CheckReadyToSign(*speaker.signer, speaker.config.farm,
                                   {speaker.config.root_path, speaker.config.policy_path},
                                   SystemClock(), output));
  return speaker;
}

// The root lists the speaker's key under his id, for now.
Status CheckListed(const Speaker& speaker, const Person* person, std::string_view as) {
  const auto refused = [&](const std::string& why, ExitCode exit) {
    return Error{ErrorCode::kUntrusted,
                 speaker.config.root_path + ": " + why + "; ask whoever keeps the root", exit};
  };
  if (person == nullptr || person->id != speaker.config.id) {
    return refused(
        "does not list the key of " + speaker.config.id + " as that of " + std::string(as),
        ExitCode::kRefused);
  }
  if (person->valid_for.Contains(SystemClock().Now())) return {};
  return refused("does not vouch for " + person->id + " now", ExitCode::kNotValidThen);
}

// The line that was sent, with evidence that everybody with this root will find it in the log: a
// carrier that only says so could keep a withdrawal back for good.
Status CheckEntered(const Speaker& speaker, const Bundle& sent, const Bundle& line) {
  if (line.PaeDigest() != sent.PaeDigest() || line.key() != sent.key() ||
      line.envelope.signature != sent.envelope.signature || !line.log_entry) {
    return Error{ErrorCode::kMismatch,
                 "farmd answered another line than it was given, or one that "
                 "is in no log",
                 ExitCode::kLogProof};
  }
  const Status entered = CheckNewEntry(line, SystemClock().Now(), speaker.root, speaker.policy);
  if (entered) return {};
  return Wrap("farmd does not show that the line is in the log, so take it as not said",
              entered.error());
}

// Signs, sends, and keeps the line as the log has it.
Result<Bundle> Enter(Speaker& speaker, const Statement& statement, const std::string& release_line,
                     const std::string& out) {
  ASSIGN_OR_RETURN(const Bundle signed_line, SignStatement(statement, *speaker.signer));
  ASSIGN_OR_RETURN(const std::string text,
                   speaker.client->Enter(WriteBundleLine(signed_line), release_line));
  ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(text, "farmd's answer"));
  RETURN_IF_ERROR(CheckEntered(speaker, signed_line, line));
  if (!out.empty()) RETURN_IF_ERROR(WriteDurably(RealFileSystem(), out, text + "\n"));
  return line;
}

struct NamedRelease {
  std::string line;
  Digest digest;
  std::string product;
  std::string version;
  std::string id;  // as farmd names it
};

// The line is a release that the signer has signed and logged: else the withdrawal would name one
// that no customer has, and the one that he has would stand.
Result<NamedRelease> ReleaseOf(const Bundle& line, const Speaker& speaker) {
  ASSIGN_OR_RETURN(const VerifiedRelease release, VerifyReleaseAlone(line, speaker.root));
  ASSIGN_OR_RETURN(const ManifestView manifest, ViewManifest(release.statement().manifest));
  return NamedRelease{WriteBundleLine(line), release.digest(), manifest.product, manifest.version,
                      ReleaseId(manifest)};
}

Result<NamedRelease> ReleaseInFile(const std::string& path, const Speaker& speaker) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(const std::vector<Bundle> lines, ParseBundleFile(text, path));
  auto release = ReleaseOf(lines.front(), speaker);
  if (!release) return Wrap(path, release.error());
  return release;
}

// farmd could show another good release, which is then withdrawn in the place of this one.
Result<NamedRelease> ReleaseAtFarm(const std::string& id, Speaker& speaker) {
  ASSIGN_OR_RETURN(const v1::ReleaseInfo info, speaker.client->Get(id));
  if (info.release_line().empty()) {
    return Error{ErrorCode::kNotFound,
                 id + " is not published there; name the file with its lines "
                      "(ARTIFACT.sigstore.jsonl)",
                 ExitCode::kInputMissing};
  }
  ASSIGN_OR_RETURN(const Bundle line, ParseBundleLine(info.release_line(), "farmd's release line"));
  auto release = ReleaseOf(line, speaker);
  if (!release) return Wrap("farmd's release line", release.error());
  if (release->id == id) return release;
  return Error{ErrorCode::kMismatch,
               "farmd's release line: is of " + release->id + ", asked for " + Printable(id, 256),
               ExitCode::kLogProof};
}

// A file may hold any release of the farm, whatever it is called.
Status CheckSaysWhich(const WithdrawArguments& arguments) {
  if (!FileExists(arguments.release)) return {};
  if (!arguments.product.empty() && !arguments.version.empty()) return {};
  return Error{ErrorCode::kInvalidInput,
               "--product and --version are required: " + Printable(arguments.release, 256) +
                   " is a file, and could hold another release than the one that you mean"};
}

Status CheckIsMeant(const NamedRelease& release, const WithdrawArguments& arguments) {
  const auto meant = [](const std::string& asked, const std::string& found) {
    return asked.empty() || asked == found;
  };
  if (meant(arguments.product, release.product) && meant(arguments.version, release.version)) {
    return {};
  }
  const auto shown = [](const std::string& asked, const std::string& found) {
    return Printable(asked.empty() ? found : asked, 120);
  };
  return Error{ErrorCode::kMismatch,
               Printable(arguments.release, 256) + ": is the release " + release.product + " " +
                   release.version + ", asked to withdraw " +
                   shown(arguments.product, release.product) + " " +
                   shown(arguments.version, release.version) + "; nothing is withdrawn",
               ExitCode::kInputMissing};
}

Status Withdraw(const WithdrawArguments& arguments, const Output& output) {
  RETURN_IF_ERROR(CheckSaysWhich(arguments));
  ASSIGN_OR_RETURN(Speaker speaker, OpenSpeaker(arguments.config, output));
  const Person* person = speaker.root.FindWhoMayWithdraw(speaker.signer->key());
  RETURN_IF_ERROR(CheckListed(speaker, person, "an auditor or requester, who may withdraw"));
  ASSIGN_OR_RETURN(const NamedRelease release, FileExists(arguments.release)
                                                   ? ReleaseInFile(arguments.release, speaker)
                                                   : ReleaseAtFarm(arguments.release, speaker));
  RETURN_IF_ERROR(CheckIsMeant(release, arguments));
  SayProgress(output, "withdrawing " + release.product + " " + release.version + ", release " +
                          release.digest.Text() + ", at the farm " + release.id);
  const Withdrawal withdrawal{release.digest,   release.product,   release.version,
                              arguments.reason, speaker.config.id, SystemClock().Now()};
  ASSIGN_OR_RETURN(const Bundle line,
                   Enter(speaker, Statement(withdrawal), release.line, arguments.out));
  Say(output, release.product + " " + release.version + " is withdrawn: log entry " +
                  std::to_string(line.log_entry->index) +
                  "; customers learn of it by the monitor's next status");
  Answer(output, {{"release", release.digest.Text()},
                  {"product", release.product},
                  {"version", release.version},
                  {"withdrawal", line.PaeDigest().Text()},
                  {"logIndex", line.log_entry->index}});
  return {};
}

Result<SiteLocation> LocationOf(const CertifyArguments& arguments, const Speaker& speaker) {
  const auto found = speaker.root.FindParty(arguments.site);
  if (!found || found->party->role != "site") {
    return Error{ErrorCode::kNotFound,
                 speaker.config.root_path + ": lists no site " + Printable(arguments.site, 120)};
  }
  if (found->party->country != arguments.country) {
    return Error{ErrorCode::kMismatch,
                 "--country " + Printable(arguments.country, 20) + ": the trust root says " +
                     found->party->country +
                     "; a verdict counts only what both say: have the root mended first",
                 ExitCode::kJurisdiction};
  }
  SiteLocation location;
  location.builder = arguments.site;
  location.operator_id = found->owner->id;
  location.country = arguments.country;
  location.certifier = speaker.config.id;
  location.created = SystemClock().Now();
  location.start = location.created;
  if (!arguments.from.empty()) {
    auto from = ParseTime(arguments.from);
    if (!from) return Wrap("--from", from.error());
    location.start = *from;
  }
  auto to = ParseTime(arguments.to);
  if (!to) return Wrap("--to", to.error());
  location.end = *to;
  if (location.end < location.start || location.end - location.start > kCertifiedSecondsMax) {
    return Error{ErrorCode::kInvalidInput,
                 "--to: want a time after --from, at most two years later"};
  }
  return location;
}

Status Certify(const CertifyArguments& arguments, const Output& output) {
  ASSIGN_OR_RETURN(Speaker speaker, OpenSpeaker(arguments.config, output));
  RETURN_IF_ERROR(
      CheckListed(speaker, speaker.root.FindCertifier(speaker.signer->key()), "a certifier"));
  ASSIGN_OR_RETURN(const SiteLocation location, LocationOf(arguments, speaker));
  ASSIGN_OR_RETURN(const Bundle line, Enter(speaker, Statement(location), "", arguments.out));
  Say(output, location.builder + " stands in " + location.country + " from " +
                  FormatTime(location.start) + " to " + FormatTime(location.end) + ": log entry " +
                  std::to_string(line.log_entry->index));
  if (arguments.out.empty()) Say(output, WriteBundleLine(line));
  Answer(output, {{"site", location.builder},
                  {"operator", location.operator_id},
                  {"country", location.country},
                  {"start", FormatTime(location.start)},
                  {"end", FormatTime(location.end)},
                  {"statement", line.PaeDigest().Text()},
                  {"logIndex", line.log_entry->index},
                  {"line", WriteBundleLine(line)}});
  return {};
}

}  // namespace

int RunWithdrawCommand(const WithdrawArguments& arguments, const Output& output) {
  if (const Status status = Withdraw(arguments, output); !status) {
    return Fail(output, "farm release withdraw", status.error());
  }
  return static_cast<int>(ExitCode::kProved);
}

int RunCertifyCommand(const CertifyArguments& arguments, const Output& output) {
  if (const Status status = Certify(arguments, output); !status) {
    return Fail(output, "farm certify", status.error());
  }
  return static_cast<int>(ExitCode::kProved);
}

}  // namespace farm
