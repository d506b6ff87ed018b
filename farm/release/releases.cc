#include "farm/release/releases.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "farm/base/bytes.h"
#include "farm/base/mutex.h"
#include "farm/crypto/hash.h"
#include "farm/manifest/manifest.h"
#include "farm/release/advance.h"
#include "farm/release/book.h"
#include "farm/release/events.h"
#include "farm/release/history.h"
#include "farm/release/publish.h"
#include "farm/release/why.h"

namespace farm {
namespace {

constexpr std::chrono::milliseconds kLookAgain{500};  // for retries whose time has come
constexpr std::size_t kApprovalsOfOneAuditorMax = 4;  // a new key after a lost one, and then some
constexpr std::size_t kTextBytesMax = 4 << 20;

// What the driving thread remembers of a release between two passes.
struct Memory {
  std::vector<std::string> waits;
  int failures = 0;
  std::int64_t due = 0;  // steady seconds
  bool touched = true;   // something has happened: look at it now
};

// Time stamp and log entry of a person's line are farmd's to get.
void StripEvidence(Bundle& line) {
  if (!line.certificate && !line.public_key) return;
  line.timestamp.reset();
  line.log_entry.reset();
}

std::set<std::string> AuditorsOf(const ReleaseState& state) {
  std::set<std::string> auditors;
  for (const auto& [key, line] : state.approvals) auditors.insert(line.note);
  return auditors;
}

}  // namespace

struct Releases::State {
  State(ReleasesOptions given, World given_world, Ledger& given_ledger, BlobStore& given_store,
        std::unique_ptr<Book> given_book)
      : options(std::move(given)),
        world(given_world),
        ledger(given_ledger),
        store(given_store),
        book(std::move(given_book)),
        events(given_ledger.epoch(), given_world.clock),
        history(options.rules.root),
        published(given_world.files, given_store, options.published),
        calls(given_world.sites, given_world.steady, options.site_threads,
              SiteCallListener{
                  [this](const std::string& id) { Announce(id); },
                  [this](const std::string& id) { Touch(id); },
                  [this](const std::string& id, const std::string& site, std::string_view text) {
                    events.Add(id, SiteLog{site, std::string(text)});
                  }}) {}

  void Touch(const std::string& id);
  void Announce(const std::string& id);
  ReleaseView View(const std::string& id, const ReleaseState& release) const;
  bool DriveOnce();
  bool Drive(const std::string& id);
  bool Rebuild();
  bool AddRebuilt(const std::string& id, const std::string& kind, const RebuiltFacts& facts,
                  const std::string& payload);
  void Loop();
  Result<std::vector<NewEffect>> SubmitRows(const Submission& submission, const Request& request,
                                            const AdmittedManifest& admitted,
                                            const ReleaseState& now, bool& already_there) const;
  Status CheckVersionFree(const AdmittedManifest& admitted) const;

  const ReleasesOptions options;
  World world;
  Ledger& ledger;
  BlobStore& store;
  const std::unique_ptr<Book> book;
  Events events;
  History history;  // of the driving thread
  bool rebuilt = false;
  std::int64_t rebuild_due = 0;
  PublishedTree published;

  mutable Mutex mutex;
  std::condition_variable woken;
  std::map<std::string, Memory> memories GUARDED_BY(mutex);
  std::map<std::string, ReleaseView> announced GUARDED_BY(mutex);
  bool stopping GUARDED_BY(mutex) = false;
  bool poked GUARDED_BY(mutex) = false;

