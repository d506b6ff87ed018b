#include "farm/site/site.h"

#include <optional>
#include <utility>

#include "farm/base/files.h"
#include "farm/provenance/provenance.h"

namespace farm {
namespace {

Error StoppedError() {
  return Error{ErrorCode::kUnavailable, "the site is stopping; ask again later",
               ExitCode::kCancelled};
}

// Passes on what a plan does.
class PlanEvents final : public EventSink {
 public:
  explicit PlanEvents(BuildEvents& events) : events_(events) {}
  void ActionStarted(const Action& action, std::size_t number, std::size_t total) override {
    total_ = static_cast<int>(total);
    events_.Phase({"action", static_cast<int>(number) - 1, total_, action.step});
  }
  void Log(const Action&, std::string_view bytes) override { events_.Log(bytes); }
  void ActionEnded(const Action& action, const ActionResult& result) override {
    ++done_;
    events_.Phase(
        {"action", done_, total_,
         action.step + (result.end == ActionEnd::kSucceeded ? ": done" : ": " + result.reason)});
  }

 private:
  BuildEvents& events_;
  int done_ = 0;
  int total_ = 0;
};

Status CheckLimits(bool kernel_limits, const TrustRoot& root) {
  if (kernel_limits || root.development) return {};
  return Error{ErrorCode::kUntrusted,
               "this site is configured with \"limits\": \"observed\", and its trust root is not a "
               "development root; set \"limits\": \"kernel\" and start it under the root monitor",
               ExitCode::kJurisdiction};
}

// A root that is another than was approved is no ground for a build.
Status CheckRoot(const Lock& lock, const ReadyRoot& root) {
  if (root.root_tar == lock.root_tar && root.image_digest == lock.image) return {};
  return Error{ErrorCode::kMismatch,
               "the root assembled here has root tar " + root.root_tar.Text() + " and image " +
                   root.image_digest.Text() + ", the lock says " + lock.root_tar.Text() + " and " +
                   lock.image.Text(),
               ExitCode::kInputMissing};
}

}  // namespace

Site::Site(SiteParts parts) : parts_(std::move(parts)) {}

Site::~Site() { Stop(); }

bool Site::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

void Site::ForgetEnded() {
  for (auto running = running_.begin(); running != running_.end();) {
    if (!running->second.ended) {
      ++running;
      continue;
    }
    running->second.thread.join();  // it has left Run already
    running = running_.erase(running);
  }
}

void Site::Stop() {
  std::map<Digest, Running> running;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    running.swap(running_);
  }
  for (auto& [intent, build] : running) build.thread.join();
}

Result<std::shared_ptr<BuildEvents>> Site::Build(const BuildQuestion& question) {
  RETURN_IF_ERROR(parts_.journal.AdmitEpoch(question.epoch, parts_.clock.Now()));
  ASSIGN_OR_RETURN(const Bundle intent_line, ParseBundleLine(question.intent_line, "intent line"));
  const Digest intent = intent_line.PaeDigest();
  MutexLock lock(mutex_);
  if (stopping_) return StoppedError();
  ForgetEnded();
  if (const auto found = running_.find(intent); found != running_.end()) {
    return found->second.events;
  }
  if (running_.size() == kBuildsMax) {
    return Error{ErrorCode::kUnavailable, "this site has " + std::to_string(kBuildsMax) +
                                              " builds waiting already; ask again later"};
  }
  Running& build = running_[intent];
  build.events = std::make_shared<BuildEvents>();
  build.thread = std::thread(
      [this, question, intent, events = build.events] { Run(question, intent, *events); });
  return build.events;
}

void Site::Run(const BuildQuestion& question, const Digest& intent, BuildEvents& events) {
  Result<std::string> line = MakeLine(question, intent, events);
  {
    // Before the end is told: who hears of it and asks again must not join what is over.
    MutexLock lock(mutex_);
    const auto found = running_.find(intent);
    if (found != running_.end()) found->second.ended = true;
  }
  events.End(std::move(line));
}

Result<std::string> Site::MakeLine(const BuildQuestion& question, const Digest& intent,
                                   BuildEvents& events) {
  events.Phase({"checking", 0, 0, ""});
  ASSIGN_OR_RETURN(std::optional<KeptRecord> kept, parts_.journal.Find(intent));
  if (kept && kept->logged) return kept->line;
  MutexLock turn(building_);
  if (stopping()) return StoppedError();
  if (!kept) {
    ASSIGN_OR_RETURN(const SiteRules rules, ReadRules());
    ASSIGN_OR_RETURN(const Admitted admitted, Admit(question, rules));
    RETURN_IF_ERROR(CheckLimits(parts_.kernel_limits, rules.root));
    RETURN_IF_ERROR(CheckInputs(admitted, parts_.blobs));
    ASSIGN_OR_RETURN(const Record record, BuildRecord(admitted, rules, events));
    ASSIGN_OR_RETURN(Bundle signed_record, SignStatement(record, parts_.signer));
    RETURN_IF_ERROR(parts_.journal.KeepSigned(intent, signed_record));
    kept = KeptRecord{std::move(signed_record), "", false};
  }
  events.Phase({"record", 0, 0, "time stamp and log"});
  return Publish(*std::move(kept), intent, question);
}

