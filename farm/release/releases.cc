#include "farm/release/releases.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/found_file.h"
#include "farm/crypto/hash.h"
#include "farm/manifest/manifest.h"
#include "farm/release/bases.h"
#include "farm/release/book.h"
#include "farm/release/carry.h"
#include "farm/release/enter.h"
#include "farm/release/ledger_copy.h"
#include "farm/release/why.h"

namespace farm {
namespace {

constexpr std::size_t kApprovalsOfOneAuditorMax = 4;  // a new key after a lost one, and then some
constexpr std::size_t kTextBytesMax = 4 << 20;

std::set<std::string> AuditorsOf(const ReleaseState& state) {
  std::set<std::string> auditors;
  for (const auto& [key, line] : state.approvals) auditors.insert(line.note);
  return auditors;
}

}  // namespace

struct Releases::State {
  State(ReleasesOptions options, World world, Ledger& given_ledger, BlobStore& given_store,
        std::unique_ptr<LedgerCopy> given_copy, std::unique_ptr<Book> given_book)
      : outside(world),
        ledger(given_ledger),
        store(given_store),
        copy(std::move(given_copy)),
        book(std::move(given_book)),
        driver(std::move(options), world, given_ledger, given_store, *book) {}

  Result<std::vector<NewEffect>> SubmitRows(const Submission& submission, const Request& request,
                                            const AdmittedManifest& admitted,
                                            const ReleaseState& now, bool& already_there) const;
  Status CheckVersionFree(const AdmittedManifest& admitted) const;