  SiteCalls calls;  // after everything that its threads touch
  std::thread thread;
};

ReleaseView Releases::State::View(const std::string& id, const ReleaseState& release) const {
  ReleaseView view = ViewOf(id, release);
  const RoundState& round = release.Current();
  for (const std::string& site : round.sites) {
    const auto record = round.records.find(site);
    if (record == round.records.end()) {
      view.sites.push_back(calls.View({id, release.round, site}));
      continue;
    }
    SiteView done;
    done.id = site;
    done.stage = record->second.succeeded ? SiteStage::kSucceeded : SiteStage::kFailed;
    view.sites.push_back(std::move(done));
  }
  return view;
}

void Releases::State::Announce(const std::string& id) {
  const auto release = book->Find(id);
  if (!release) return;
  ReleaseView view = View(id, *release);
  {
    MutexLock lock(mutex);
    const auto [last, fresh] = announced.try_emplace(id, view);
    if (!fresh && last->second == view) return;
    last->second = view;
  }
  if (options.on_change) options.on_change(view);
  events.Add(id, std::move(view));
}

void Releases::State::Touch(const std::string& id) {
  Announce(id);
  MutexLock lock(mutex);
  memories[id].touched = true;
  poked = true;
  woken.notify_all();
}

bool Releases::State::AddRebuilt(const std::string& id, const std::string& kind,
                                 const RebuiltFacts& facts, const std::string& payload) {
  bool added = false;
  const auto updated = book->Update(id, [&](const ReleaseState& now) {
    std::vector<NewEffect> effects;
    // A release or dissent that the rows know of goes its own way.
    if (!now.release.signed_line && !now.dissent.signed_line && !now.rebuilt_release &&
        !now.rebuilt_dissent) {
      effects.push_back({kind, "", WriteRebuiltFacts(facts), payload});
      added = true;
    }
    return Result<std::vector<NewEffect>>(std::move(effects));
  });
  if (added) Touch(id);
  return updated && added;
}

// What the log says and the rows do not: the database was deleted, or another farmd was here.
bool Releases::State::Rebuild() {
  if (const Status status = history.Refresh(world.notary); !status) {
    rebuild_due = world.steady.Now() + kRetrySecondsMax;
    return false;
  }
  rebuilt = true;
  bool any = false;
  for (const auto& [product_version, release] : history.releases()) {
    const auto view = ViewManifest(release.statement.manifest);
    if (!view) continue;
    RebuiltFacts facts;
    facts.submitted = {view->product, view->version, view->revision, "", release.statement.created};
    facts.manifest = view->digest;
    facts.sequence = release.statement.sequence;
    facts.log_index = release.index;
    facts.artifacts = release.statement.artifacts;
    const std::string id = ReleaseId(view->product, view->version, view->revision, view->digest);
    any |= AddRebuilt(id, "log.release", facts, WriteStatement(release.statement));
  }
  for (const auto& dissent : history.dissents()) {
    // The id needs the revision, which stands in the manifest; without it Submit's own look into
    // the log still refuses it.
    const auto manifest = store.GetBytes(dissent.statement.manifest, kManifestBytesMax);
    if (!manifest) continue;
    const auto view = ViewManifest(*manifest);
    if (!view) continue;
    RebuiltFacts facts;
    facts.submitted = {view->product, view->version, view->revision, "", dissent.statement.created};
    facts.manifest = view->digest;
    facts.log_index = dissent.index;
    facts.summary = dissent.statement.summary;
    const std::string id = ReleaseId(view->product, view->version, view->revision, view->digest);
    any |= AddRebuilt(id, "log.dissent", facts, WriteStatement(dissent.statement));
  }
  return any;
}

bool Releases::State::Drive(const std::string& id) {
  const auto before = book->Find(id);
  {
    MutexLock lock(mutex);
    Memory& memory = memories[id];
    const bool due = memory.touched || (memory.failures > 0 && memory.due <= world.steady.Now());
    if (!due && !calls.HasWork(id)) return false;
    memory.touched = false;
  }
  AdvanceContext context{options.rules,     world, ledger, *book, store, calls, history, published,
                         options.check_disk};
  Advance advance(context, id);
  auto waits = advance.Run();
  {
    MutexLock lock(mutex);
    Memory& memory = memories[id];
    if (waits) {
      memory.waits = *std::move(waits);
      memory.failures = 0;
    } else {
      memory.waits = {waits.error().message};
      memory.due = world.steady.Now() +
                   std::min<std::int64_t>(std::int64_t{1} << std::min(memory.failures, 10),
                                          kRetrySecondsMax);
      ++memory.failures;
    }
  }
  if (ledger.broken() && options.on_broken) {
    options.on_broken(Error{ErrorCode::kUnavailable,
                            "the database cannot be written; nothing goes on before somebody has "
                            "looked at the disk and started farmd again"});
  }
  Announce(id);
  const auto after = book->Find(id);
  return after && before && after->stage() != before->stage();
}

bool Releases::State::DriveOnce() {
  bool moved = false;
  if (!rebuilt && rebuild_due <= world.steady.Now()) moved |= Rebuild();
  for (const std::string& id : book->Open()) {
    {
      MutexLock lock(mutex);
      if (stopping) return false;
    }
    if (!ledger.broken()) moved |= Drive(id);
  }
  return moved;
}

void Releases::State::Loop() {
  for (;;) {
    {
      MutexLock lock(mutex);
      if (!poked && !stopping) lock.WaitFor(woken, kLookAgain);
      poked = false;
      if (stopping) return;
    }
    DriveOnce();
  }
}

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
                               request.requester, world.clock.Now()};
    effects.push_back({"submitted", "", WriteSubmittedFacts(facts), submission.manifest});
    effects.push_back({"lock", "", "", submission.lock});
    effects.push_back({"request.signed", "", request.requester, submission.request_line});
    if (!submission.text.empty()) effects.push_back({"text", "", "", submission.text});
    return effects;
  }
  already_there = true;
  if (now.stop) {
    if (now.stop->exit == ExitCode::kDissent) {
      return Error{ErrorCode::kMismatch, now.stop->message, ExitCode::kDissent};
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
  ASSIGN_OR_RETURN(std::unique_ptr<Book> book, Book::Read(ledger));
  return std::unique_ptr<Releases>(new Releases(
      std::make_unique<State>(std::move(options), world, ledger, store, std::move(book))));
}

Releases::~Releases() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->woken.notify_all();
  }
  state_->events.Close();
  if (state_->thread.joinable()) state_->thread.join();
}

void Releases::Start() {
  CHECK(!state_->thread.joinable());
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
}

bool Releases::DriveOnce() { return state_->DriveOnce(); }

