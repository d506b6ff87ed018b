// A site on real values: what it refuses before it builds, that it makes at most one record for an
// intent wherever it is cut off, and that it answers the same bytes for ever.
#include "farm/site/site.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "farm/base/files.h"
#include "farm/crypto/hash.h"
#include "farm/sign/signer.h"
#include "tests/support/crash_files.h"
#include "tests/support/evidence_maker.h"

namespace farm {
namespace {

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr const char* kTree = "d00fedebb845861f956a5d66a35a52e873a515bdfb14787eb12ea78cc5f69bba";
constexpr const char* kSourceBytes = "the source";
constexpr const char* kPackageBytes = "the package";

Digest D(char digit) { return Digest::ParseHex(std::string(64, digit)).value(); }

std::string LockBytes() {
  Lock lock;
  lock.requested.architecture = "amd64";
  lock.requested.source_date_epoch = 1735689600;
  lock.requested.suites = {"bookworm"};
  lock.requested.names = {"gcc"};
  lock.packages = {{"gcc", "4:12.2.0-3", "amd64", Sha256(kPackageBytes),
                    static_cast<std::int64_t>(std::string(kPackageBytes).size()),
                    "pool/main/g/gcc/gcc_12.2.0-3_amd64.deb"}};
  lock.root_tar = D('2');
  lock.image = D('3');
  lock.image_size = 4096;
  return CanonicalLockJson(lock);
}

std::string ManifestBytes(const std::string& word) {
  const std::string text = R"(product: "hello" version: "1.0" revision: 1 architecture: "amd64"
source_date_epoch: 1735689600
source { name: "hello" tree: ")" +
                           std::string(kTree) + R"("
  file { name: "hello.tar" sha256: ")" +
                           Sha256(kSourceBytes).Hex() + R"(" size: 10 }
  directory { path: "source" } }
toolchain { name: "cc" lock: ")" +
                           Sha256(LockBytes()).Text() + R"(" }
step { name: "build" input { source: "hello" at: "hello" } argv: "cc" argv: ")" +
                           word + R"("
  output: "greet" }
artifact { step: "build" path: "greet" })";
  const auto manifest = ParseManifestText(text, "test");
  if (!manifest) ADD_FAILURE() << manifest.error().message;
  return CanonicalManifest(*manifest);
}

// What the sandbox does in these tests.
struct Script {
  std::atomic<int> runs{0};
  std::string bytes = "greeting";
  ActionEnd end = ActionEnd::kSucceeded;
  bool limits_observed = true;
  bool checks_sources = true;  // the sources' trees are computed, and right
  std::optional<Error> error;  // "no sandbox here"
  bool wait_for_cancellation = false;
  // With `gated`, an action waits until Open().
  bool gated = false;
  std::mutex mutex;
  std::condition_variable opened;
  bool open = false;
  void Open() {
    std::lock_guard lock(mutex);
    open = true;
    opened.notify_all();
  }
};

class ScriptedExecutor final : public Executor {
 public:
  explicit ScriptedExecutor(Script& script) : script_(script) {}
  Result<ActionResult> Execute(const Action& action, const ExecuteContext& context,
                               EventSink& events) override {
    ++script_.runs;
    if (script_.gated) {
      std::unique_lock lock(script_.mutex);
      script_.opened.wait(lock, [&] { return script_.open; });
    }
    while (script_.wait_for_cancellation && !context.cancelled()) std::this_thread::yield();
    if (context.cancelled()) {
      return Error{ErrorCode::kUnavailable, "cancelled", ExitCode::kCancelled};
    }
    if (script_.error) return *script_.error;
    events.Log(action, "compiling\n");
    ActionResult result;
    result.end = script_.end;
    result.exit_code = script_.end == ActionEnd::kSucceeded ? 0 : 2;
    result.reason = script_.end == ActionEnd::kSucceeded ? "" : "exit code 2";
    result.limits_observed = script_.limits_observed;
    if (script_.checks_sources) result.trees = action.trees;
    if (result.end != ActionEnd::kSucceeded) return result;
    for (const std::string& path : action.outputs) {
      ASSIGN_OR_RETURN(const StoredBlob blob, context.blobs.PutBytes(script_.bytes));
      result.outputs.push_back({path, blob.digest, blob.size, "0755"});
    }
    return result;
  }