  const World outside;
  Ledger& ledger;
  BlobStore& store;
  const std::unique_ptr<LedgerCopy> copy;
  const std::unique_ptr<Book> book;
  Driver driver;
};

Status Releases::State::CheckVersionFree(const AdmittedManifest& admitted) const {
  for (const auto& [id, release] : book->All()) {
    if (id == admitted.id || release.stage() != Stage::kReleased) continue;
    const ReleaseView view = ViewOf(id, release);
    if (view.product != admitted.view.product || view.version != admitted.view.version) continue;
    return Error{ErrorCode::kMismatch,
                 view.product + " " + view.version + " is released already, from manifest " +
                     view.manifest.Text() + "; other bytes need another version",
                 ExitCode::kRefused};
  }
  return {};
}

Result<std::vector<NewEffect>> Releases::State::SubmitRows(const Submission& submission,
                                                           const Request& request,
                                                           const AdmittedManifest& admitted,
                                                           const ReleaseState& now,
                                                           bool& already_there) const {
  if (now.submitted && now.manifest != admitted.view.digest) {
    return Error{
        ErrorCode::kMismatch,
        admitted.id + " is another manifest whose digest begins alike; change its revision"};
  }
  const Stage stage = now.stage();
  if (stage == Stage::kDissent) {
    return Error{ErrorCode::kMismatch,
                 "the sites disagreed on this manifest (farm why " + admitted.id +
                     "); find the cause, then submit it with a higher revision",
                 ExitCode::kDissent};
  }
  std::vector<NewEffect> effects;
  if (stage == Stage::kUnknown) {
    const SubmittedFacts facts{admitted.view.product, admitted.view.version, admitted.view.revision,
                               request.requester, driver.clock().Now()};
    effects.push_back({"submitted", "", WriteSubmittedFacts(facts), submission.manifest});
    effects.push_back({"lock", "", "", submission.lock});
    effects.push_back({"request.signed", "", request.requester, submission.request_line});
    if (!submission.text.empty()) effects.push_back({"text", "", "", submission.text});
    return effects;
  }
  already_there = true;
  if (now.stop) {
    // It would go on under the request of the one who stopped it, or who knows of the failure.
    if (now.submitted->requester != request.requester) {
      return Error{ErrorCode::kUntrusted,
                   admitted.id + " was requested by " + now.submitted->requester +
                       " and stopped: nobody else takes it up again; submit the manifest with a "
                       "higher revision",
                   ExitCode::kRefused};
    }
    if (now.stop->exit == ExitCode::kDissent) {
      return Error{ErrorCode::kMismatch, now.stop->message, ExitCode::kDissent};
    }
    if (now.stops >= kStopsMax) {
      return Error{ErrorCode::kLimitExceeded,
                   admitted.id + " was stopped " + std::to_string(now.stops) +
                       " times, as often as one may be; submit it with a higher revision",
                   ExitCode::kRefused};
    }
    // Once the signer has been asked, it is asked the same again; else a new attempt begins.
    const RoundState& round = now.Current();
    const bool fresh = round.intent.signed_line && !round.deciding;
    effects.push_back(
        {"resumed", std::to_string(now.stops), std::to_string(now.round + (fresh ? 1 : 0)), ""});
  }
  return effects;
}

Releases::Releases(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Releases>> Releases::Open(ReleasesOptions options, World world,
                                                 Ledger& ledger, BlobStore& store) {
  ASSIGN_OR_RETURN(std::unique_ptr<LedgerCopy> copy,
                   LedgerCopy::Open(world.files, store, options.copy));
  ASSIGN_OR_RETURN(std::unique_ptr<Book> book, Book::Read(ledger, *copy));
  return std::unique_ptr<Releases>(new Releases(std::make_unique<State>(
      std::move(options), world, ledger, store, std::move(copy), std::move(book))));
}

Releases::~Releases() = default;
void Releases::Start() { state_->driver.Start(); }
bool Releases::DriveOnce() { return state_->driver.DriveOnce(); }

Result<SubmitOutcome> Releases::Submit(const Submission& submission) {
  State& state = *state_;
  const Rules& rules = state.driver.options().rules;
  if (submission.text.size() > kTextBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "the manifest's text is too long"};
  }
  ASSIGN_OR_RETURN(const AdmittedManifest admitted, AdmitManifest(submission.manifest, rules));
  ASSIGN_OR_RETURN(const Bundle line, ReadPersonLine(submission.request_line, "request line"));
  ASSIGN_OR_RETURN(const Request request,
                   AdmitRequest(line, admitted, rules, state.driver.clock().Now()));
  RETURN_IF_ERROR(state.CheckVersionFree(admitted));
  RETURN_IF_ERROR(AdmitInputs(admitted.manifest, submission.lock, state.store));
  RETURN_IF_ERROR(CheckSitesSuffice(rules, admitted.policy));
  RETURN_IF_ERROR(state.store.PutBytes(submission.manifest));
  RETURN_IF_ERROR(state.store.PutBytes(submission.lock));
  SubmitOutcome outcome{admitted.id, false};
  Submission clean = submission;
  clean.request_line = WriteBundleLine(line);
  RETURN_IF_ERROR(state.book->Update(admitted.id, [&](const ReleaseState& now) {
    return state.SubmitRows(clean, request, admitted, now, outcome.already_there);
  }));
  state.driver.Touch(admitted.id);
  return outcome;
}

Result<std::int64_t> Releases::Approve(const std::string& manifest, const std::string& text) {
  State& state = *state_;
  ASSIGN_OR_RETURN(const AdmittedManifest admitted,
                   AdmitManifest(manifest, state.driver.options().rules));
  ASSIGN_OR_RETURN(const Bundle line, ReadPersonLine(text, "approval line"));
  ASSIGN_OR_RETURN(
      const Approval approval,
      AdmitApproval(line, admitted, state.driver.options().rules, state.driver.clock().Now()));
  if (approval.base && !KnowsManifest(*state.book, admitted.view.product, *approval.base)) {
    return Error{ErrorCode::kUntrusted,
                 "approval line: it is by diff since manifest " + approval.base->Text() +
                     ", which no release of " + admitted.view.product +
                     " at this farm has; name as base what was approved here, or approve the whole "
                     "tree",
                 ExitCode::kApproval};
  }
  ASSIGN_OR_RETURN(const ReleaseState after,
                   state.book->Update(
                       admitted.id, [&](const ReleaseState& now) -> Result<std::vector<NewEffect>> {
                         std::size_t same = 0;
                         for (const auto& [key, one] : now.approvals)
                           same += one.note == approval.auditor ? 1 : 0;
                         if (now.approvals.contains(line.PaeDigest().Hex()))
                           return std::vector<NewEffect>();
                         if (same >= kApprovalsOfOneAuditorMax) {
                           return Error{ErrorCode::kLimitExceeded,
                                        approval.auditor + " has approved this manifest " +
                                            std::to_string(same) + " times already"};
                         }
                         return std::vector<NewEffect>{{"approval.signed", line.PaeDigest().Hex(),
                                                        approval.auditor, WriteBundleLine(line)}};
                       }));
  state.driver.Touch(admitted.id);
  return static_cast<std::int64_t>(AuditorsOf(after).size());
}

Result<ReleaseView> Releases::Get(const std::string& id) const {
  const auto release = state_->book->Find(id);
  if (!release || release->stage() == Stage::kUnknown) {
    return Error{ErrorCode::kNotFound,
                 "no release \"" + Printable(id, 256) + "\"; farm list shows them"};
  }
  return state_->driver.View(id, *release);
}

std::vector<ReleaseView> Releases::List(const std::string& product) const {
  std::vector<ReleaseView> views;
  for (const auto& [id, release] : state_->book->All()) {
    if (release.stage() == Stage::kUnknown) continue;
    ReleaseView view = state_->driver.View(id, release);
    if (product.empty() || view.product == product) views.push_back(std::move(view));
  }
  std::ranges::stable_sort(views, std::ranges::greater(), &ReleaseView::created);
  return views;
}

Result<WhyView> Releases::Why(const std::string& id) const {
  ASSIGN_OR_RETURN(ReleaseView view, Get(id));
  const auto release = state_->book->Find(id);
  std::vector<std::string> reasons =
      ReasonsOf(*release, view, state_->driver.WaitsOf(id), state_->ledger);
  return WhyView{std::move(view), std::move(reasons)};
}

Result<ReleaseView> Releases::Cancel(const std::string& id, const std::string& caller) {
  RETURN_IF_ERROR(Get(id));
  const auto too_late = [&](std::string_view what) {
    return Error{ErrorCode::kMismatch, id + " cannot be cancelled: " + std::string(what),
                 ExitCode::kRefused};
  };
  RETURN_IF_ERROR(
      state_->book->Update(id, [&](const ReleaseState& now) -> Result<std::vector<NewEffect>> {
        if (!now.submitted || now.submitted->requester != caller) {
          return Error{ErrorCode::kUntrusted,
                       caller + " may not cancel " + id + ": only the one who requested it may",
                       ExitCode::kRefused};
        }
        if (now.stage() == Stage::kCancelled) return std::vector<NewEffect>();
        if (IsEnd(now.stage())) return too_late("it has ended: " + std::string(Name(now.stage())));
        if (now.Current().deciding || now.release.signed_line) {
          return too_late("the signer has been asked, and what it signs stays signed");
        }
        const StopFacts facts{StopCause::kCancelled, ExitCode::kCancelled, "cancelled"};
        return std::vector<NewEffect>{
            {"stopped", std::to_string(now.stops + 1), WriteStopFacts(facts), ""}};
      }));
  state_->driver.ForgetCalls(id);
  state_->driver.Touch(id);
  return Get(id);
}

Result<std::vector<ReleaseEvent>> Releases::Watch(const std::string& id, std::uint64_t after,
                                                  std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(ReleaseView view, Get(id));
  const std::uint64_t first_of_start = state_->ledger.epoch() << 20;
  if (after + 1 < first_of_start) {
    // Whoever begins, or comes from before a restart, sees how it stands, whatever was forgotten.
    std::vector<ReleaseEvent> events =
        state_->driver.events().Take(id, after, std::chrono::milliseconds(0));
    const std::uint64_t first =
        events.empty() ? state_->driver.events().next() : events.front().number;
    events.insert(events.begin(),
                  ReleaseEvent{first - 1, state_->driver.clock().Now(), std::move(view)});
    return events;
  }
  return state_->driver.events().Take(id, after, patience);
}

Result<std::string> Releases::Enter(const std::string& text, const std::string& release_text) {
  const CarryContext in{state_->driver.options().rules, state_->outside, state_->ledger,
                        *state_->book};
  ASSIGN_OR_RETURN(const Bundle line, ReadPersonLine(text, "line"));
  std::optional<Bundle> release;
  if (!release_text.empty()) {
    ASSIGN_OR_RETURN(release, ParseBundleLine(release_text, "release line"));
  }
  RETURN_IF_ERROR(AdmitEntry(line, release, in.rules, in.world.clock.Now()));
  if (ParseStatementAs<Withdrawal>(line.envelope.payload, "line")) {
    CHECK(release);  // AdmitEntry has asked for it
    return EnterWithdrawal(in, line, *release);
  }
  ASSIGN_OR_RETURN(const Bundle logged, CarryOnce(in, line));
  return WriteBundleLine(logged);
}

Result<Bundle> Releases::PublishedLine(const std::string& id) const {
  ASSIGN_OR_RETURN(const ReleaseView view, Get(id));
  const Error missing{ErrorCode::kNotFound, id + " is not published", ExitCode::kInputMissing};
  if (view.published_directory.empty() || view.files.empty()) return missing;
  const std::string path =
      JoinPath(JoinPath(state_->driver.options().published, view.published_directory),
               view.files.front().name + ".sigstore.jsonl");
  if (!FileExists(path)) return missing;
  ASSIGN_OR_RETURN(const std::string text, ReadFoundFile(path, kBundleFileBytesMax));
  ASSIGN_OR_RETURN(std::vector<Bundle> lines, ParseBundleFile(text, path));
  return std::move(lines.front());
}

void Releases::CloseWatches() { state_->driver.events().Close(); }

std::int64_t Releases::ApprovalsOf(const std::string& id) const {
  const auto release = state_->book->Find(id);
  return release ? static_cast<std::int64_t>(AuditorsOf(*release).size()) : 0;
}

const Rules& Releases::rules() const { return state_->driver.options().rules; }

std::vector<std::pair<Stage, std::int64_t>> Releases::CountStages() const {
  std::map<Stage, std::int64_t> counts;
  for (const auto& [id, release] : state_->book->All()) ++counts[release.stage()];
  counts.erase(Stage::kUnknown);
  return {counts.begin(), counts.end()};
}

}  // namespace farm