Result<SiteRules> Site::ReadRules() {
  ASSIGN_OR_RETURN(const std::string root_bytes, ReadFile(parts_.files.root, kTrustRootBytesMax));
  ASSIGN_OR_RETURN(TrustRoot root, ParseTrustRoot(root_bytes, parts_.files.root));
  ASSIGN_OR_RETURN(const std::string policy_bytes, ReadFile(parts_.files.policy, kPolicyBytesMax));
  ASSIGN_OR_RETURN(const Policy policy, ParsePolicy(policy_bytes, parts_.files.policy));
  return SiteRules{parts_.builder, std::move(root), policy, parts_.clock.Now()};
}

Result<Record> Site::BuildRecord(const Admitted& admitted, const SiteRules& rules,
                                 BuildEvents& events) {
  const Stopped stopped = [this] { return stopping(); };
  const int actions = static_cast<int>(admitted.plan.actions.size());
  events.Phase({"image", 0, actions, "root file system"});
  ASSIGN_OR_RETURN(const ReadyRoot root,
                   parts_.root(admitted.lock, stopped, [&](std::string_view line) {
                     events.Phase({"image", 0, actions, std::string(line)});
                   }));
  RETURN_IF_ERROR(CheckRoot(admitted.lock, root));
  ASSIGN_OR_RETURN(auto programs, parts_.programs());

  const UnixSeconds started = parts_.clock.Now();
  const std::unique_ptr<Executor> executor = parts_.executor(root);
  PlanEvents plan_events(events);
  ASSIGN_OR_RETURN(
      const BuildOutcome outcome,
      RunPlan(admitted.plan, *executor, ExecuteContext{parts_.blobs, stopped}, plan_events));
  if (outcome.result == BuildResult::kFailed) {
    events.Log("\n" + outcome.failed_step + " failed: " + outcome.reason + "\n");
  }
  if (outcome.limits_observed && !rules.root.development) {
    return Error{ErrorCode::kInternal,
                 "the sandbox ran without limits of the kernel though they were asked for"};
  }
  std::vector<SourceTree> sources;
  for (const ManifestSource& source : admitted.manifest.sources) {
    sources.push_back({source.name, source.tree});
  }
  return MakeRecord(admitted.plan, outcome,
                    RecordFacts{.builder = parts_.builder,
                                .intent = admitted.intent.digest(),
                                .root_tar = root.root_tar,
                                .image = root.image_digest,
                                .programs = std::move(programs),
                                .sources = std::move(sources),
                                .started = started,
                                .finished = parts_.clock.Now()});
}

Result<std::string> Site::Publish(KeptRecord kept, const Digest& intent,
                                  const BuildQuestion& question) {
  if (stopping()) return StoppedError();
  if (!kept.bundle.timestamp && kept.bundle.certificate &&
      parts_.clock.Now() > kept.bundle.certificate->not_after()) {
    // No time stamp could say any more that it was signed while its leaf was valid.  Nobody has
    // seen this signature: a stamped record would be kept as such.  The same payload, a new leaf.
    ASSIGN_OR_RETURN(const Record record,
                     ParseStatementAs<Record>(kept.bundle.envelope.payload, "kept record"));
    ASSIGN_OR_RETURN(kept.bundle, SignStatement(record, parts_.signer));
    RETURN_IF_ERROR(parts_.journal.KeepSigned(intent, kept.bundle));
  }
  ASSIGN_OR_RETURN(const SiteRules rules, ReadRules());
  ASSIGN_OR_RETURN(const Bundle intent_line, ParseBundleLine(question.intent_line, "intent line"));
  const UnixSeconds asked = parts_.clock.Now();
  const auto keep = [&](const Bundle& stamped) -> Status {
    RETURN_IF_ERROR(CheckNewToken(stamped, {asked, parts_.clock.Now(), &intent_line}, rules.root,
                                  rules.policy));
    return parts_.journal.KeepStamped(intent, stamped);
  };
  ASSIGN_OR_RETURN(const Bundle logged,
                   parts_.publish({std::move(kept.bundle), question.epoch, keep, rules.root}));
  RETURN_IF_ERROR(CheckNewEntry(logged, parts_.clock.Now(), rules.root, rules.policy));
  RETURN_IF_ERROR(parts_.journal.KeepLogged(intent, logged));
  return WriteBundleLine(logged);
}

}  // namespace farm