 private:
  Script& script_;
};

// One site of a farm.  Its store, journal and log survive Restart().
class World {
 public:
  World() {
    root = maker.root();
    policy = maker.policy();
    EXPECT_TRUE(blobs().PutBytes(kSourceBytes));
    EXPECT_TRUE(blobs().PutBytes(kPackageBytes));
  }

  Bundle Line(const Statement& statement, const std::string& party, UnixSeconds seconds) {
    LineDraft draft = maker.Draft(statement, party, kStart + seconds);
    if (on_draft) on_draft(draft);
    return maker.MakeLine(draft);
  }

  BuildQuestion Ask() {
    return AskFor(ManifestBytes("-O2"), [](Intent&) {});
  }
  BuildQuestion AskFor(const std::string& manifest, const std::function<void(Intent&)>& change) {
    BuildQuestion question;
    question.manifest = manifest;
    question.lock = LockBytes();
    question.epoch = 1;
    const Bundle request =
        Line(Request{Sha256(manifest), "hello", "1.0", "requester", kStart}, "requester", 0);
    question.request_line = WriteBundleLine(request);
    for (const char* auditor : {"auditor-0", "auditor-1"}) {
      question.approval_lines.push_back(WriteBundleLine(Line(
          Approval{Sha256(manifest), "hello", "1.0", {{"hello", kTree}}, auditor, "tree", kStart},
          auditor, 100)));
    }
    Intent intent;
    intent.request = request.PaeDigest();
    intent.manifest = Sha256(manifest);
    intent.product = "hello";
    intent.version = "1.0";
    for (int i = 0; i < 3; ++i) intent.sites.push_back(EvidenceMaker::SiteId(i));
    intent.nonce = "00112233445566778899aabbccddeeff";
    intent.created = kStart + 200;
    change(intent);
    question.intent_line = WriteBundleLine(Line(intent, "coordinator", 200));
    return question;
  }

  BlobStore& blobs() {
    if (!blobs_) blobs_ = BlobStore::Open(disk, temporary_.path() + "/store").value();
    return *blobs_;
  }
  Site& site() {
    if (!site_) Open();
    return *site_;
  }
  void Restart() {
    site_.reset();
    journal_.reset();
    signer_.reset();
  }

  Result<std::string> End(BuildEvents& events) {
    std::uint64_t position = 0;
    for (;;) {
      const BuildEvents::Next next = events.Wait(&position);
      if (next.end) return *next.end;
    }
  }
  Result<std::string> Build(const BuildQuestion& question) {
    ASSIGN_OR_RETURN(const auto events, site().Build(question));
    return End(*events);
  }
  // The record under the question's intent that the journal holds.
  std::optional<KeptRecord> Kept(const BuildQuestion& question) {
    site();
    return journal_->Find(ParseBundleLine(question.intent_line, "intent")->PaeDigest()).value();
  }

  // As the log client does it: idempotent, but it can fail before the stamp, before the append, or
  // after it ("failed but persisted").
  Result<Bundle> Publish(const SiteParts::Publication& publication) {
    Bundle bundle = publication.record;
    if (publish_fails == 1) return Lost();
    if (!bundle.timestamp) {
      maker.Stamp(bundle, clock.Now() + token_ahead);
      RETURN_IF_ERROR(publication.keep(bundle));
    }
    if (publish_fails == 2) return Lost();
    const std::string leaf = CanonicalizedBody(bundle.envelope, bundle.certificate, bundle.key());
    if (!log.contains(leaf)) {
      LineDraft draft = maker.Draft(Request{}, "site-0", clock.Now());
      draft.witnesses.resize(cosigners);
      draft.witnessed += cosigned_ahead;
      maker.Enter(bundle, draft);
      log.insert({leaf, bundle});
    }
    bundle.log_entry = log.at(leaf).log_entry;
    if (publish_fails == 3) return Lost();
    return bundle;
  }