Result<SubmitOutcome> Releases::Submit(const Submission& submission) {
  State& state = *state_;
  const Rules& rules = state.options.rules;
  if (submission.text.size() > kTextBytesMax) {
    return Error{ErrorCode::kLimitExceeded, "the manifest's text is too long"};
  }
  ASSIGN_OR_RETURN(const AdmittedManifest admitted, AdmitManifest(submission.manifest, rules));
  ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(submission.request_line, "request line"));
  StripEvidence(line);
  ASSIGN_OR_RETURN(const Request request,
                   AdmitRequest(line, admitted, rules, state.world.clock.Now()));
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
  state.Touch(admitted.id);
  return outcome;
}

Result<std::int64_t> Releases::Approve(const std::string& manifest, const std::string& text) {
  State& state = *state_;
  ASSIGN_OR_RETURN(const AdmittedManifest admitted, AdmitManifest(manifest, state.options.rules));
  ASSIGN_OR_RETURN(Bundle line, ParseBundleLine(text, "approval line"));
  StripEvidence(line);
  ASSIGN_OR_RETURN(const Approval approval,
                   AdmitApproval(line, admitted, state.options.rules, state.world.clock.Now()));
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
  state.Touch(admitted.id);
  return static_cast<std::int64_t>(AuditorsOf(after).size());
}

Result<ReleaseView> Releases::Get(const std::string& id) const {
  const auto release = state_->book->Find(id);
  if (!release || release->stage() == Stage::kUnknown) {
    return Error{ErrorCode::kNotFound,
                 "no release \"" + Printable(id, 256) + "\"; farm list shows them"};
  }
  return state_->View(id, *release);
}

std::vector<ReleaseView> Releases::List(const std::string& product) const {
  std::vector<ReleaseView> views;
  for (const auto& [id, release] : state_->book->All()) {
    if (release.stage() == Stage::kUnknown) continue;
    ReleaseView view = state_->View(id, release);
    if (product.empty() || view.product == product) views.push_back(std::move(view));
  }
  std::ranges::stable_sort(views, std::ranges::greater(), &ReleaseView::created);
  return views;
}

Result<WhyView> Releases::Why(const std::string& id) const {
  ASSIGN_OR_RETURN(ReleaseView view, Get(id));
  std::vector<std::string> waits;
  {
    MutexLock lock(state_->mutex);
    if (const auto found = state_->memories.find(id); found != state_->memories.end()) {
      waits = found->second.waits;
    }
  }
  const auto release = state_->book->Find(id);
  std::vector<std::string> reasons = ReasonsOf(*release, view, waits, state_->ledger);
  return WhyView{std::move(view), std::move(reasons)};
}

Result<ReleaseView> Releases::Cancel(const std::string& id) {
  RETURN_IF_ERROR(Get(id));
  const auto too_late = [&](std::string_view what) {
    return Error{ErrorCode::kMismatch, id + " cannot be cancelled: " + std::string(what),
                 ExitCode::kRefused};
  };
  RETURN_IF_ERROR(
      state_->book->Update(id, [&](const ReleaseState& now) -> Result<std::vector<NewEffect>> {
        if (now.stage() == Stage::kCancelled) return std::vector<NewEffect>();
        if (IsEnd(now.stage())) return too_late("it has ended: " + std::string(Name(now.stage())));
        if (now.Current().deciding || now.release.signed_line) {
          return too_late("the signer has been asked, and what it signs stays signed");
        }
        const StopFacts facts{StopCause::kCancelled, ExitCode::kCancelled, "cancelled"};
        return std::vector<NewEffect>{
            {"stopped", std::to_string(now.stops + 1), WriteStopFacts(facts), ""}};
      }));
  state_->calls.Forget(id);
  state_->Touch(id);
  return Get(id);
}

Result<std::vector<ReleaseEvent>> Releases::Watch(const std::string& id, std::uint64_t after,
                                                  std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(ReleaseView view, Get(id));
  const std::uint64_t first_of_start = state_->ledger.epoch() << 20;
  if (after + 1 < first_of_start) {
    // Whoever begins, or comes from before a restart, sees how it stands, whatever was forgotten.
    std::vector<ReleaseEvent> events = state_->events.Take(id, after, std::chrono::milliseconds(0));
    const std::uint64_t first = events.empty() ? state_->events.next() : events.front().number;
    events.insert(events.begin(),
                  ReleaseEvent{first - 1, state_->world.clock.Now(), std::move(view)});
    return events;
  }
  return state_->events.Take(id, after, patience);
}

void Releases::CloseWatches() { state_->events.Close(); }

std::int64_t Releases::ApprovalsOf(const std::string& id) const {
  const auto release = state_->book->Find(id);
  return release ? static_cast<std::int64_t>(AuditorsOf(*release).size()) : 0;
}

const Rules& Releases::rules() const { return state_->options.rules; }

std::vector<std::pair<Stage, std::int64_t>> Releases::CountStages() const {
  std::map<Stage, std::int64_t> counts;
  for (const auto& [id, release] : state_->book->All()) ++counts[release.stage()];
  counts.erase(Stage::kUnknown);
  return {counts.begin(), counts.end()};
}

}  // namespace farm
