#include "farm/release/advance.h"

#include <algorithm>
#include <utility>

#include "farm/base/amount.h"
#include "farm/base/bytes.h"
#include "farm/crypto/hash.h"
#include "farm/manifest/manifest.h"
#include "farm/release/bases.h"
#include "farm/release/carry.h"

namespace farm {
namespace {

constexpr std::size_t kNonceBytes = 16;
// The time stamp comes from another's clock.  Less than the margin of farm/gate, so that the signer
// signs again whenever it is asked to.
constexpr UnixSeconds kLeafMarginSeconds = 5 * kMinuteSeconds;

}  // namespace

Result<std::vector<std::string>> Advance::Run() {
  using Step = Result<bool> (Advance::*)();
  constexpr Step kSteps[] = {
      &Advance::Load,        &Advance::CarryRequest,    &Advance::CarryApprovals,
      &Advance::CarryIntent, &Advance::CollectRecords,  &Advance::AskSigner,
      &Advance::Prove,       &Advance::CheckOwnVerdict, &Advance::Publish,
      &Advance::AddKit,
  };
  // What could not be copied the last time is copied before anything else happens.
  RETURN_IF_ERROR(in_.book.Update(id_, [](const ReleaseState&) {
    return Result<std::vector<NewEffect>>(std::vector<NewEffect>());
  }));
  for (const Step step : kSteps) {
    const auto state = in_.book.Find(id_);
    if (!state || !state->submitted || IsEnd(state->stage())) break;
    state_ = *state;
    ASSIGN_OR_RETURN(const bool go_on, (this->*step)());
    if (!go_on) break;
  }
  const auto state = in_.book.Find(id_);
  if (!state || IsEnd(state->stage())) {
    in_.calls.Forget(id_);
    return std::vector<std::string>();
  }
  return waits_;
}

Status Advance::Record(std::vector<NewEffect> effects) {
  ASSIGN_OR_RETURN(state_, in_.book.Update(id_, [&](const ReleaseState&) {
    return Result<std::vector<NewEffect>>(std::move(effects));
  }));
  return {};
}

Result<bool> Advance::Stop(StopCause cause, const Error& error) {
  const StopFacts facts{cause, error.Exit(), error.message};
  ASSIGN_OR_RETURN(state_, in_.book.Update(id_, [&](const ReleaseState& now) {
    if (IsEnd(now.stage())) return Result<std::vector<NewEffect>>(std::vector<NewEffect>());
    return Result<std::vector<NewEffect>>(std::vector<NewEffect>{
        {"stopped", std::to_string(now.stops + 1), WriteStopFacts(facts), ""}});
  }));
  return false;
}

Result<Bundle> Advance::Line(const Digest& payload, const std::string& what) const {
  ASSIGN_OR_RETURN(const std::string line, in_.ledger.Payload(payload));
  return ParseBundleLine(line, what);
}

Result<Bundle> Advance::SignedInTime(const Digest& signed_line, const std::string& what) {
  ASSIGN_OR_RETURN(Bundle plain, Line(signed_line, what));
  if (!plain.certificate ||
      in_.world.clock.Now() + kLeafMarginSeconds <= plain.certificate->not_after()) {
    return plain;
  }
  ASSIGN_OR_RETURN(const Statement statement, ParseStatement(plain.envelope.payload, what));
  const bool signers =
      std::holds_alternative<Release>(statement) || std::holds_alternative<Dissent>(statement);
  ASSIGN_OR_RETURN(Bundle again, signers ? Decide() : in_.world.notary.Sign(statement));
  if (again.PaeDigest() != plain.PaeDigest()) {
    return Error{ErrorCode::kMismatch, "the leaf of the " + what +
                                           " ended before a time stamp came, and its signer now "
                                           "says something else; look at the signer's journal"};
  }
  return again;
}

Result<Bundle> Advance::Carry(const std::string& kind, const std::string& key,
                              const LineState& line) {
  const auto plain = [&]() -> Result<Bundle> {
    CHECK(line.signed_line);
    return SignedInTime(*line.signed_line, kind + " line");
  };
  return CarryLine({in_.rules, in_.world, in_.ledger, in_.book},
                   {.release = id_,
                    .kind = kind,
                    .key = key,
                    .state = line,
                    .plain = plain,
                    .policy = manifest_->policy,
                    .intent = intent_ ? &intent_->bundle() : nullptr});
}

Result<bool> Advance::Load() {
  ASSIGN_OR_RETURN(manifest_bytes_, in_.ledger.Payload(state_.manifest));
  ASSIGN_OR_RETURN(lock_bytes_, in_.ledger.Payload(state_.lock));
  ASSIGN_OR_RETURN(manifest_, AdmitManifest(manifest_bytes_, in_.rules));
  return true;
}

Result<bool> Advance::CarryRequest() {
  ASSIGN_OR_RETURN(const Bundle line, Carry("request", "", state_.request));
  auto verified = VerifyRequest(line, in_.rules.root, manifest_->policy);
  if (!verified) return Stop(StopCause::kEvidence, verified.error());
  request_ = *std::move(verified);
  return true;
}

Result<bool> Advance::CarryApprovals() {
  std::vector<std::string> refused;
  std::optional<Error> not_carried;  // the first
  const auto refuse = [&refused](const std::string& auditor, const Error& error) {
    refused.push_back("the approval of " + auditor + " does not count: " + error.message);
  };
  const std::map<std::string, LineState> lines = state_.approvals;
  for (const auto& [key, state] : lines) {
    const Result<Bundle> line = Carry("approval", key, state);
    if (!line) {
      if (line.error().code == ErrorCode::kUnavailable) return line.error();
      // One line that the log never takes must not keep the others from counting.
      refuse(state.note, line.error());
      if (!not_carried) not_carried = line.error();
      continue;
    }
    auto verified =
        VerifyApprovalAlone(*line, manifest_->view, *request_, in_.rules.root, manifest_->policy);
    if (!verified) {
      refuse(state.note, verified.error());
      continue;
    }
    approvals_.push_back(*std::move(verified));
  }
  if (state_.Current().intent.signed_line) return true;  // they were enough when it was signed
  ASSIGN_OR_RETURN(approvals_, Counting(std::move(approvals_), refused));
  if (!CheckApprovals(AllApprovals(), state_.manifest, manifest_->policy)) {
    waits_.push_back(std::to_string(approvals_.size()) + " of " +
                     std::to_string(manifest_->policy.auditors) + " approvals of manifest " +
                     state_.manifest.Text() +
                     "; an auditor looks (farm audit show MANIFEST) and signs (farm audit approve "
                     "MANIFEST --key FILE)");
    waits_.insert(waits_.end(), refused.begin(), refused.end());
    if (!not_carried) return false;
    // As an error, so that it is asked again: the fault may be the log's and end some day.
    std::string message = waits_.front();
    for (const std::string& reason : refused) message += "\n  " + reason;
    return Error{not_carried->code, message, not_carried->exit};
  }
  return true;
}

// Nothing of this manifest is built before the log has been asked what became of it before.
Result<bool> Advance::MakeIntent() {
  RETURN_IF_ERROR(in_.history.Refresh(in_.world.notary));
  if (const auto* dissent = in_.history.FindDissent(state_.manifest)) {
    return Stop(StopCause::kConflict,
                Error{ErrorCode::kMismatch,
                      "entry " + std::to_string(dissent->index) + " of " + dissent->log +
                          " is a dissent of this manifest: " + dissent->statement.summary +
                          "; find the cause, then submit it with a higher revision",
                      ExitCode::kDissent});
  }
  const ManifestView& view = manifest_->view;
  if (const auto* release = in_.history.FindRelease(view.product, view.version)) {
    return Stop(
        StopCause::kConflict,
        Error{ErrorCode::kMismatch,
              view.product + " " + view.version + " is released already, entry " +
                  std::to_string(release->index) + " of " + release->log + ", manifest " +
                  Sha256(release->statement.manifest).Text() + "; other bytes need another version",
              ExitCode::kRefused});
  }
  if (Status status = CheckSitesSuffice(in_.rules, manifest_->policy); !status) {
    return Stop(StopCause::kConflict, status.error());
  }
  RETURN_IF_ERROR(in_.check_disk());

  Intent intent;
  intent.request = request_->digest();
  intent.manifest = state_.manifest;
  intent.product = view.product;
  intent.version = view.version;
  intent.sites = in_.rules.sites;
  for (const auto& earlier : in_.history.IntentsOf(state_.manifest)) {
    intent.earlier.push_back(earlier.digest);
    intent.attempt = std::max(intent.attempt, earlier.statement.attempt + 1);
  }
  if (intent.earlier.size() > kPartiesMax ||
      intent.attempt > static_cast<std::int64_t>(kPartiesMax)) {
    return Stop(
        StopCause::kConflict,
        Error{ErrorCode::kLimitExceeded,
              Amount(intent.earlier.size(), "earlier attempt") + " of this manifest, at most " +
                  std::to_string(kPartiesMax) + "; submit it with a higher revision"});
  }
  intent.nonce = HexEncode(RandomBytes(kNonceBytes));
  intent.created = in_.world.clock.Now();
  ASSIGN_OR_RETURN(const Bundle line, in_.world.notary.Sign(intent));
  const std::int64_t round = state_.round;
  ASSIGN_OR_RETURN(state_, in_.book.Update(id_, [&](const ReleaseState& now) {
    std::vector<NewEffect> effects;
    if (!now.stop) {  // else cancelled in the meantime
      effects.push_back({"intent.signed", std::to_string(round),
                         WriteRoundNote(intent.attempt, intent.sites), WriteBundleLine(line)});
    }
    return Result<std::vector<NewEffect>>(std::move(effects));
  }));
  return !state_.stop;
}

Result<bool> Advance::CarryIntent() {
  if (!state_.Current().intent.signed_line) {
    ASSIGN_OR_RETURN(const bool made, MakeIntent());
    if (!made) return false;
  }
  ASSIGN_OR_RETURN(const Bundle line,
                   Carry("intent", std::to_string(state_.round), state_.Current().intent));
  auto verified = VerifyIntent(line, *request_, in_.rules.root, manifest_->policy);
  if (!verified) return Stop(StopCause::kEvidence, verified.error());
  intent_ = *std::move(verified);
  return ChooseApprovals();
}

// Of the approvals given in time the first of each auditor, so that one which comes later changes
// nothing of what sites and signer are shown.  What counts only by way of the bases is with them.
Result<bool> Advance::ChooseApprovals() {
  Error last{ErrorCode::kUntrusted, "approvals", ExitCode::kApproval};
  for (const VerifiedApproval& approval : approvals_) {
    auto in_time = VerifyApproval(approval.bundle(), manifest_->view, *request_, *intent_,
                                  in_.rules.root, manifest_->policy);
    if (in_time)
      approvals_in_time_.push_back(*std::move(in_time));
    else
      last = in_time.error();
  }
  std::vector<std::string> refused;
  ASSIGN_OR_RETURN(const auto counting, Counting(approvals_in_time_, refused));
  approvals_ = FirstOfEachAuditor(counting);
  // Of the bases only those that the chosen ones need.
  ASSIGN_OR_RETURN(approvals_, Counting(std::move(approvals_), refused));
  approvals_in_time_.insert(approvals_in_time_.end(), bases_.begin(), bases_.end());
  if (Status status = CheckApprovals(AllApprovals(), state_.manifest, manifest_->policy); !status) {
    if (!refused.empty()) last.message += "; " + Join(refused, "; ");
    return Stop(StopCause::kEvidence, Wrap(status.error().message, last));
  }
  return true;
}

Result<std::vector<VerifiedApproval>> Advance::Counting(std::vector<VerifiedApproval> approvals,
                                                        std::vector<std::string>& refused) {
  const BaseQuestion question{in_.book,   in_.ledger, in_.rules,
                              *manifest_, *request_,  intent_ ? &*intent_ : nullptr};
  std::vector<VerifiedApproval> counting;
  bases_.clear();
  for (VerifiedApproval& approval : approvals) {
    ASSIGN_OR_RETURN(const std::vector<VerifiedApproval> bases, FindBases(approval, question));
    const Status counts = CheckApprovalCounts(approval, bases, manifest_->policy);
    if (!counts) {
      refused.push_back("the approval of " + approval.identity().id +
                        " does not count: " + counts.error().message);
      continue;
    }
    for (const VerifiedApproval& base : bases) {
      const bool known = std::ranges::any_of(
          bases_, [&](const VerifiedApproval& one) { return one.digest() == base.digest(); });
      if (!known) bases_.push_back(base);
    }
    counting.push_back(std::move(approval));
  }
  return counting;
}

std::vector<VerifiedApproval> Advance::AllApprovals() const {
  std::vector<VerifiedApproval> all = approvals_;
  all.insert(all.end(), bases_.begin(), bases_.end());
  return all;
}

Result<bool> Advance::AskSites() {
  const RoundState round = state_.Current();
  BuildOrder order;
  order.manifest = manifest_bytes_;
  order.lock = lock_bytes_;
  order.request_line = WriteBundleLine(request_->bundle());
  order.intent_line = WriteBundleLine(intent_->bundle());
  for (const VerifiedApproval& one : AllApprovals()) {
    order.approval_lines.push_back(WriteBundleLine(one.bundle()));
  }
  ASSIGN_OR_RETURN(const auto inputs, RawInputsOf(manifest_->manifest, lock_bytes_));
  for (const RawInput& input : inputs) order.blobs.push_back(input.digest);
  order.epoch = in_.ledger.epoch();

  bool all_refuse = round.records.empty();
  for (const std::string& site : round.sites) {
    if (round.records.contains(site)) continue;
    const SiteCallId call{id_, state_.round, site};
    auto answer = in_.calls.Take(call);
    if (!answer) {
      in_.calls.Ensure(call, order);
      answer = in_.calls.Take(call);
    }
    if (answer && *answer) {
      auto verified = VerifyRecord(**answer, *intent_, in_.rules.root, manifest_->policy);
      if (verified && verified->statement().builder == site) {
        const bool succeeded = verified->statement().result == BuildResult::kSucceeded;
        RETURN_IF_ERROR(Record({{"record", RecordKey(state_.round, site),
                                 succeeded ? "succeeded" : "failed", WriteBundleLine(**answer)}}));
      } else {
        in_.calls.Refuse(call, verified
                                   ? Error{ErrorCode::kMismatch, "it answered with the record of " +
                                                                     verified->statement().builder}
                                   : Wrap("its record does not count", verified.error()));
      }
    }
    all_refuse = all_refuse && in_.calls.View(call).stage == SiteStage::kRefused;
  }
  if (!all_refuse || !state_.Current().records.empty()) return true;
  std::string message = "every site refused:";
  ExitCode exit = ExitCode::kProved;
  for (const std::string& site : round.sites) {
    const SiteView view = in_.calls.View({id_, state_.round, site});
    message += "\n  " + site + ": " + view.detail;
    exit = Worse(exit, view.exit);
  }
  return Stop(StopCause::kSites, Error{ErrorCode::kUntrusted, message, exit});
}

Result<bool> Advance::ReadRecords() {
  const RoundState round = state_.Current();
  for (const std::string& site : round.sites) {
    ASSIGN_OR_RETURN(const Bundle line, Line(round.records.at(site).line, "record of " + site));
    auto verified = VerifyRecord(line, *intent_, in_.rules.root, manifest_->policy);
    if (!verified) return Stop(StopCause::kEvidence, verified.error());
    records_.push_back(*std::move(verified));
  }
  return true;
}

Result<bool> Advance::CollectRecords() {
  if (!state_.Current().AllRecordsHere()) {
    ASSIGN_OR_RETURN(const bool go_on, AskSites());
    if (!go_on || !state_.Current().AllRecordsHere()) return false;
  }
  in_.calls.Forget(id_);
  if (state_.stage() == Stage::kBuildFailed) return false;
  return ReadRecords();
}

Result<bool> Advance::TakeDecision(const Bundle& line) {
  ASSIGN_OR_RETURN(const Statement statement,
                   ParseStatement(line.envelope.payload, "the signer's answer"));
  const auto* release = std::get_if<Release>(&statement);
  const auto* dissent = std::get_if<Dissent>(&statement);
  if (release == nullptr && dissent == nullptr) {
    return Stop(StopCause::kSigner,
                Error{ErrorCode::kMismatch,
                      "the signer answered with a " + std::string(KindName(statement))});
  }
  const Digest intent = release != nullptr ? release->intent : dissent->intent;
  const Digest manifest = release != nullptr ? Sha256(release->manifest) : dissent->manifest;
  if (manifest != state_.manifest || (release != nullptr && intent != intent_->digest())) {
    return Stop(
        StopCause::kSigner,
        Error{ErrorCode::kMismatch,
              "the signer answered with a " + std::string(KindName(statement)) + " of intent " +
                  intent.Text() + ", this one is " + intent_->digest().Text() +
                  "; it has decided before, and its answer was lost with farmd's database and its "
                  "copy; " +
                  (release != nullptr ? "it releases this version by no other manifest: submit "
                                        "the manifest with another version"
                                      : "submit the manifest with a higher revision"),
              ExitCode::kRefused});
  }
  const std::string text = WriteBundleLine(line);
  if (dissent != nullptr) {
    RETURN_IF_ERROR(Record({{"dissent.signed", "", dissent->summary, text}}));
  } else {
    RETURN_IF_ERROR(Record({{"release.signed", "", std::to_string(release->sequence), text}}));
  }
  return true;
}

Result<Bundle> Advance::Decide() {
  DecisionInput input;
  input.manifest = manifest_bytes_;
  input.request_line = WriteBundleLine(request_->bundle());
  input.intent_line = WriteBundleLine(intent_->bundle());
  for (const auto& one : records_) input.record_lines.push_back(WriteBundleLine(one.bundle()));
  for (const VerifiedApproval& one : AllApprovals()) {
    input.approval_lines.push_back(WriteBundleLine(one.bundle()));
  }
  input.epoch = in_.ledger.epoch();
  return in_.world.decider.Decide(input);
}

Result<bool> Advance::AskSigner() {
  if (!state_.release.signed_line && !state_.dissent.signed_line) {
    const std::int64_t round = state_.round;
    ASSIGN_OR_RETURN(state_, in_.book.Update(id_, [&](const ReleaseState& now) {
      std::vector<NewEffect> effects;  // from here on nobody can cancel
      if (!now.stop) effects.push_back({"deciding", std::to_string(round), "", ""});
      return Result<std::vector<NewEffect>>(std::move(effects));
    }));
    if (state_.stop) return false;
    const auto line = Decide();
    if (!line && line.error().code == ErrorCode::kUnavailable) return line.error();
    if (!line) return Stop(StopCause::kSigner, Wrap("the signer refused", line.error()));
    ASSIGN_OR_RETURN(const bool taken, TakeDecision(*line));
    if (!taken) return false;
  }
  if (state_.dissent.signed_line) {
    RETURN_IF_ERROR(Carry("dissent", "", state_.dissent));
    return false;
  }
  RETURN_IF_ERROR(Carry("release", "", state_.release));
  return true;
}

}  // namespace farm