  EvidenceMaker maker;
  TrustRoot root;
  Policy policy;
  std::function<void(LineDraft&)> on_draft;
  bool kernel_limits = false;
  Script script;
  CrashFiles files;  // the journal's
  CrashFiles disk;   // the store's
  int publish_fails = 0;
  UnixSeconds token_ahead = 0;  // the authority's clock before ours
  std::size_t cosigners = 2;
  UnixSeconds cosigned_ahead = 0;     // the witnesses' clocks before ours
  std::map<std::string, Bundle> log;  // leaf -> line, in nobody's order
  std::optional<Error> root_error;
  std::optional<Digest> root_tar;  // as assembled here; else what the lock says
  std::optional<Digest> image;
  FixedClock clock{kStart + 300};

 private:
  static Error Lost() { return Error{ErrorCode::kUnavailable, "the log does not answer"}; }

  void Open() {
    const std::string& directory = temporary_.path();
    const auto write = [&](const std::string& name, const std::string& bytes) {
      EXPECT_TRUE(WriteDurably(RealFileSystem(), directory + "/" + name, bytes));
      EXPECT_EQ(chmod((directory + "/" + name).c_str(), 0600), 0);
      return directory + "/" + name;
    };
    const AuthorityFiles authority{
        write("ca.pem", maker.root().operators[0].authorities[0].chain[0].Pem()),
        write("ca.key.pem", maker.Key("ca-operator-0").Pem()),
        write("transparency.key.pem", maker.Key("transparency").Pem())};
    auto signer = CertifiedSigner::Open(NewMemorySigner(maker.Key("site-0")), authority,
                                        {EvidenceMaker::SiteId(0), "site-0"}, clock);
    ASSERT_TRUE(signer) << signer.error().message;
    signer_ = *std::move(signer);
    auto journal = SiteJournal::Open(files, directory + "/records");
    ASSERT_TRUE(journal) << journal.error().message;
    journal_ = *std::move(journal);
    site_ = std::make_unique<Site>(SiteParts{
        .builder = EvidenceMaker::SiteId(0),
        .files = {write("root.json", WriteTrustRoot(root, {maker.Key("root")})),
                  write("policy.json", WritePolicy(policy))},
        .kernel_limits = kernel_limits,
        .blobs = blobs(),
        .journal = *journal_,
        .signer = *signer_,
        .clock = clock,
        .root = [this](const Lock& lock, const Stopped&, const auto&) -> Result<ReadyRoot> {
          if (root_error) return *root_error;
          return ReadyRoot{"/nowhere", "", root_tar.value_or(lock.root_tar),
                           image.value_or(lock.image)};
        },
        .executor = [this](const ReadyRoot&) { return std::make_unique<ScriptedExecutor>(script); },
        .publish =
            [this](const SiteParts::Publication& publication) { return Publish(publication); },
        .programs =
            [] {
              return std::map<std::string, Digest>{{"farm-site", D('5')}};
            }});
  }

  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("");
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<CertifiedSigner> signer_;
  std::unique_ptr<SiteJournal> journal_;
  std::unique_ptr<Site> site_;  // last: it stops before what it borrows goes
};

Record RecordIn(const std::string& line) {
  return ParseStatementAs<Record>(ParseBundleLine(line, "record")->envelope.payload, "record")
      .value();
}

TEST(Site, MakesARecordThatTheGateAccepts) {
  World world;
  const BuildQuestion question = world.Ask();
  const auto line = world.Build(question);
  ASSERT_TRUE(line) << line.error().message;
  const auto request =
      VerifyRequest(ParseBundleLine(question.request_line, "").value(), world.root, world.policy);
  const auto intent = VerifyIntent(ParseBundleLine(question.intent_line, "").value(), *request,
                                   world.root, world.policy);
  const auto verified =
      VerifyRecord(ParseBundleLine(*line, "").value(), *intent, world.root, world.policy);
  ASSERT_TRUE(verified) << verified.error().message;
  const Record& record = verified->statement();
  EXPECT_EQ(record.result, BuildResult::kSucceeded);
  EXPECT_EQ(record.outputs, (std::vector<Artifact>{{"greet", Sha256("greeting"), 8, "0755"}}));
  EXPECT_EQ(record.lock, Sha256(question.lock));
  EXPECT_EQ(record.root_tar, D('2'));
  EXPECT_EQ(record.image, D('3'));
  EXPECT_TRUE(record.limits_observed);
  EXPECT_EQ(record.programs.at("farm-site"), D('5'));
  EXPECT_EQ(record.sources, (std::vector<SourceTree>{{"hello", kTree}}));
  EXPECT_EQ(world.blobs().GetBytes(Sha256("greeting"), 100).value(), "greeting");
}

TEST(Site, NamesOnlySourcesThatItHasIdentifiedItself) {
  World world;
  world.script.checks_sources = false;
  EXPECT_TRUE(RecordIn(world.Build(world.Ask()).value()).sources.empty());
}

TEST(Site, AnswersTheSameBytesForEver) {
  World world;
  const BuildQuestion question = world.Ask();
  const std::string first = world.Build(question).value();
  world.script.bytes = "another greeting";
  EXPECT_EQ(world.Build(question).value(), first);
  world.Restart();
  world.clock.Set(kStart + 50 * kHourSeconds);
  world.root.expires = kStart;  // nothing is judged again: it only says what it said
  EXPECT_EQ(world.Build(question).value(), first);
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, TwoIntentsGetTwoRecords) {
  World world;
  const BuildQuestion first = world.Ask();
  const BuildQuestion second = world.AskFor(first.manifest, [&](Intent& intent) {
    intent.attempt = 2;
    intent.earlier = {ParseBundleLine(first.intent_line, "")->PaeDigest()};
  });
  const Record one = RecordIn(world.Build(first).value());
  const Record two = RecordIn(world.Build(second).value());
  EXPECT_EQ(world.script.runs, 2);
  EXPECT_NE(one.intent, two.intent);
  EXPECT_TRUE(SameOutcome(one, two));
}

TEST(Site, ASecondAskJoinsTheBuildThatRuns) {
  World world;
  world.script.gated = true;
  const BuildQuestion question = world.Ask();
  const auto first = world.site().Build(question).value();
  const auto second = world.site().Build(question).value();
  world.script.Open();
  const std::string line = world.End(*first).value();
  EXPECT_EQ(world.End(*second).value(), line);
  EXPECT_EQ(world.script.runs, 1);
  // Both have heard the log.
  std::uint64_t position = 0;
  std::string log;
  for (;;) {
    const BuildEvents::Next next = second->Wait(&position);
    if (next.end) break;
    if (next.event && std::holds_alternative<LogPiece>(*next.event)) {
      log += std::get<LogPiece>(*next.event).bytes;
    }
  }
  EXPECT_EQ(log, "compiling\n");
}

TEST(Site, ABuildGoesOnWhenNobodyWatches) {
  World world;
  world.script.gated = true;
  const BuildQuestion question = world.Ask();
  { const auto left = world.site().Build(question).value(); }
  world.script.Open();
  EXPECT_TRUE(world.Build(question));
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, StoppingLeavesNoRecord) {
  World world;
  world.script.wait_for_cancellation = true;
  const BuildQuestion question = world.Ask();
  const auto events = world.site().Build(question).value();
  while (world.script.runs == 0) std::this_thread::yield();
  world.site().Stop();
  const auto end = world.End(*events);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().Exit(), ExitCode::kCancelled);
  EXPECT_FALSE(world.site().Build(question));  // it stops
  world.Restart();
  EXPECT_FALSE(world.Kept(question));
  world.script.wait_for_cancellation = false;
  EXPECT_TRUE(world.Build(question));
}

