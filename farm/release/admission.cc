#include "farm/release/admission.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/toolchain/lock.h"
#include "farm/verify/verify.h"

namespace farm {
namespace {

constexpr std::size_t kNamesInMessage = 20;
// First names in the published tree (DESIGN section 6); "tuf" is that of `farm root publish`.
constexpr std::string_view kPublishedNames[] = {"root", "by-digest",  "tile", "payload",
                                                "log",  "checkpoint", "tuf"};
// What `farm root publish` puts beside the versions of a product.
constexpr std::string_view kNewestName = "newest.sigstore.jsonl";

Error Refusal(ErrorCode code, ExitCode exit, std::string message) {
  return Error{code, std::move(message), exit};
}

Status CheckNames(const Manifest& manifest) {
  for (const std::string_view name : kPublishedNames) {
    if (manifest.product == name) {
      return Error{ErrorCode::kInvalidInput,
                   "manifest.product: \"" + manifest.product +
                       "\" is a name that the published tree needs for itself; take another"};
    }
  }
  if (manifest.product.ends_with(".json")) {
    return Error{ErrorCode::kInvalidInput,
                 "manifest.product: \"" + manifest.product +
                     "\" ends like the files at the top of the published tree; take another"};
  }
  if (manifest.version == kNewestName) {
    return Error{ErrorCode::kInvalidInput,
                 "manifest.version: \"" + manifest.version +
                     "\" is a name that the published tree needs for itself; take another"};
  }
  for (const ManifestArtifact& artifact : manifest.artifacts) {
    if (artifact.name.ends_with(".sigstore.jsonl") || artifact.name.ends_with(".farmkit") ||
        artifact.name.ends_with(".tlog-proof")) {
      return Error{ErrorCode::kInvalidInput,
                   "manifest.artifacts: \"" + artifact.name +
                       "\" ends like a file that stands beside artifacts; take another name"};
    }
  }
  return {};
}

// Form, signature and validity of a person's line.  `certified`: as farm-verify ends for a
// certificate there.
Status CheckPerson(const Bundle& line, const Person& person, const TrustRoot& root, UnixSeconds now,
                   const std::string& what, ExitCode certified) {
  if (line.certificate) {
    return Refusal(ErrorCode::kUntrusted, certified,
                   what +
                       ".verificationMaterial: found certificate, want publicKey: a person "
                       "signs with the very key that the trust root lists");
  }
  RETURN_IF_ERROR(CheckLoggable(line, what));
  if (!person.valid_for.Contains(now)) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kNotValidThen,
                   what + ": the key of " + person.id + " is not valid now by the trust root");
  }
  if (IsRevoked(root, line.key().KeyId(), now, now)) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kRevoked,
                   what + ": the key of " + person.id + " is revoked in the trust root");
  }
  return {};
}

}  // namespace

Result<AdmittedManifest> AdmitManifest(const std::string& canonical, const Rules& rules) {
  AdmittedManifest admitted;
  ASSIGN_OR_RETURN(admitted.manifest, ParseManifestJson(canonical));
  ASSIGN_OR_RETURN(admitted.view, ViewManifest(canonical));
  RETURN_IF_ERROR(CheckNames(admitted.manifest));
  admitted.policy = Tighten(rules.policy, admitted.view.requirements);
  admitted.id = ReleaseId(admitted.view);
  return admitted;
}

Result<std::vector<RawInput>> RawInputsOf(const Manifest& manifest, const std::string& lock) {
  ASSIGN_OR_RETURN(const Lock parsed, ParseLockJson(lock));
  std::map<Digest, RawInput> inputs;
  for (const ManifestSource& source : manifest.sources) {
    for (const SourceFile& file : source.files) {
      inputs.try_emplace(file.digest,
                         RawInput{source.name + "/" + file.name, file.digest, file.size});
    }
  }
  for (const LockedPackage& package : parsed.packages) {
    inputs.try_emplace(package.sha256,
                       RawInput{package.name + " " + package.version, package.sha256,
                                static_cast<std::uint64_t>(package.size)});
  }
  std::vector<RawInput> list;
  for (auto& [digest, input] : inputs) list.push_back(std::move(input));
  return list;
}

