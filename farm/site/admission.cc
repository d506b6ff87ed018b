#include "farm/site/admission.h"

#include <algorithm>
#include <string_view>

#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/manifest_view.h"

namespace farm {
namespace {

constexpr std::size_t kMissingNamedMax = 20;

Status CheckRoot(const SiteRules& rules) {
  if (rules.now > rules.root.expires) {
    return Error{ErrorCode::kUntrusted,
                 "this site's trust root " + std::to_string(rules.root.version) + " expired at " +
                     FormatTime(rules.root.expires) + "; give the site the next root",
                 ExitCode::kNotValidThen};
  }
  const auto self = rules.root.FindParty(rules.builder);
  if (!self || self->party->role != "site") {
    return Error{ErrorCode::kUntrusted,
                 "the trust root does not list " + rules.builder +
                     " as a site: nobody would accept its record",
                 ExitCode::kBadSignature};
  }
  return {};
}

// That it is for the request's manifest, VerifyIntent has seen.
Status CheckIntentAsks(const Intent& intent, const std::string& builder) {
  if (std::count(intent.sites.begin(), intent.sites.end(), builder) != 1) {
    return Error{ErrorCode::kUntrusted,
                 "the intent asks " + Join(intent.sites, ", ") + ", not this site, " + builder,
                 ExitCode::kRefused};
  }
  const bool first = intent.attempt == 1;
  const auto earlier = static_cast<std::int64_t>(intent.earlier.size());
  if (intent.attempt < 1 || first != intent.earlier.empty() || earlier >= intent.attempt) {
    return Error{ErrorCode::kInvalidInput,
                 "the intent is attempt " + std::to_string(intent.attempt) + " and names " +
                     std::to_string(earlier) + " earlier ones; want the attempts before it"};
  }
  return {};
}

Status CheckApprovals(const BuildQuestion& question, const ManifestView& manifest,
                      const VerifiedRequest& request, const VerifiedIntent& intent,
                      const SiteRules& rules, const Policy& policy) {
  if (question.approval_lines.size() > kPartiesMax) {
    return Error{ErrorCode::kLimitExceeded, std::to_string(question.approval_lines.size()) +
                                                " approvals, at most " +
                                                std::to_string(kPartiesMax) + " are taken"};
  }
  std::vector<Bundle> lines;
  for (std::size_t i = 0; i < question.approval_lines.size(); ++i) {
    ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(question.approval_lines[i],
                                                  "approval line " + std::to_string(i + 1)));
    lines.push_back(std::move(line));
  }
  ASSIGN_OR_RETURN(const std::vector<VerifiedApproval> approvals,
                   VerifyApprovals(lines, manifest, request, intent, rules.root, policy));
  return CheckApprovals(approvals, manifest.digest, policy);
}

Result<Lock> ReadLock(const std::string& bytes, const Digest& wanted) {
  const Digest digest = Sha256(bytes);
  if (digest != wanted) {
    return Error{ErrorCode::kMismatch,
                 "the lock is " + digest.Short() + ", the manifest asks for " + wanted.Short(),
                 ExitCode::kInputMissing};
  }
  auto lock = ParseLockJson(bytes);
  if (!lock) return Wrap("lock", lock.error());
  return lock;
}

struct RawInput {
  std::string name;
  Digest digest;
  std::uint64_t size = 0;
};

std::vector<RawInput> RawInputsOf(const Admitted& admitted) {
  std::vector<RawInput> inputs;
  for (const ManifestSource& source : admitted.manifest.sources) {
    for (const SourceFile& file : source.files) {
      inputs.push_back({"source " + source.name + ", file " + file.name, file.digest, file.size});
    }
  }
  for (const LockedPackage& package : admitted.lock.packages) {
    inputs.push_back({"package " + package.name + " " + package.version, package.sha256,
                      static_cast<std::uint64_t>(package.size)});
  }
  return inputs;
}

}  // namespace

Result<Admitted> Admit(const BuildQuestion& question, const SiteRules& rules) {
  RETURN_IF_ERROR(CheckRoot(rules));
  auto manifest = ParseManifestJson(question.manifest);
  if (!manifest) return Wrap("manifest", manifest.error());
  auto view = ViewManifest(question.manifest);
  if (!view) return Wrap("manifest", view.error());
  const Policy policy = Tighten(rules.policy, view->requirements);

  ASSIGN_OR_RETURN(const Bundle request_line,
                   ParseBundleLine(question.request_line, "request line"));
  auto request = VerifyRequest(request_line, rules.root, policy);
  if (!request) return Wrap("request", request.error());
  RETURN_IF_ERROR(CheckRequestIsFor(*request, *view));

  ASSIGN_OR_RETURN(const Bundle intent_line, ParseBundleLine(question.intent_line, "intent line"));
  auto intent = VerifyIntent(intent_line, *request, rules.root, policy);
  if (!intent) return Wrap("intent", intent.error());
  RETURN_IF_ERROR(CheckIntentAsks(intent->statement(), rules.builder));

  RETURN_IF_ERROR(CheckApprovals(question, *view, *request, *intent, rules, policy));
  ASSIGN_OR_RETURN(Lock lock, ReadLock(question.lock, manifest->lock));
  auto plan = MakePlan(*manifest, view->digest, manifest->lock);
  if (!plan) return Wrap("plan", plan.error());
  return Admitted{*std::move(manifest), std::move(lock), *std::move(plan), *std::move(intent)};
}

Status CheckInputs(const Admitted& admitted, const BlobStore& blobs) {
  std::vector<std::string> missing;
  for (const RawInput& input : RawInputsOf(admitted)) {
    const auto size = blobs.Size(input.digest);
    if (!size) {
      if (size.error().code != ErrorCode::kNotFound) return size.error();
      missing.push_back(input.name + " (" + input.digest.Text() + ")");
      continue;
    }
    if (*size == input.size) continue;
    return Error{ErrorCode::kMismatch,
                 input.name + " (" + input.digest.Text() + ") has " + std::to_string(*size) +
                     " bytes, want " + std::to_string(input.size),
                 ExitCode::kInputMissing};
  }
  if (missing.empty()) return {};
  const std::size_t count = missing.size();
  missing.resize(std::min(count, kMissingNamedMax));
  return Error{ErrorCode::kNotFound,
               std::to_string(count) +
                   " inputs are not in this site's store: " + Join(missing, ", ") +
                   (count > missing.size() ? ", ..." : "") + "; put them there and ask again",
               ExitCode::kInputMissing};
}

}  // namespace farm