TEST(Site, AFailedBuildIsARecord) {
  World world;
  world.script.end = ActionEnd::kFailed;
  const BuildQuestion question = world.Ask();
  const std::string line = world.Build(question).value();
  EXPECT_EQ(RecordIn(line).result, BuildResult::kFailed);
  EXPECT_TRUE(RecordIn(line).outputs.empty());
  EXPECT_EQ(RecordIn(line).trace.at(0).exit_code, 2);
  world.script.end = ActionEnd::kSucceeded;
  EXPECT_EQ(world.Build(question).value(), line);  // no second try under this intent
}

TEST(Site, ASiteThatLiesSaysSoInItsOwnName) {
  World world;
  world.script.bytes = "greetinh";
  EXPECT_EQ(RecordIn(world.Build(world.Ask()).value()).outputs[0].digest, Sha256("greetinh"));
}

TEST(Site, RefusesAnOlderEpoch) {
  World world;
  BuildQuestion question = world.Ask();
  question.epoch = 5;
  ASSERT_TRUE(world.Build(question));
  world.Restart();
  question.epoch = 4;
  const auto refused = world.site().Build(question);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
}

TEST(Site, RemembersNoEpochOfADayToCome) {
  World world;
  BuildQuestion question = world.Ask();
  question.epoch = static_cast<std::uint64_t>(kStart + 3650 * kDaySeconds);
  const auto refused = world.site().Build(question);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().Exit(), ExitCode::kRefused);
  question.epoch = static_cast<std::uint64_t>(kStart);
  EXPECT_TRUE(world.Build(question));
}