std::vector<RawInput> MissingOf(const std::vector<RawInput>& inputs, const BlobStore& store) {
  std::vector<RawInput> missing;
  for (const RawInput& input : inputs) {
    const auto size = store.Has(input.digest) ? store.Size(input.digest) : Result<std::uint64_t>(0);
    if (!store.Has(input.digest) || !size || *size != input.size) missing.push_back(input);
  }
  return missing;
}

Status AdmitInputs(const Manifest& manifest, const std::string& lock, const BlobStore& store) {
  const Digest digest = Sha256(lock);
  if (digest != manifest.lock) {
    return Refusal(ErrorCode::kMismatch, ExitCode::kInputMissing,
                   "manifest.toolchain.lock: " + manifest.lock.Text() + ", the lock given is " +
                       digest.Text() + "; give the lock that the manifest names");
  }
  ASSIGN_OR_RETURN(const std::vector<RawInput> inputs, RawInputsOf(manifest, lock));
  const std::vector<RawInput> missing = MissingOf(inputs, store);
  if (missing.empty()) return {};
  std::string message = std::to_string(missing.size()) + " of " + std::to_string(inputs.size()) +
                        " inputs are not in the farm's store; fetch and send them (farm fetch):";
  for (std::size_t i = 0; i < std::min(missing.size(), kNamesInMessage); ++i) {
    message += "\n  " + missing[i].name + " " + missing[i].digest.Text();
  }
  return Refusal(ErrorCode::kNotFound, ExitCode::kInputMissing, message);
}

Result<Bundle> ReadPersonLine(std::string_view text, std::string_view where) {
  ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(text, where));
  line.envelope.key_id = line.key().KeyId();
  line.timestamp.reset();
  line.log_entry.reset();
  return line;
}

Result<Request> AdmitRequest(const Bundle& line, const AdmittedManifest& manifest,
                             const Rules& rules, UnixSeconds now) {
  ASSIGN_OR_RETURN(Request request,
                   ParseStatementAs<Request>(line.envelope.payload, "request line"));
  if (request.manifest != manifest.view.digest || request.product != manifest.view.product ||
      request.version != manifest.view.version) {
    return Refusal(ErrorCode::kMismatch, ExitCode::kApproval,
                   "request line: asks for " + request.product + " " + request.version +
                       ", manifest " + request.manifest.Text() + "; the manifest given is " +
                       manifest.view.product + " " + manifest.view.version + ", " +
                       manifest.view.digest.Text());
  }
  const Person* person = rules.root.FindRequester(line.key());
  if (person == nullptr || person->id != request.requester) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kBadSignature,
                   "request line: the key " + line.key().KeyId() + " is not that of requester \"" +
                       request.requester + "\" in the trust root");
  }
  RETURN_IF_ERROR(
      CheckPerson(line, *person, rules.root, now, "request line", ExitCode::kBadSignature));
  return request;
}

Result<Approval> AdmitApproval(const Bundle& line, const AdmittedManifest& manifest,
                               const Rules& rules, UnixSeconds now) {
  ASSIGN_OR_RETURN(Approval approval,
                   ParseStatementAs<Approval>(line.envelope.payload, "approval line"));
  std::vector<SourceTree> wanted = manifest.view.sources;
  std::vector<SourceTree> named = approval.sources;
  std::ranges::sort(wanted);
  std::ranges::sort(named);
  if (approval.manifest != manifest.view.digest || approval.product != manifest.view.product ||
      approval.version != manifest.view.version || named != wanted) {
    return Refusal(ErrorCode::kMismatch, ExitCode::kApproval,
                   "approval line: it approves manifest " + approval.manifest.Text() + " of " +
                       approval.product + " " + approval.version +
                       ", not this manifest and exactly its sources, " +
                       manifest.view.digest.Text());
  }
  if (approval.base && !manifest.policy.diff_approvals) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kApproval,
                   "approval line: it is by diff, and this farm's policy counts approvals of whole "
                   "trees only; approve without --diff");
  }
  const Person* person = rules.root.FindAuditor(line.key());
  if (rules.root.FindRequester(line.key()) != nullptr) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kApproval,
                   "approval line: " + rules.root.FindRequester(line.key())->id +
                       " is a requester; an auditor must be somebody else");
  }
  if (person == nullptr || person->id != approval.auditor) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kBadSignature,
                   "approval line: the key " + line.key().KeyId() + " is not that of auditor \"" +
                       approval.auditor + "\" in the trust root");
  }
  RETURN_IF_ERROR(
      CheckPerson(line, *person, rules.root, now, "approval line", ExitCode::kApproval));
  return approval;
}

