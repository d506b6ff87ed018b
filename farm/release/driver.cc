#include "farm/release/driver.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "farm/manifest/manifest.h"
#include "farm/release/advance.h"

namespace farm {
namespace {

constexpr std::chrono::milliseconds kLookAgain{500};  // for retries whose time has come

}  // namespace

Driver::Driver(ReleasesOptions options, World world, Ledger& ledger, BlobStore& store, Book& book)
    : options_(std::move(options)),
      world_(world),
      ledger_(ledger),
      store_(store),
      book_(book),
      events_(ledger.epoch(), world.clock),
      history_(options_.rules.root),
      published_(world.files, store, options_.published),
      calls_(world.sites, world.steady, options_.site_threads,
             SiteCallListener{
                 [this](const std::string& id) { Announce(id); },
                 [this](const std::string& id) { Touch(id); },
                 [this](const std::string& id, const std::string& site, std::string_view text) {
                   events_.Add(id, SiteLog{site, std::string(text)});
                 }}) {}

Driver::~Driver() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    woken_.notify_all();
  }
  events_.Close();
  if (thread_.joinable()) thread_.join();
}

void Driver::Start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Loop(); });
}

std::vector<std::string> Driver::WaitsOf(const std::string& id) const {
  MutexLock lock(mutex_);
  const auto found = memories_.find(id);
  return found == memories_.end() ? std::vector<std::string>() : found->second.waits;
}

ReleaseView Driver::View(const std::string& id, const ReleaseState& release) const {
  ReleaseView view = ViewOf(id, release);
  const RoundState& round = release.Current();
  for (const std::string& site : round.sites) {
    const auto record = round.records.find(site);
    if (record == round.records.end()) {
      view.sites.push_back(calls_.View({id, release.round, site}));
      continue;
    }
    SiteView done;
    done.id = site;
    done.stage = record->second.succeeded ? SiteStage::kSucceeded : SiteStage::kFailed;
    view.sites.push_back(std::move(done));
  }
  return view;
}

void Driver::Announce(const std::string& id) {
  const auto release = book_.Find(id);
  if (!release) return;
  ReleaseView view = View(id, *release);
  if (view.stage == Stage::kUnknown) return;  // approvals that wait for a request
  {
    MutexLock lock(mutex_);
    const auto [last, fresh] = announced_.try_emplace(id, view);
    if (!fresh && last->second == view) return;
    last->second = view;
  }
  if (options_.on_change) options_.on_change(view);
  events_.Add(id, std::move(view));
}

void Driver::Touch(const std::string& id) {
  Announce(id);
  MutexLock lock(mutex_);
  memories_[id].touched = true;
  poked_ = true;
  woken_.notify_all();
}

bool Driver::AddRebuilt(const ManifestView& view, const std::string& kind, RebuiltFacts facts,
                        const std::string& payload) {
  const std::string id = ReleaseId(view);
  facts.submitted.product = view.product;
  facts.submitted.version = view.version;
  facts.submitted.revision = view.revision;
  facts.manifest = view.digest;
  bool added = false;
  const auto updated = book_.Update(id, [&](const ReleaseState& now) {
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

// It is released if the published tree holds it; a mirror may have brought it back since last time.
bool Driver::RebuildRelease(const InLog<Release>& release) {
  const auto view = ViewManifest(release.statement.manifest);
  if (!view) return false;
  RebuiltFacts facts;
  facts.submitted.created = release.statement.created;
  facts.sequence = release.statement.sequence;
  facts.log_index = release.index;
  facts.artifacts = release.statement.artifacts;
  const bool added =
      AddRebuilt(*view, "log.release", std::move(facts), WriteStatement(release.statement));
  const std::string id = ReleaseId(*view);
  const auto state = book_.Find(id);
  if (!state || !state->rebuilt_release || state->done) return added;
  if (!published_.Holds(release.statement, release.digest)) return added;
  const auto done = book_.Update(id, [](const ReleaseState&) {
    return Result<std::vector<NewEffect>>(std::vector<NewEffect>{{"done", "", "", ""}});
  });
  if (done) Touch(id);
  return true;
}

// What the log says and the rows do not: the database was deleted, or another farmd was here.
bool Driver::Rebuild() {
  if (const Status status = history_.Refresh(world_.notary); !status) {
    rebuild_due_ = world_.steady.Now() + kRetrySecondsMax;
    return false;
  }
  rebuilt_ = true;
  bool any = false;
  for (const auto& [product_version, release] : history_.releases()) any |= RebuildRelease(release);
  for (const auto& dissent : history_.dissents()) {
    // The id needs the revision, which stands in the manifest; without it Submit's own look into
    // the log still refuses it.
    const auto manifest = store_.GetBytes(dissent.statement.manifest, kManifestBytesMax);
    if (!manifest) continue;
    const auto view = ViewManifest(*manifest);
    if (!view) continue;
    RebuiltFacts facts;
    facts.submitted.created = dissent.statement.created;
    facts.log_index = dissent.index;
    facts.summary = dissent.statement.summary;
    any |= AddRebuilt(*view, "log.dissent", std::move(facts), WriteStatement(dissent.statement));
  }
  return any;
}

void Driver::Remember(const std::string& id, Result<std::vector<std::string>> waits) {
  MutexLock lock(mutex_);
  Memory& memory = memories_[id];
  if (waits) {
    memory.waits = *std::move(waits);
    memory.failures = 0;
    return;
  }
  memory.waits = {waits.error().message};
  memory.due =
      world_.steady.Now() +
      std::min<std::int64_t>(std::int64_t{1} << std::min(memory.failures, 10), kRetrySecondsMax);
  ++memory.failures;
}

bool Driver::Drive(const std::string& id) {
  const auto before = book_.Find(id);
  {
    MutexLock lock(mutex_);
    Memory& memory = memories_[id];
    const bool due = memory.touched || (memory.failures > 0 && memory.due <= world_.steady.Now());
    if (!due && !calls_.HasWork(id)) return false;
    memory.touched = false;
  }
  AdvanceContext context{options_.rules, world_,     ledger_,
                         book_,          store_,     calls_,
                         history_,       published_, options_.check_disk};
  Advance advance(context, id);
  Remember(id, advance.Run());
  if (ledger_.broken() && options_.on_broken) {
    options_.on_broken(Error{ErrorCode::kUnavailable,
                             "the database cannot be written; nothing goes on before somebody has "
                             "looked at the disk and started farmd again"});
  }
  Announce(id);
  const auto after = book_.Find(id);
  return after && before && after->stage() != before->stage();
}

bool Driver::DriveOnce() {
  bool moved = false;
  if (!rebuilt_ && rebuild_due_ <= world_.steady.Now()) moved |= Rebuild();
  for (const std::string& id : book_.Open()) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return false;
    }
    if (!ledger_.broken()) moved |= Drive(id);
  }
  return moved;
}

void Driver::Loop() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!poked_ && !stopping_) lock.WaitFor(woken_, kLookAgain);
      poked_ = false;
      if (stopping_) return;
    }
    DriveOnce();
  }
}

}  // namespace farm