TEST(Site, SignsTheSamePayloadAgainWhenTheLeafEndedBeforeItsTimeStamp) {
  World world;
  const BuildQuestion question = world.Ask();
  world.publish_fails = 1;
  EXPECT_EQ(world.Build(question).error().Exit(), ExitCode::kUnavailable);
  const KeptRecord kept = world.Kept(question).value();
  world.publish_fails = 0;
  world.clock.Set(kStart + 30 * kHourSeconds);
  world.Restart();
  const Bundle answered = ParseBundleLine(world.Build(question).value(), "").value();
  EXPECT_EQ(answered.envelope.payload, kept.bundle.envelope.payload);
  EXPECT_GE(answered.certificate->not_after(), world.clock.Now());
  EXPECT_EQ(world.script.runs, 1);
}

TEST(Site, KeepsNoAnswerOfItsPublishersThatNobodyWouldCount) {
  struct Bent {
    const char* name;
    UnixSeconds token_ahead;
    std::size_t cosigners;
    UnixSeconds cosigned_ahead;
    ExitCode exit;
  };
  for (const Bent& bent :
       {Bent{"a token of the next hour", 3600, 2, 0, ExitCode::kNotValidThen},
        Bent{"a token older than the intent", -3600, 2, 0, ExitCode::kNotValidThen},
        Bent{"one witness of two", 0, 1, 0, ExitCode::kWitnesses},
        Bent{"witnesses of the next hour", 0, 2, 3600, ExitCode::kNotValidThen}}) {
    World world;
    const BuildQuestion question = world.Ask();
    world.token_ahead = bent.token_ahead;
    world.cosigners = bent.cosigners;
    world.cosigned_ahead = bent.cosigned_ahead;
    const auto line = world.Build(question);
    ASSERT_FALSE(line) << bent.name;
    EXPECT_EQ(line.error().code, ErrorCode::kUnavailable) << bent.name;
    EXPECT_EQ(line.error().Exit(), bent.exit) << bent.name << ": " << line.error().message;
    EXPECT_FALSE(world.Kept(question)->logged) << bent.name;
    // The same leaf under a later checkpoint, as a log answers.
    world.log.clear();
    world.token_ahead = 0;
    world.cosigners = 2;
    world.cosigned_ahead = 0;
    EXPECT_TRUE(world.Build(question)) << bent.name;
    EXPECT_EQ(world.script.runs, 1) << bent.name;
  }
}

