#include "farm/replay/replay.h"

#include <algorithm>

#include "farm/base/bytes.h"
#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/evidence/bundle.h"
#include "farm/evidence/trust_root.h"
#include "farm/execute/execute.h"
#include "farm/manifest/manifest.h"
#include "farm/plan/plan.h"
#include "farm/replay/kit.h"
#include "farm/store/blob_store.h"
#include "farm/toolchain/assemble.h"
#include "farm/toolchain/lock.h"

namespace farm {
namespace {

// A replay that cannot go on: how it ends.
struct Stop {
  ReplayVerdictKind verdict;
  ExitCode exit;
  std::string reason;
};

Stop Inconclusive(std::string reason) {
  return {ReplayVerdictKind::kInconclusive, ExitCode::kReplayInconclusive, std::move(reason)};
}
Stop Refused(const Error& error) {
  return {ReplayVerdictKind::kInconclusive, error.Exit(), error.message};
}

Status CopyBlob(const BlobStore& blobs, const Digest& digest, const std::string& path) {
  ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, RealFileSystem().Create(path, true));
  RETURN_IF_ERROR(blobs.Get(digest, [&](std::string_view piece) { return file->Append(piece); }));
  return file->Sync();
}

// True if a difference may come from how the root file system was shown: as a directory here, as an
// image at every site.  The other way round nothing is excused, for the sites' word cannot be
// checked.
bool OtherBackend(const ReplaySetup& setup, const ReplayReport& report) {
  if (setup.image) return false;
  const auto as_image = [](const Record& record) {
    return WordOf(record.sandbox, "root_backend") == "image";
  };
  return !report.judgement.records.empty() &&
         std::all_of(report.judgement.records.begin(), report.judgement.records.end(), as_image);
}

// Tells the caller what the build does.
class ProgressEvents final : public EventSink {
 public:
  explicit ProgressEvents(const ReplayProgress& progress) : progress_(progress) {}
  void ActionStarted(const Action& action, std::size_t number, std::size_t total) override {
    progress_("action " + std::to_string(number) + "/" + std::to_string(total) + "  " +
              action.step);
  }
  void Log(const Action&, std::string_view) override {}
  void ActionEnded(const Action& action, const ActionResult& result) override {
    if (result.end != ActionEnd::kSucceeded) progress_(action.step + ": " + result.reason);
  }

 private:
  const ReplayProgress& progress_;
};

// One replay under way.
class ReplayRun {
 public:
  ReplayRun(const ReplaySetup& setup, const Clock& clock, const ReplayProgress& progress,
            ReplayReport& report)
      : setup_(setup), clock_(clock), progress_(progress), report_(report) {}

  std::optional<Stop> Run();

 private:
  std::optional<Stop> OpenKit();
  std::optional<Stop> JudgeEvidence();
  std::optional<Stop> AssembleToolchain();
  std::optional<Stop> Build();
  std::optional<Stop> Compare(const BuildOutcome& outcome);