namespace {

// Of a release that was signed and logged, and by its own names.
Status CheckWithdraws(const Withdrawal& withdrawal, const std::optional<Bundle>& line,
                      const Rules& rules) {
  if (!line) {
    return Error{ErrorCode::kInvalidInput,
                 "release line: want that of the release which is withdrawn"};
  }
  const auto release = VerifyReleaseAlone(*line, rules.root);
  if (!release) return Wrap("release line", release.error());
  ASSIGN_OR_RETURN(const ManifestView manifest, ViewManifest(release->statement().manifest));
  if (withdrawal.release == release->digest() && withdrawal.product == manifest.product &&
      withdrawal.version == manifest.version) {
    return {};
  }
  return Refusal(ErrorCode::kMismatch, ExitCode::kInputMissing,
                 "line: withdraws " + withdrawal.product + " " + withdrawal.version + ", " +
                     withdrawal.release.Text() + "; the release line given is of " +
                     manifest.product + " " + manifest.version + ", " + release->digest().Text());
}

}  // namespace

Status AdmitEntry(const Bundle& line, const std::optional<Bundle>& release, const Rules& rules,
                  UnixSeconds now) {
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(line.envelope.payload, "line"));
  const Person* person = nullptr;
  std::string says;
  if (const auto* withdrawal = std::get_if<Withdrawal>(&statement)) {
    says = withdrawal->by;
    person = rules.root.FindWhoMayWithdraw(line.key());
  } else if (const auto* location = std::get_if<SiteLocation>(&statement)) {
    says = location->certifier;
    person = rules.root.FindCertifier(line.key());
  } else {
    return Error{ErrorCode::kInvalidInput, "line: is a " + std::string(KindName(statement)) +
                                               ", want a withdrawal or a site location"};
  }
  if (person == nullptr || person->id != says) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kBadSignature,
                   "line: the key " + line.key().KeyId() + " is not one with which \"" +
                       Printable(says, 120) + "\" may make a " + std::string(KindName(statement)) +
                       " by the trust root");
  }
  RETURN_IF_ERROR(CheckPerson(line, *person, rules.root, now, "line", ExitCode::kBadSignature));
  const auto* withdrawal = std::get_if<Withdrawal>(&statement);
  if (withdrawal == nullptr) return {};
  if (!person->valid_for.Contains(withdrawal->created)) {
    // No monitor would count it, and the farm takes no second one.
    return Refusal(ErrorCode::kUntrusted, ExitCode::kNotValidThen,
                   "line: says that it was made at " + FormatTime(withdrawal->created) +
                       ", when the key of " + person->id +
                       " is not valid by the trust root; look at your clock");
  }
  return CheckWithdraws(*withdrawal, release, rules);
}

Status CheckSitesSuffice(const Rules& rules, const Policy& policy) {
  std::set<std::string> operators;
  std::set<std::string> countries;
  std::int64_t sites = 0;
  for (const std::string& id : rules.sites) {
    const auto found = rules.root.FindParty(id);
    if (!found || found->party->role != "site") continue;
    ++sites;
    operators.insert(found->owner->id);
    countries.insert(found->party->country);
  }
  const auto have = [](std::int64_t found, std::string_view what, std::int64_t wanted) {
    return "this farm asks " + std::to_string(found) + " " + std::string(what) +
           " that its trust root knows; the policy and the manifest demand " +
           std::to_string(wanted);
  };
  if (sites < policy.sites) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kQuorum, have(sites, "sites", policy.sites));
  }
  const auto operator_count = static_cast<std::int64_t>(operators.size());
  if (operator_count < policy.operators) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kJurisdiction,
                   have(operator_count, "operators", policy.operators));
  }
  const auto country_count = static_cast<std::int64_t>(countries.size());
  if (country_count < policy.countries) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kJurisdiction,
                   have(country_count, "countries", policy.countries));
  }
  const bool in_one = std::ranges::any_of(
      policy.countries_any, [&](const std::string& one) { return countries.contains(one); });
  if (!policy.countries_any.empty() && !in_one) {
    return Refusal(ErrorCode::kUntrusted, ExitCode::kJurisdiction,
                   "none of this farm's sites is in a country that the manifest or the policy "
                   "demands (countries_any)");
  }
  return {};
}

}  // namespace farm