// ---- what is refused, or cannot be attempted: no record -----------------------------------------

struct Row {
  const char* name;
  ExitCode exit;
  std::function<BuildQuestion(World&)> make;
};

BuildQuestion Asked(World& world) { return world.Ask(); }

// By diff since another manifest, with the approvals of that one.
BuildQuestion AskedSince(World& world) {
  const Digest base = Sha256(ManifestBytes("-O3"));
  world.on_draft = [base](LineDraft& draft) {
    auto* approval = std::get_if<Approval>(&draft.statement);
    if (approval == nullptr || approval->manifest == base) return;
    approval->scope = kScopeDiff;
    approval->base = base;
  };
  const BuildQuestion earlier = world.AskFor(ManifestBytes("-O3"), [](Intent&) {});
  BuildQuestion question = world.Ask();
  for (const std::string& line : earlier.approval_lines) question.approval_lines.push_back(line);
  return question;
}

const Row kRows[] = {
    {"expired_root", ExitCode::kNotValidThen,
     [](World& world) {
       world.root.expires = kStart + 10;
       return Asked(world);
     }},
    {"root_does_not_know_this_site", ExitCode::kBadSignature,
     [](World& world) {
       world.root.operators[0].parties.erase(world.root.operators[0].parties.begin());
       return Asked(world);
     }},
    {"manifest_not_canonical", ExitCode::kUsage,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.manifest += " ";
       return question;
     }},
    {"manifest_with_lint", ExitCode::kUsage,
     [](World& world) {
       std::string manifest = ManifestBytes("-O2");
       manifest.replace(manifest.find("-O2"), 3, "-march=native");
       return world.AskFor(manifest, [](Intent&) {});
     }},
    {"another_manifest_than_requested", ExitCode::kApproval,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.manifest = ManifestBytes("-O3");
       return question;
     }},
    {"request_by_nobody", ExitCode::kBadSignature,
     [](World& world) {
       world.root.requesters.clear();
       return Asked(world);
     }},
    {"intent_by_a_site", ExitCode::kBadSignature,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (!std::holds_alternative<Intent>(draft.statement)) return;
         draft.party = "site-1";
         draft.authority = "operator-1";
         draft.uri = EvidenceMaker::SiteId(1);
       };
       return Asked(world);
     }},
    {"intent_does_not_name_this_site", ExitCode::kRefused,
     [](World& world) {
       return world.AskFor(ManifestBytes("-O2"),
                           [](Intent& intent) { intent.sites.erase(intent.sites.begin()); });
     }},
    {"intent_with_an_attempt_out_of_thin_air", ExitCode::kUsage,
     [](World& world) {
       return world.AskFor(ManifestBytes("-O2"), [](Intent& intent) { intent.attempt = 2; });
     }},
    {"intent_that_one_witness_saw", ExitCode::kWitnesses,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "coordinator") draft.witnesses = {1};
       };
       return Asked(world);
     }},
    {"intent_not_in_the_log", ExitCode::kLogProof,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) { draft.logged = draft.party != "coordinator"; };
       return Asked(world);
     }},
    {"request_that_one_witness_saw", ExitCode::kWitnesses,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "requester") draft.witnesses = {1};
       };
       return Asked(world);
     }},
    {"request_not_in_the_log", ExitCode::kLogProof,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) { draft.logged = draft.party != "requester"; };
       return Asked(world);
     }},
    {"one_approval_of_two", ExitCode::kApproval,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.approval_lines.pop_back();
       return question;
     }},
    {"requester_as_auditor", ExitCode::kApproval,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         auto* approval = std::get_if<Approval>(&draft.statement);
         if (approval != nullptr && approval->auditor == "auditor-1") {
           approval->auditor = draft.party = "requester";
         }
       };
       return Asked(world);
     }},
    {"approval_of_another_manifest", ExitCode::kApproval,
     [](World& world) {
       const BuildQuestion other = world.AskFor(ManifestBytes("-O3"), [](Intent&) {});
       BuildQuestion question = world.Ask();
       question.approval_lines = other.approval_lines;
       return question;
     }},
    {"approvals_by_diff_where_only_trees_count", ExitCode::kApproval, AskedSince},
    {"approvals_by_diff_without_their_bases", ExitCode::kApproval,
     [](World& world) {
       world.policy.diff_approvals = true;
       BuildQuestion question = AskedSince(world);
       question.approval_lines.resize(2);
       return question;
     }},
    {"approval_after_the_intent", ExitCode::kNotValidThen,
     [](World& world) {
       world.on_draft = [](LineDraft& draft) {
         if (draft.party == "auditor-1") draft.token = kStart + 1000;
         if (draft.party == "auditor-1") draft.witnessed = kStart + 1010;
       };
       return Asked(world);
     }},
    {"another_lock", ExitCode::kInputMissing,
     [](World& world) {
       BuildQuestion question = world.Ask();
       question.lock.replace(question.lock.find("4096"), 4, "8192");
       return question;
     }},
    {"source_file_missing", ExitCode::kInputMissing,
     [](World& world) {
       EXPECT_TRUE(world.blobs().Remove(Sha256(kSourceBytes)));
       return Asked(world);
     }},
    {"package_missing", ExitCode::kInputMissing,
     [](World& world) {
       EXPECT_TRUE(world.blobs().Remove(Sha256(kPackageBytes)));
       return Asked(world);
     }},
    {"limits_observed_under_a_production_root", ExitCode::kJurisdiction,
     [](World& world) {
       world.root.development.reset();
       return Asked(world);
     }},
    {"assembled_root_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.root_error = Error{ErrorCode::kMismatch, "another image", ExitCode::kInputMissing};
       return Asked(world);
     }},
    {"root_tar_made_here_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.root_tar = D('7');
       return Asked(world);
     }},
    {"image_made_here_is_another", ExitCode::kInputMissing,
     [](World& world) {
       world.image = D('7');
       return Asked(world);
     }},
    {"no_sandbox_here", ExitCode::kUnavailable,
     [](World& world) {
       world.script.error = Error{ErrorCode::kUnavailable, "no user namespaces"};
       return Asked(world);
     }},
    {"source_tree_is_not_the_approved_one", ExitCode::kInputMissing,
     [](World& world) {
       world.script.error = Error{ErrorCode::kMismatch, "tree", ExitCode::kInputMissing};
       return Asked(world);
     }},
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Refusal : public ::testing::TestWithParam<Row> {};