  const ReplaySetup& setup_;
  const Clock& clock_;
  const ReplayProgress& progress_;
  ReplayReport& report_;
  std::unique_ptr<BlobStore> blobs_;
  std::optional<Kit> kit_;
  Manifest manifest_;
  Lock lock_;
  Assembled assembled_;
};

std::optional<Stop> ReplayRun::OpenKit() {
  progress_("reading " + setup_.kit);
  if (const Status made = MakeDirectories(setup_.directory, 0755); !made)
    return Refused(made.error());
  auto blobs = BlobStore::Open(RealFileSystem(), JoinPath(setup_.directory, "store"));
  if (!blobs) return Refused(blobs.error());
  blobs_ = std::move(*blobs);
  auto kit = ReadKit(setup_.kit, *blobs_);
  if (!kit) return Refused(Wrap(setup_.kit, kit.error()));
  kit_ = std::move(*kit);
  report_.kit = kit_->digest;
  for (const std::string& name : kit_->other_texts) {
    report_.notes.push_back(name + " differs from what this version writes; it is not used here");
  }
  // ReadKit has parsed both.
  manifest_ = ParseManifestJson(kit_->input.manifest).value();
  lock_ = ParseLockJson(kit_->input.lock).value();
  report_.manifest = Sha256(kit_->input.manifest);
  report_.lock = LockDigest(lock_);
  report_.product = manifest_.product;
  report_.version = manifest_.version;
  return std::nullopt;
}

// By the regulator's own root and policy; the root in the kit is not looked at.
std::optional<Stop> ReplayRun::JudgeEvidence() {
  progress_("judging the evidence");
  auto lines = ParseBundleFile(kit_->input.bundle_file, "evidence/release.sigstore.jsonl");
  if (!lines) return Refused(lines.error());
  auto root = ParseTrustRoot(setup_.root, "root.json");
  if (!root) return Refused(root.error());
  auto policy = ParsePolicy(setup_.policy, "policy.json");
  if (!policy) return Refused(policy.error());
  report_.release = lines->front().PaeDigest();
  const auto release =
      ParseStatementAs<Release>(lines->front().envelope.payload, "the first line of the evidence");
  if (!release) return Refused(release.error());
  std::vector<ReleaseFile> files;
  for (const Artifact& artifact : release->artifacts) {
    files.push_back({artifact.name, artifact.digest, artifact.size});
    report_.artifacts.push_back({artifact, false, {}});
  }
  VerdictInput input{.file_name = {},
                     .file_digest = {},
                     .file_size = 0,
                     .lines = std::move(*lines),
                     .root = std::move(*root),
                     // Whether it may be installed today, a status says; what it was built from
                     // does not change, and replays cannot wait for replays.
                     .policy = WithoutLaterDemands(*policy),
                     .at = clock_.Now(),
                     .product = {},
                     .version = {},
                     .allow_development_root = setup_.allow_development_root,
                     .newest_root_version = {},
                     .newest_sequence = {},
                     .allow_older = false};
  report_.judgement = JudgeRelease(input, files);
  // No file was looked at: whether these are the artifacts is what Compare finds out.
  std::erase_if(report_.judgement.rules,
                [](const RuleOutcome& rule) { return rule.rule == "artifact" && rule.held; });
  if (report_.judgement.proved()) {
    // The judgement is about the manifest inside the release: the kit's must be that one.
    if (release->manifest == kit_->input.manifest) return std::nullopt;
    return Stop{ReplayVerdictKind::kInconclusive, ExitCode::kInputMissing,
                "manifest.json is another manifest than the release's"};
  }
  std::string reason = "the evidence does not hold";
  for (const RuleOutcome& rule : report_.judgement.rules) {
    if (!rule.held && !rule.warning) {
      reason += "; " + rule.rule + ": expected " + rule.expected + ", found " + rule.found;
      break;
    }
  }
  return Stop{ReplayVerdictKind::kInconclusive, report_.judgement.exit, reason};
}

std::optional<Stop> ReplayRun::AssembleToolchain() {
  progress_("assembling the root file system (" + std::to_string(lock_.packages.size()) +
            " packages)");
  AssembleRequest request;
  request.lock = lock_;
  for (const LockedPackage& package : lock_.packages) {
    request.packages[package.sha256] = blobs_->PathOf(package.sha256);
  }
  request.directory = JoinPath(setup_.directory, "toolchain");
  request.keeps = {.tar = false, .image = setup_.image, .tree = !setup_.image};
  AssemblySandbox sandbox;
  sandbox.launcher = setup_.launcher;
  sandbox.subid_base = setup_.subid_base;
  sandbox.subid_count = setup_.subid_count;
  auto found = FindAssembled(lock_, request.directory, request.keeps, sandbox);
  if (!found) {
    if (const Status removed = RemoveAssembled(request.directory, sandbox); !removed) {
      return Inconclusive(removed.error().message);
    }
    found = AssembleRoot(request, sandbox, progress_);
  }
  if (!found) {
    // Every package was right, so another root means another assembler here, not another release.
    return Inconclusive(found.error().message);
  }
  assembled_ = *found;
  return std::nullopt;
}

std::optional<Stop> ReplayRun::Build() {
  const std::string scratch = JoinPath(setup_.directory, "scratch");
  if (const Status made = MakeDirectories(scratch, 0755); !made) return Refused(made.error());
  SandboxSetup sandbox;
  sandbox.launcher = setup_.launcher;
  sandbox.check_program = setup_.check_program;
  sandbox.root_image = assembled_.image_path;
  sandbox.root_directory = setup_.image ? "" : assembled_.tree_path;
  if (!setup_.image) sandbox.root_image.clear();
  sandbox.subid_base = setup_.subid_base;
  sandbox.subid_count = setup_.subid_count;
  sandbox.scratch_directory = scratch;
  auto plan = MakePlan(manifest_, report_.manifest, report_.lock);
  if (!plan) return Refused(plan.error());
  const std::unique_ptr<Executor> executor = NewLocalExecutor(sandbox);
  ProgressEvents events(progress_);
  auto outcome = RunPlan(*plan, *executor, ExecuteContext{*blobs_, {}}, events);
  if (!outcome) {
    if (outcome.error().code == ErrorCode::kMismatch) return Refused(outcome.error());
    return Inconclusive(outcome.error().message);
  }
  report_.sandbox = outcome->sandbox;
  report_.trace = outcome->trace;
  return Compare(*outcome);
}

std::optional<Stop> ReplayRun::Compare(const BuildOutcome& outcome) {
  if (outcome.result != BuildResult::kSucceeded) {
    if (outcome.failed_end != ActionEnd::kFailed) {
      return Inconclusive("step " + outcome.failed_step + " could not be carried out here: " +
                          outcome.reason + "; give it more room or time, then try again");
    }
    return Stop{ReplayVerdictKind::kMismatch, ExitCode::kReplayMismatch,
                "step " + outcome.failed_step + " fails here: " + outcome.reason};
  }
  const std::string rebuilt = JoinPath(setup_.directory, "rebuilt");
  if (const Status made = MakeDirectories(rebuilt, 0755); !made) return Refused(made.error());
  std::size_t equal = 0;
  for (ReplayedArtifact& artifact : report_.artifacts) {
    const auto here =
        std::find_if(outcome.artifacts.begin(), outcome.artifacts.end(),
                     [&](const Artifact& one) { return one.name == artifact.released.name; });
    if (here == outcome.artifacts.end()) continue;
    artifact.rebuilt = true;
    artifact.here = *here;
    equal += artifact.equal() ? 1 : 0;
    // For whoever wants to look at a difference with his own tools.
    const Status copied = CopyBlob(*blobs_, here->digest, JoinPath(rebuilt, here->name));
    if (!copied) return Refused(copied.error());
  }
  if (equal != report_.artifacts.size() && OtherBackend(setup_, report_)) {
    return Inconclusive(
        "artifacts differ, but the root file system was shown by another backend here than at any "
        "site; run farm-replay as root on a kernel that mounts EROFS images, then judge");
  }
  const std::string count =
      std::to_string(equal) + " of " + std::to_string(report_.artifacts.size()) + " artifacts";
  if (report_.artifacts.empty() || equal != report_.artifacts.size()) {
    return Stop{ReplayVerdictKind::kMismatch, ExitCode::kReplayMismatch,
                count + " are equal; compare those in " + rebuilt + " with the published ones"};
  }
  report_.reason = count + " rebuilt bit for bit from the kit";
  return std::nullopt;
}

std::optional<Stop> ReplayRun::Run() {
  if (auto stop = OpenKit()) return stop;
  if (auto stop = JudgeEvidence()) return stop;
  if (auto stop = AssembleToolchain()) return stop;
  return Build();
}

}  // namespace

std::string_view Name(ReplayVerdictKind kind) {
  switch (kind) {
    case ReplayVerdictKind::kMatch:
      return "MATCH";
    case ReplayVerdictKind::kMismatch:
      return "MISMATCH";
    case ReplayVerdictKind::kInconclusive:
      return "INCONCLUSIVE";
  }
  CHECK(false);
}

ReplayReport Replay(const ReplaySetup& setup, const Clock& clock, const ReplayProgress& progress) {
  ReplayReport report;
  report.started = clock.Now();
  const std::optional<Stop> stop = ReplayRun(setup, clock, progress, report).Run();
  if (stop) {
    report.verdict = stop->verdict;
    report.exit = stop->exit;
    report.reason = PrintableLines(stop->reason, kReasonLineMax);
  } else {
    report.verdict = ReplayVerdictKind::kMatch;
    report.exit = ExitCode::kProved;
  }
  report.finished = clock.Now();
  return report;
}

}  // namespace farm