TEST_P(Refusal, MakesNoRecord) {
  World world;
  const BuildQuestion question = GetParam().make(world);
  const auto line = world.Build(question);
  ASSERT_FALSE(line) << "recorded " << *line;
  EXPECT_EQ(line.error().Exit(), GetParam().exit) << line.error().message;
  EXPECT_FALSE(world.Kept(question));
  EXPECT_TRUE(world.log.empty());
}

INSTANTIATE_TEST_SUITE_P(Rows, Refusal, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Site, AMissingInputIsNamedAndHelps) {
  World world;
  ASSERT_TRUE(world.blobs().Remove(Sha256(kSourceBytes)));
  const BuildQuestion question = world.Ask();
  const auto refused = world.Build(question);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("hello.tar"), std::string::npos);
  EXPECT_NE(refused.error().message.find(Sha256(kSourceBytes).Text()), std::string::npos);
  ASSERT_TRUE(world.blobs().PutBytes(kSourceBytes));
  EXPECT_TRUE(world.Build(question));
}

// ---- cut off anywhere: at most one record ever leaves -------------------------------------------

// What is in the log, and what is answered in the end, is one record.
void ExpectOneRecord(World& world, const BuildQuestion& question) {
  world.Restart();
  world.files.Revive();
  world.publish_fails = 0;
  const auto line = world.Build(question);
  ASSERT_TRUE(line) << line.error().message;
  std::set<Digest> logged;
  for (const auto& [leaf, bundle] : world.log) logged.insert(bundle.PaeDigest());
  EXPECT_EQ(logged, std::set<Digest>{ParseBundleLine(*line, "")->PaeDigest()});
  EXPECT_EQ(world.log.size(), 1U);
  EXPECT_EQ(world.Build(question).value(), *line);
}

TEST(SiteCrash, APowerCutNeverMakesASecondRecord) {
  bool finished = false;
  for (unsigned dies_at = 0; !finished; ++dies_at) {
    ASSERT_LT(dies_at, 100U);
    World world;
    const BuildQuestion question = world.Ask();
    world.site();
    world.files.DieAfter(dies_at, false);
    const auto line = world.Build(question);
    finished = line.has_value();
    // Another build would say something else: whatever has left must not be contradicted.
    if (!world.log.empty()) world.script.bytes = "another greeting";
    ExpectOneRecord(world, question);
  }
}

TEST(SiteCrash, WhatWasHalfWrittenIsRemoved) {
  const TemporaryDirectory temporary = *TemporaryDirectory::Make("");
  const std::string directory = temporary.path() + "/records";
  ASSERT_TRUE(SiteJournal::Open(RealFileSystem(), directory));
  for (const std::string name : {"/epoch.json.part.0123456789abcdef", "/x.signed.part.4711.1"}) {
    ASSERT_TRUE(WriteDurably(RealFileSystem(), directory + name, "half"));
  }
  ASSERT_TRUE(SiteJournal::Open(RealFileSystem(), directory));
  EXPECT_EQ(ListDirectory(directory).value(), std::vector<std::string>{"lock"});
}

TEST(SiteCrash, ALogThatFailsMakesNoSecondRecord) {
  for (const int publish_fails : {1, 2, 3}) {
    World world;
    const BuildQuestion question = world.Ask();
    world.publish_fails = publish_fails;
    const auto line = world.Build(question);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().Exit(), ExitCode::kUnavailable);
    EXPECT_TRUE(world.Kept(question)) << "kept before anything left";
    world.script.bytes = "another greeting";
    ExpectOneRecord(world, question);
    EXPECT_EQ(world.script.runs, 1);
  }
}

TEST(Site, AFullDiskMakesNoRecordAndIsSaidAsExit30) {
  World world;
  const BuildQuestion question = world.Ask();
  world.site();
  world.disk.FillAfter(0);  // outputs cannot be stored
  const auto full = world.Build(question);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().Exit(), ExitCode::kUnavailable) << full.error().message;
  EXPECT_FALSE(world.Kept(question));
  world.disk.Revive();
  world.files.FillAfter(0);  // the record cannot be kept
  const auto unkept = world.Build(question);
  ASSERT_FALSE(unkept);
  EXPECT_EQ(unkept.error().Exit(), ExitCode::kUnavailable) << unkept.error().message;
  EXPECT_TRUE(world.log.empty());
  ExpectOneRecord(world, question);
}

TEST(SiteCrash, NothingIsConfirmedOnceAWriteHasFailed) {
  World world;
  const BuildQuestion question = world.Ask();
  world.site();
  world.files.DieAfter(12, false);
  ASSERT_FALSE(world.Build(question));
  EXPECT_FALSE(world.site().Health());
  world.files.Revive();
  EXPECT_FALSE(world.Build(question)) << "the program must end first";
}

}  // namespace
}  // namespace farm
